// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.driver.command.Line;
import io.stoker.driver.command.Report;
import io.stoker.driver.config.SelectionMetric;
import io.stoker.driver.metrics.Median;
import io.stoker.driver.metrics.ValidationMetrics;
import io.stoker.driver.search.Bracket;
import io.stoker.driver.search.Cost;
import io.stoker.driver.search.Dimension;
import io.stoker.driver.search.Importance;
import io.stoker.driver.search.Standing;
import io.stoker.driver.search.StudyFolder;
import io.stoker.driver.search.TrialResult;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** The page of a study, as {@link io.stoker.driver.report.ChartPage} draws it. */
final class StudyPage {
  /** As many as there are colours. */
  private static final int CURVES = 7;

  /** More lines cannot be told apart, and make a large page. */
  private static final int MOST_LINES = 500;

  private final StudyFolder folder;
  private final Standing standing;
  private final StudyText text;
  private final SelectionMetric metric;
  private final List<TrialResult> last;

  private StudyPage(StudyFolder folder, Standing standing) {
    this.folder = folder;
    this.standing = standing;
    this.text = new StudyText(standing);
    this.metric = standing.plan().metric();
    this.last = standing.bestFirst();
  }

  /** The page of a study as it stands. */
  static ObjectNode of(StudyFolder folder, Standing standing) {
    return new StudyPage(folder, standing).page();
  }

  private ObjectNode page() {
    ObjectNode page = Report.object();
    page.put("title", "Study of options");
    page.put(
        "text",
        Line.of(
            "%d of %d results. %s",
            standing.results().size(),
            standing.expected(),
            standing
                .best()
                .map(
                    best ->
                        Line.of(
                            "Best of %d trials: trial %d, %s, with %s.",
                            standing.plan().trials(),
                            best.trial(),
                            text.value(best),
                            text.options(best)))
                .orElse("No trial has succeeded yet.")));
    ArrayNode charts = page.putArray("charts");
    byTrial(charts.addObject());
    byEpoch(charts.addObject());
    List<Cost> costs = standing.plan().costs();
    for (int i = 0; i < costs.size(); i++) {
      byCost(charts.addObject(), costs.get(i), i);
    }
    parallel(page.putObject("parallel"));
    ArrayNode tables = page.putArray("tables");
    trials(tables.addObject());
    List<Importance> importance = Importance.of(standing);
    if (!importance.isEmpty()) {
      importance(tables.addObject(), importance);
    }
    rungs(tables.addObject());
    return page;
  }

  private void byTrial(ObjectNode chart) {
    chart.put("title", metric.label() + " by trial").put("x", "trial");
    ArrayNode lines = chart.putArray("lines");
    Map<Integer, ObjectNode> byEpochs = new TreeMap<>();
    for (Bracket bracket : standing.plan().brackets()) {
      bracket.rungs().forEach(rung -> byEpochs.putIfAbsent(rung.epochs(), null));
    }
    byEpochs.replaceAll(
        (epochs, none) -> line(lines, Line.of(epochs == 1 ? "%d epoch" : "%d epochs", epochs)));
    byEpochs.values().forEach(line -> line.put("points", true));
    for (TrialResult result : standing.results()) {
      if (result.isDone()) {
        point(byEpochs.get(standing.plan().epochs(result)), result.trial(), result.value());
      }
    }
    if (standing.plan().brackets().size() == 1) {
      bestSoFar(lines);
    }
  }

  private void bestSoFar(ArrayNode lines) {
    ObjectNode best = line(lines, "best so far, lowest rung");
    double shortfall = Double.MAX_VALUE;
    double value = 0;
    for (TrialResult result : standing.results()) {
      if (result.rung() > 0 || !result.isDone()) {
        continue;
      }
      if (result.shortfall() < shortfall) {
        shortfall = result.shortfall();
        value = result.value();
      }
      point(best, result.trial(), value);
    }
  }

  private void byCost(ObjectNode chart, Cost cost, int index) {
    chart.put("title", metric.label() + " by " + cost).put("x", cost.toString());
    ArrayNode lines = chart.putArray("lines");
    ObjectNode others = line(lines, "trials").put("points", true);
    last.stream().filter(TrialResult::isDone).forEach(each -> costPoint(others, each, index));
    ObjectNode front = line(lines, "Pareto front").put("points", true);
    standing.front().forEach(each -> costPoint(front, each, index));
  }

  private static void costPoint(ObjectNode line, TrialResult result, int index) {
    point(line, result.costs().get(index), result.value());
  }

  private void byEpoch(ObjectNode chart) {
    chart.put("title", metric.label() + " of the best trials by epoch").put("x", "epoch");
    ArrayNode lines = chart.putArray("lines");
    for (TrialResult result : last.stream().filter(TrialResult::isDone).limit(CURVES).toList()) {
      ObjectNode line = line(lines, "trial " + result.trial());
      List<List<ValidationMetrics>> runs = folder.validations(standing.plan(), result.trial());
      int epochs = runs.stream().mapToInt(List::size).min().orElse(0);
      for (int i = 0; i < epochs; i++) {
        int epoch = i;
        double sum = runs.stream().mapToDouble(run -> run.get(epoch).value(metric)).sum();
        point(line, (double) runs.get(0).get(epoch).epoch(), sum / runs.size());
      }
    }
  }

