// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.search;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.data.shard.ShardManifest;
import io.stoker.driver.checkpoint.ManifestFormat;
import io.stoker.driver.config.SelectionMetric;
import io.stoker.failure.Check;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What decides the result of a study.
 *
 * @param data the shards, as the user named them
 * @param dataSha256 the hash of their manifest
 * @param split the split that trials are validated on
 * @param folds into how many parts cross-validation divides the split train; 0 for no
 *     cross-validation
 * @param space the space as it was given
 * @param trials how many trials
 * @param epochs of a whole training
 * @param factor of successive halving
 * @param hyperband whether trials are in the brackets of Hyperband
 * @param metric what is to be best
 * @param costs what is to be small in addition
 * @param sampler where trials are
 * @param seed of the sampler
 * @param atOnce how many trials may always run side by side, 0 for a number by {@link #trials}
 */
public record StudyPlan(
    @JsonProperty(required = true) String data,
    @JsonProperty(required = true) String dataSha256,
    @JsonProperty(required = true) String split,
    @JsonInclude(JsonInclude.Include.NON_DEFAULT) int folds,
    @JsonProperty(required = true) ObjectNode space,
    @JsonProperty(required = true) int trials,
    @JsonProperty(required = true) int epochs,
    @JsonProperty(required = true) int factor,
    @JsonInclude(JsonInclude.Include.NON_DEFAULT) boolean hyperband,
    @JsonProperty(required = true) SelectionMetric metric,
    @JsonInclude(JsonInclude.Include.NON_EMPTY) List<Cost> costs,
    @JsonProperty(required = true) Sampler sampler,
    @JsonProperty(required = true) long seed,
    @JsonInclude(JsonInclude.Include.NON_DEFAULT) int atOnce) {
  public StudyPlan {
    Check.undamaged(
        Stream.of(data, dataSha256, split, space, metric, sampler).allMatch(Objects::nonNull),
        "Invalid study: a field is missing");
    costs = costs == null ? List.of() : List.copyOf(costs); // Earlier releases had none.
    Check.input(folds == 0 || folds >= 2, "Invalid --folds: %d (must be >= 2)", folds);
    Check.input(Set.copyOf(costs).size() == costs.size(), "Invalid costs: one is there twice");
  }

  /** This plan with data elsewhere. */
  public StudyPlan with(String uri, String sha256) {
    return new StudyPlan(
        uri, sha256, split, folds, space, trials, epochs, factor, hyperband, metric, costs, sampler,
        seed, atOnce);
  }

  /** This plan with another metric. */
  public StudyPlan with(SelectionMetric other) {
    return new StudyPlan(
        data,
        dataSha256,
        split,
        folds,
        space,
        trials,
        epochs,
        factor,
        hyperband,
        other,
        costs,
        sampler,
        seed,
        atOnce);
  }

  /**
   * The runs of each trial, by their number: run 0 is trained on all of the split train, and run k
   * without part k of it.
   */
  public List<Integer> runs() {
    return folds == 0 ? List.of(0) : IntStream.rangeClosed(1, folds).boxed().toList();
  }

  /**
   * Makes sure that data can be divided into the folds.
   *
   * @throws io.stoker.failure.InputException if a fold would lack a class
   */
  public void requireFolds(ShardManifest manifest) {
    if (folds == 0) {
      return;
    }
    List<Long> samples = manifest.split("train").samplesPerClass();
    for (int label = 0; label < samples.size(); label++) {
      long count = samples.get(label);
      Check.input(
          count == 0 || count >= folds,
          "Invalid --folds: %d (class '%s' has %d samples in the split train, so some folds would"
              + " have none)",
          folds,
          manifest.classNames().get(label),
          count);
    }
  }

  /**
   * How many trials may always run side by side: where a trial is does not depend on the results of
   * those that are fewer than this many numbers before it.
   */
  int sideBySide() {
    return atOnce > 0 ? atOnce : Math.max(5, trials / 8);
  }

  /** The space. */
  public SearchSpace searchSpace() {
    return SearchSpace.of(space);
  }

  /** The brackets, in the order of their trials. */
  public List<Bracket> brackets() {
    return Bracket.of(trials, epochs, factor, hyperband);
  }

  /** The bracket of a trial. */
  Bracket bracket(int trial) {
    return brackets().stream().filter(bracket -> bracket.has(trial)).findFirst().orElseThrow();
  }

  /** The rungs of a trial, from the lowest. */
  public List<Rung> rungs(int trial) {
    return bracket(trial).rungs();
  }

  /** The epochs to which a trial was to be trained when it had a result. */
  public int epochs(TrialResult result) {
    return rungs(result.trial()).get(result.rung()).epochs();
  }

  /** Whether a result may be one of this study. */
  boolean has(TrialResult result) {
    return result.trial() >= 0
        && result.trial() < trials
        && result.rung() >= 0
        && result.rung() < rungs(result.trial()).size()
        && result.costs().size() == (result.isDone() ? costs.size() : 0);
  }

  /** As it is in {@code study.json}. */
  ObjectNode toJson() {
    return ManifestFormat.JSON.valueToTree(this);
  }

  /** In what this plan differs from another one, a text each; where data are does not count. */
  public List<String> differences(StudyPlan recorded) {
    ObjectNode here = toJson();
    ObjectNode there = recorded.toJson();
    List<String> differences = new ArrayList<>();
    Set<String> names = new LinkedHashSet<>();
    here.fieldNames().forEachRemaining(names::add);
    there.fieldNames().forEachRemaining(names::add);
    for (String name : names) {
      JsonNode other = there.path(name);
      if (!name.equals("data") && !here.path(name).equals(other)) {
        differences.add(
            "%s: %s here, %s in the study"
                .formatted(name.replace('_', ' '), text(here.path(name)), text(other)));
      }
    }
    return differences;
  }

  private static String text(JsonNode value) {
    return value.isMissingNode() ? "none" : value.toString();
  }
}
