// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.driver.command.Line;
import io.stoker.driver.command.Report;
import io.stoker.driver.search.Standing;
import io.stoker.driver.search.TrialResult;
import io.stoker.driver.search.TrialResult.State;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** What a person reads of a study: a line for each result, a recipe, a page. */
record StudyText(Standing standing) {
  String line(TrialResult result) {
    String best =
        standing
            .best()
            .map(each -> Line.of("; best: trial %d, %s", each.trial(), value(each)))
            .orElse("");
    return Line.of(
        "%d of %d: trial %d, rung %d of %d (%d epochs): %s (%s)%s; %d running",
        standing.results().size(),
        standing.expected(),
        result.trial(),
        result.rung() + 1,
        standing.plan().rungs().size(),
        result.epochs(),
        result.state() == State.DONE ? value(result) : result.reason(),
        options(result),
        best,
        standing.running());
  }

  String value(TrialResult result) {
    return standing.plan().metric().text(result.value());
  }

  /** The options that the study varies. */
  String options(TrialResult result) {
    ObjectNode options = standing.options().get(result.trial());
    return standing.plan().searchSpace().names().stream()
        .map(name -> name + " " + text(options.path(name)))
        .collect(Collectors.joining(", "));
  }

  private static String text(JsonNode value) {
    return value.isTextual() ? value.textValue() : value.toString();
  }

  /** What train --recipe takes: each value is one line of JSON, which is also YAML. */
  String recipe(TrialResult result) {
    return standing.recipe(result.trial()).properties().stream()
        .map(option -> option.getKey() + ": " + option.getValue() + "\n")
        .collect(Collectors.joining());
  }

  /** What {@link io.stoker.driver.report.ChartPage} draws. */
  ObjectNode page() {
    ObjectNode page = Report.object();
    page.put("title", "Study of options");
    page.put(
        "text",
        standing
            .best()
            .map(
                best ->
                    Line.of(
                        "Best of %d trials: trial %d, %s, with %s.",
                        standing.plan().trials(), best.trial(), value(best), options(best)))
            .orElse("No trial has succeeded yet."));
    ObjectNode chart = page.putArray("charts").addObject();
    chart.put("title", standing.plan().metric().label() + " by trial").put("x", "trial");
    ArrayNode lines = chart.putArray("lines");
    for (int rung = 0; rung < standing.plan().rungs().size(); rung++) {
      lines.add(points(rung));
    }
    lines.add(bestSoFar());
    table(page.putArray("tables").addObject());
    return page;
  }

  private ObjectNode points(int rung) {
    ObjectNode line = Report.object();
    line.put("name", Line.of("%d epochs", standing.plan().rungs().get(rung).epochs()));
    line.put("points", true).putArray("x");
    line.putArray("y");
    done(rung)
        .forEach(
            result -> {
              line.withArray("x").add(result.trial());
              line.withArray("y").add(result.value());
            });
    return line;
  }

  private ObjectNode bestSoFar() {
    ObjectNode line = Report.object();
    line.put("name", "best so far, lowest rung").putArray("x");
    line.putArray("y");
    double shortfall = Double.MAX_VALUE;
    double value = 0;
    for (TrialResult result : done(0)) {
      if (result.shortfall() < shortfall) {
        shortfall = result.shortfall();
        value = result.value();
      }
      line.withArray("x").add(result.trial());
      line.withArray("y").add(value);
    }
    return line;
  }

  private List<TrialResult> done(int rung) {
    return standing.results().stream()
        .filter(result -> result.rung() == rung && result.state() == State.DONE)
        .toList();
  }

  private void table(ObjectNode table) {
    table.put("title", "Trials, the best first");
    ArrayNode head = table.putArray("head").add("trial").add("epochs");
    head.add(standing.plan().metric().label()).add("result").add("seconds");
    standing.plan().searchSpace().names().forEach(head::add);
    ArrayNode rows = table.putArray("rows");
    Map<Integer, TrialResult> last =
        standing.results().stream()
            .collect(Collectors.toMap(TrialResult::trial, each -> each, (low, high) -> high));
    last.values().stream()
        .sorted(
            Comparator.comparingInt(TrialResult::rung)
                .reversed()
                .thenComparingDouble(TrialResult::shortfall)
                .thenComparingInt(TrialResult::trial))
        .forEach(result -> row(rows.addArray(), result));
  }

  private void row(ArrayNode row, TrialResult result) {
    boolean done = result.state() == State.DONE;
    row.add(Integer.toString(result.trial())).add(Integer.toString(result.epochs()));
    row.add(done ? Line.of("%.4f", result.value()) : "");
    row.add(
        done ? "done" : result.state().name().toLowerCase(Locale.ROOT) + ": " + result.reason());
    row.add(Line.of("%.1f", result.seconds()));
    ObjectNode options = standing.options().get(result.trial());
    standing.plan().searchSpace().names().forEach(name -> row.add(text(options.path(name))));
  }
}