  /** An axis for each option that varies and one for the metric; a line for each trial. */
  private void parallel(ObjectNode parallel) {
    List<Dimension> dimensions = standing.plan().searchSpace().dimensions();
    parallel.put("title", "Options and " + metric.label() + " of each trial");
    ArrayNode axes = parallel.putArray("axes");
    for (Dimension dimension : dimensions) {
      ObjectNode axis = axes.addObject().put("name", dimension.name());
      ArrayNode marks = axis.putArray("marks");
      dimension
          .corners()
          .forEach(value -> mark(marks, dimension.position(value), StudyText.text(value)));
    }
    List<TrialResult> shown = last.stream().filter(TrialResult::isDone).limit(MOST_LINES).toList();
    double low = shown.stream().mapToDouble(TrialResult::value).min().orElse(0);
    double high = shown.stream().mapToDouble(TrialResult::value).max().orElse(1);
    double span = high > low ? high - low : 1;
    ArrayNode marks = axes.addObject().put("name", metric.label()).putArray("marks");
    mark(marks, 0, Line.of("%.4f", low));
    mark(marks, 1, Line.of("%.4f", low + span));
    ArrayNode lines = parallel.putArray("lines");
    for (TrialResult result : shown) {
      ObjectNode line = lines.addObject();
      line.put("name", Line.of("trial %d: %s", result.trial(), text.value(result)));
      ArrayNode at = line.putArray("at");
      ObjectNode options = standing.options().get(result.trial());
      dimensions.forEach(each -> at.add(each.position(options.path(each.name()))));
      at.add((result.value() - low) / span);
    }
  }

  private void trials(ObjectNode table) {
    table.put("title", "Trials, the best first");
    ArrayNode head = table.putArray("head").add("trial").add("epochs");
    head.add(metric.label());
    standing.plan().costs().forEach(cost -> head.add(cost.toString()));
    head.add("seconds");
    standing.plan().searchSpace().names().forEach(head::add);
    head.add("failure");
    ArrayNode rows = table.putArray("rows");
    last.forEach(result -> trial(rows.addArray(), result));
  }

  private void trial(ArrayNode row, TrialResult result) {
    row.add(Integer.toString(result.trial())).add(Integer.toString(result.epochs()));
    row.add(result.isDone() ? Line.of("%.4f", result.value()) : "");
    List<Cost> costs = standing.plan().costs();
    for (int i = 0; i < costs.size(); i++) {
      row.add(result.isDone() ? costs.get(i).text(result.costs().get(i)) : "");
    }
    row.add(Line.of("%.1f", result.seconds()));
    ObjectNode options = standing.options().get(result.trial());
    standing
        .plan()
        .searchSpace()
        .names()
        .forEach(name -> row.add(StudyText.text(options.path(name))));
    String state = result.state().name().toLowerCase(Locale.ROOT);
    row.add(result.isDone() ? "" : state + ": " + result.reason());
  }

  private static void importance(ObjectNode table, List<Importance> options) {
    table.put(
        "title",
        "Importance of each option: its share of the variance of ranks on the lowest rung");
    table.putArray("head").add("option").add("share");
    ArrayNode rows = table.putArray("rows");
    for (Importance each : options) {
      rows.addArray().add(each.option()).add(Line.of("%.0f %%", 100 * each.share()));
    }
  }

  private void rungs(ObjectNode table) {
    table.put("title", "Rungs");
    ArrayNode head = table.putArray("head");
    List.of("bracket", "epochs", "trials", "done", "failed", "best", "median").forEach(head::add);
    ArrayNode rows = table.putArray("rows");
    List<Bracket> brackets = standing.plan().brackets();
    for (int i = 0; i < brackets.size(); i++) {
      for (int rung = 0; rung < brackets.get(i).rungs().size(); rung++) {
        rung(rows.addArray().add(Integer.toString(i + 1)), brackets.get(i), rung);
      }
    }
  }

  private void rung(ArrayNode row, Bracket bracket, int rung) {
    List<TrialResult> ended =
        standing.results().stream()
            .filter(result -> result.rung() == rung && bracket.has(result.trial()))
            .sorted(TrialResult.BEST_FIRST)
            .toList();
    List<TrialResult> done = ended.stream().filter(TrialResult::isDone).toList();
    row.add(Integer.toString(bracket.rungs().get(rung).epochs()));
    row.add(Integer.toString(bracket.rungs().get(rung).trials()));
    row.add(Integer.toString(done.size())).add(Integer.toString(ended.size() - done.size()));
    if (done.isEmpty()) {
      row.add("").add("");
    } else {
      row.add(Line.of("%.4f", done.get(0).value()));
      row.add(Line.of("%.4f", Median.of(done.stream().map(TrialResult::value).toList())));
    }
  }

  private static ObjectNode line(ArrayNode lines, String name) {
    ObjectNode line = lines.addObject().put("name", name);
    line.putArray("x");
    line.putArray("y");
    return line;
  }

  private static void point(ObjectNode line, double x, double y) {
    line.withArray("x").add(x);
    line.withArray("y").add(y);
  }

  private static void mark(ArrayNode marks, double at, String value) {
    marks.addObject().put("at", at).put("text", value);
  }
}
