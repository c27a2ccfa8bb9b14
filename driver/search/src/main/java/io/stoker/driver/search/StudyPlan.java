// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.search;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.driver.checkpoint.ManifestFormat;
import io.stoker.driver.config.SelectionMetric;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What decides the result of a study.
 *
 * @param data the shards, as the user named them
 * @param dataSha256 the hash of their manifest
 * @param split the split that trials are validated on
 * @param space the space as it was given
 * @param trials how many trials
 * @param epochs of a whole training
 * @param factor of successive halving
 * @param metric what is to be best
 * @param sampler where trials are
 * @param seed of the sampler
 */
public record StudyPlan(
    String data,
    String dataSha256,
    String split,
    ObjectNode space,
    int trials,
    int epochs,
    int factor,
    SelectionMetric metric,
    Sampler sampler,
    long seed) {
  /** This plan with data elsewhere. */
  public StudyPlan with(String uri, String sha256) {
    return new StudyPlan(uri, sha256, split, space, trials, epochs, factor, metric, sampler, seed);
  }

  /** The space. */
  public SearchSpace searchSpace() {
    return SearchSpace.of(space);
  }

  /** The rungs, from the lowest. */
  public List<Rung> rungs() {
    return Rung.of(trials, epochs, factor);
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
    for (Map.Entry<String, JsonNode> field : here.properties()) {
      JsonNode other = there.path(field.getKey());
      if (!field.getKey().equals("data") && !field.getValue().equals(other)) {
        differences.add(
            "%s: %s here, %s in the study"
                .formatted(field.getKey().replace('_', ' '), field.getValue(), other));
      }
    }
    return differences;
  }
}
