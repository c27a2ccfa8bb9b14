// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.evaluate;

import io.stoker.base.TerminalText;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** An evaluation as text: a summary, a table of classes, and which class was taken for which. */
final class ReportText {
  /**
   * With more classes the matrix does not fit a terminal: the most frequent confusions are named.
   */
  private static final int WIDEST_MATRIX = 20;

  private static final int WORST_PAIRS = 20;

  /** In place of a ratio of 0 to 0. */
  private static final String UNDEFINED = "-";

  private ReportText() {}

  static String of(EvaluationReport report) {
    return String.join(
        System.lineSeparator() + System.lineSeparator(),
        summary(report),
        classes(report),
        report.classes().size() <= WIDEST_MATRIX ? matrix(report) : worstPairs(report));
  }

  private static String summary(EvaluationReport report) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("checkpoint", report.checkpoint()));
    if (report.checkpoints().size() > 1) {
      rows.add(
          List.of(
              "",
              String.format(
                  Locale.ROOT, "the mean of %d, up to this one", report.checkpoints().size())));
    }
    if (report.isOfEma()) {
      rows.add(List.of("parameters", "moving average"));
    }
    rows.add(List.of("model", report.model()));
    rows.add(List.of("data", "%s, split %s".formatted(report.data(), report.split())));
    if (report.temperature() != 1) {
      rows.add(List.of("temperature", String.format(Locale.ROOT, "%.4f", report.temperature())));
    }
    if (report.layersInInt8() > 0) {
      rows.add(List.of("layers in int8", Integer.toString(report.layersInInt8())));
    }
    rows.add(List.of("examples", Long.toString(report.examples())));
    rows.add(List.of("accuracy", percent(report.accuracy())));
    report.top5().ifPresent(share -> rows.add(List.of("top 5", percent(share))));
    rows.add(List.of("balanced accuracy", percent(report.balancedAccuracy())));
    rows.add(List.of("log loss", String.format(Locale.ROOT, "%.4f", report.logLoss())));
    rows.add(List.of("calibration error", percent(report.calibrationError())));
    rows.add(
        List.of(
            "speed",
            String.format(
                Locale.ROOT,
                "%.0f img/s, %.1f s in all",
                report.imagesPerSecond(),
                report.seconds())));
    return table(rows, false);
  }

  private static String classes(EvaluationReport report) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("class", "examples", "precision", "recall", "F1"));
    for (ClassScore score : report.classes()) {
      rows.add(
          List.of(
              score.name(),
              Long.toString(score.examples()),
              score.predicted() == 0 ? UNDEFINED : percent(score.precision()),
              score.examples() == 0 ? UNDEFINED : percent(score.recall()),
              score.occurs() ? percent(score.f1()) : UNDEFINED));
    }
    MacroScore macro = report.macro();
    rows.add(
        List.of(
            macro.classes() == report.classes().size()
                ? "mean"
                : String.format(Locale.ROOT, "mean of %d classes", macro.classes()),
            Long.toString(report.examples()),
            percent(macro.precision()),
            percent(macro.recall()),
            percent(macro.f1())));
    boolean undefined =
        report.classes().stream()
            .anyMatch(score -> score.occurs() && score.predicted() * score.examples() == 0);
    return table(rows, true)
        + (undefined ? System.lineSeparator() + "(- counts as 0 in the means)" : "");
  }

  private static String matrix(EvaluationReport report) {
    List<String> names = report.classes().stream().map(ClassScore::name).toList();
    List<List<String>> rows = new ArrayList<>();
    List<String> header = new ArrayList<>(List.of("actual \\ predicted"));
    header.addAll(names);
    rows.add(header);
    List<List<Long>> confusion = report.confusion();
    for (int actual = 0; actual < names.size(); actual++) {
      List<String> row = new ArrayList<>(List.of(names.get(actual)));
      confusion.get(actual).forEach(count -> row.add(count == 0 ? "." : Long.toString(count)));
      rows.add(row);
    }
    return table(rows, true);
  }

  private record Pair(int actual, int predicted, long count) {}

  private static String worstPairs(EvaluationReport report) {
    List<Pair> pairs = new ArrayList<>();
    List<List<Long>> confusion = report.confusion();
    for (int actual = 0; actual < confusion.size(); actual++) {
      for (int predicted = 0; predicted < confusion.size(); predicted++) {
        long count = confusion.get(actual).get(predicted);
        if (actual != predicted && count > 0) {
          pairs.add(new Pair(actual, predicted, count));
        }
      }
    }
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("most often confused", "taken for", "times"));
    pairs.stream()
        .sorted(Comparator.comparingLong(Pair::count).reversed())
        .limit(WORST_PAIRS)
        .forEach(
            pair ->
                rows.add(
                    List.of(
                        report.classes().get(pair.actual()).name(),
                        report.classes().get(pair.predicted()).name(),
                        Long.toString(pair.count()))));
    return table(rows, true);
  }

  /**
   * Lines of columns as wide as their widest cell.
   *
   * @param numbers whether all columns but the first are aligned to the right
   */
  private static String table(List<List<String>> cells, boolean numbers) {
    List<List<String>> rows =
        cells.stream().map(row -> row.stream().map(TerminalText::escapeLine).toList()).toList();
    int[] widths = new int[rows.get(0).size()];
    for (List<String> row : rows) {
      for (int column = 0; column < row.size(); column++) {
        widths[column] = Math.max(widths[column], row.get(column).length());
      }
    }
    return rows.stream()
        .map(row -> line(row, widths, numbers))
        .collect(Collectors.joining(System.lineSeparator()));
  }

  private static String line(List<String> row, int[] widths, boolean numbers) {
    StringBuilder line = new StringBuilder();
    for (int column = 0; column < row.size(); column++) {
      String padding = " ".repeat(widths[column] - row.get(column).length());
      line.append(column == 0 ? "" : "  ")
          .append(numbers && column > 0 ? padding + row.get(column) : row.get(column) + padding);
    }
    return line.toString().stripTrailing();
  }

  private static String percent(double share) {
    return String.format(Locale.ROOT, "%.2f %%", 100 * share);
  }
}
