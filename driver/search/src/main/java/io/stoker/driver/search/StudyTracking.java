// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.search;

import com.fasterxml.jackson.databind.JsonNode;
import io.stoker.driver.config.TrackingConfig;
import io.stoker.driver.round.RunWatches;
import io.stoker.driver.round.StudyWatch;
import io.stoker.driver.round.WatchedStudy;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.spark.api.java.JavaSparkContext;

/** What a tracking server is told of a study. */
final class StudyTracking {
  private StudyTracking() {}

  /** Begins to log a study, if a server is named. */
  static StudyWatch start(
      TrackingConfig server, StudyFolder folder, StudyPlan plan, JavaSparkContext spark) {
    return server.isOn()
        ? RunWatches.start(
            new WatchedStudy(
                server.mlflow(), folder.path(), options(plan), spark.hadoopConfiguration()))
        : StudyWatch.NONE;
  }

  private static Map<String, String> options(StudyPlan plan) {
    return plan.toJson().properties().stream()
        .collect(Collectors.toMap(Map.Entry::getKey, option -> text(option.getValue())));
  }

  private static String text(JsonNode value) {
    return value.isTextual() ? value.textValue() : value.toString();
  }

  /** Logs the value of a result, and the best one so far, by the number of results. */
  static void progressed(StudyWatch watch, TrialResult result, Standing standing) {
    String metric = standing.plan().metric().toString().replace('-', '_');
    Map<String, Double> numbers = new LinkedHashMap<>();
    Map<String, String> texts = new LinkedHashMap<>();
    if (result.isDone()) {
      numbers.put("trial/" + metric, result.value());
    }
    standing
        .best()
        .ifPresent(
            best -> {
              numbers.put("best/" + metric, best.value());
              texts.put("stoker.best_trial", Integer.toString(best.trial()));
              texts.put("stoker.best_options", standing.options().get(best.trial()).toString());
            });
    watch.progressed(standing.results().size(), numbers, texts);
  }
}
