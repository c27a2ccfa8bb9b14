// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.driver.command.Line;
import io.stoker.driver.search.Cost;
import io.stoker.driver.search.Standing;
import io.stoker.driver.search.TrialResult;
import java.util.List;
import java.util.stream.Collectors;

/** What a person reads of a study: a line for each result, and a recipe. */
record StudyText(Standing standing) {
  String line(TrialResult result) {
    String best =
        standing
            .best()
            .map(each -> Line.of("; best: trial %d, %s", each.trial(), value(each)))
            .orElse("");
    return Line.of(
        "%d of %d: trial %d, rung %d of %d (%d epoch%s): %s (%s)%s; %d running",
        standing.results().size(),
        standing.expected(),
        result.trial(),
        result.rung() + 1,
        standing.plan().rungs(result.trial()).size(),
        result.epochs(),
        result.epochs() == 1 ? "" : "s",
        result.isDone() ? value(result) : result.reason(),
        options(result),
        best,
        standing.running());
  }

  /** The metric, and the costs if the study has some. */
  String value(TrialResult result) {
    StringBuilder text = new StringBuilder(standing.plan().metric().text(result.value()));
    List<Cost> costs = standing.plan().costs();
    for (int i = 0; i < result.costs().size(); i++) {
      text.append(", ").append(costs.get(i).text(result.costs().get(i)));
    }
    return text.toString();
  }

  /** The options that the study varies. */
  String options(TrialResult result) {
    ObjectNode options = standing.options().get(result.trial());
    return standing.plan().searchSpace().names().stream()
        .map(name -> name + " " + text(options.path(name)))
        .collect(Collectors.joining(", "));
  }

  static String text(JsonNode value) {
    return value.isTextual() ? value.textValue() : value.toString();
  }

  /** What train --recipe takes: each value is one line of JSON, which is also YAML. */
  String recipe(TrialResult result) {
    return standing.recipe(result.trial()).properties().stream()
        .map(option -> option.getKey() + ": " + option.getValue() + "\n")
        .collect(Collectors.joining());
  }
}
