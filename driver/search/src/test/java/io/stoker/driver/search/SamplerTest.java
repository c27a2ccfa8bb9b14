// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.driver.config.SelectionMetric;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SamplerTest {
  private static final String SPACE =
      """
      {"learning-rate": {"from": 0.001, "to": 1, "scale": "log"},
       "momentum": {"from": 0.5, "to": 0.9},
       "batch": {"from": 2, "to": 4},
       "optimizer": ["sgd", "adamw"]}
      """;

  /** Lowest at rate 0.1, momentum 0.8, batch 3 and adamw. */
  private static double shortfall(ObjectNode options) {
    double rate = Math.log10(options.path("learning-rate").doubleValue()) + 1;
    double momentum = (options.path("momentum").doubleValue() - 0.8) / 0.4;
    double batch = options.path("batch").intValue() - 3;
    double optimizer = options.path("optimizer").textValue().equals("sgd") ? 0.5 : 0;
    return rate * rate + momentum * momentum + 0.2 * batch * batch + optimizer;
  }

  private static StudyPlan plan(Sampler sampler, long seed) {
    return plan(sampler, seed, 0);
  }

  private static StudyPlan plan(Sampler sampler, long seed, int atOnce) {
    try {
      ObjectNode space = (ObjectNode) new ObjectMapper().readTree(SPACE);
      return new StudyPlan(
          "d",
          "",
          "v",
          0,
          space,
          40,
          1,
          1,
          false,
          SelectionMetric.ACCURACY,
          List.of(),
          sampler,
          seed,
          atOnce);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** The options of trials whose results come in their order. */
  private static List<ObjectNode> study(StudyPlan plan) {
    Places places = new Places(plan);
    Map<Integer, TrialResult> results = new TreeMap<>();
    for (int i = 0; i < plan.trials(); i++) {
      places.find(i + 1, results);
      double shortfall = shortfall(places.options().get(i));
      results.put(
          i, new TrialResult(i, 0, 1, TrialResult.State.DONE, 0, shortfall, "", 0, "", List.of()));
    }
    return places.options();
  }

  @ParameterizedTest
  @EnumSource(Sampler.class)
  void trialsAreAFunctionOfSeedAndResults(Sampler sampler) {
    List<ObjectNode> trials = study(plan(sampler, 3));

    assertThat(study(plan(sampler, 3))).isEqualTo(trials);
    assertThat(study(plan(sampler, 4))).isNotEqualTo(trials);
    for (ObjectNode trial : trials) {
      assertThat(trial.path("learning-rate").doubleValue()).isBetween(0.001, 1.0);
      assertThat(trial.path("momentum").doubleValue()).isBetween(0.5, 0.9);
      assertThat(trial.path("batch").intValue()).isBetween(2, 4);
    }
  }

  @Test
  void sobolsSequenceFillsEachRangeEvenly() {
    int[] decades = new int[3];
    int[] batches = new int[3];
    List<ObjectNode> trials = study(plan(Sampler.SOBOL, 1)).subList(0, 32);
    for (ObjectNode trial : trials) {
      double rate = trial.path("learning-rate").doubleValue();
      decades[rate < 0.01 ? 0 : rate < 0.1 ? 1 : 2]++;
      batches[trial.path("batch").intValue() - 2]++;
    }

    for (int i = 0; i < 3; i++) {
      assertThat((double) decades[i]).isEqualTo(32 / 3.0, within(2.0));
      assertThat((double) batches[i]).isEqualTo(32 / 3.0, within(2.0));
    }
  }

  @Test
  void aParzenEstimatorFindsBetterTrialsThanChance() {
    double estimated = 0;
    double random = 0;
    for (long seed = 0; seed < 20; seed++) {
      estimated += lowest(study(plan(Sampler.TPE, seed)));
      random += lowest(study(plan(Sampler.RANDOM, seed)));
    }

    assertThat(estimated).isLessThan(0.6 * random);
  }

  private static double lowest(List<ObjectNode> trials) {
    return trials.stream().mapToDouble(SamplerTest::shortfall).min().orElseThrow();
  }

  @Test
  void asManyTrialsAsAreAskedForDoNotWaitForEachOther() {
    for (int atOnce : List.of(1, 16)) {
      Places places = new Places(plan(Sampler.TPE, 1, atOnce));
      places.find(40, Map.of());
      assertThat(places.options()).hasSize(atOnce);
    }
  }

  @Test
  void aTrialWaitsForTheResultsThatItDependsOnOnly() {
    StudyPlan plan = plan(Sampler.TPE, 1);
    List<ObjectNode> inOrder = study(plan);
    Places places = new Places(plan);
    Map<Integer, TrialResult> results = new TreeMap<>();

    places.find(40, results);
    assertThat(places.options()).hasSize(5);
    for (int trial : List.of(3, 1, 0, 2)) { // not in the order of trials
      double shortfall = shortfall(places.options().get(trial));
      results.put(
          trial,
          new TrialResult(trial, 0, 1, TrialResult.State.DONE, 0, shortfall, "", 0, "", List.of()));
    }
    places.find(40, results);

    List<ObjectNode> known = new ArrayList<>(places.options());
    assertThat(known).hasSize(5 + 4).isEqualTo(inOrder.subList(0, known.size()));
  }
}
