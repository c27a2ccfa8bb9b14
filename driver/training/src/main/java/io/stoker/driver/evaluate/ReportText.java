// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.evaluate;

import com.google.errorprone.annotations.FormatMethod;
import io.stoker.base.Table;
import io.stoker.worker.eval.TestViews;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import java.util.stream.Stream;

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
    boolean fits = report.classes().size() <= WIDEST_MATRIX;
    return "%s%n%s%n%s"
        .formatted(summary(report), classes(report), fits ? matrix(report) : worstPairs(report))
        .stripTrailing();
  }

  private static Table summary(EvaluationReport report) {
    Table table = new Table().row("checkpoint", report.checkpoint());
    if (report.checkpoints().size() > 1) {
      table.row("", text("the mean of %d, up to this one", report.checkpoints().size()));
    }
    if (report.isOfEma()) {
      table.row("parameters", "moving average");
    }
    table
        .row("model", report.model())
        .row("data", "%s, split %s".formatted(report.data(), report.split()))
        .row("images", shown(report));
    if (report.temperature() != 1) {
      table.row("temperature", text("%.4f", report.temperature()));
    }
    if (report.layersInInt8() > 0) {
      table.row("layers in int8", Integer.toString(report.layersInInt8()));
    }
    table
        .row("examples", Long.toString(report.examples()))
        .row("accuracy", percent(report.accuracy()));
    report.top5().ifPresent(share -> table.row("top 5", percent(share)));
    return table
        .row("balanced accuracy", percent(report.balancedAccuracy()))
        .row("log loss", text("%.4f", report.logLoss()))
        .row("calibration error", percent(report.calibrationError()))
        .row(
            "speed", text("%.0f img/s, %.1f s in all", report.imagesPerSecond(), report.seconds()));
  }

  private static String shown(EvaluationReport report) {
    String input = report.input().toString();
    return report.views() == TestViews.NONE
        ? input
        : "%s, test-time views %s".formatted(input, report.views());
  }

  private static String classes(EvaluationReport report) {
    Table table = new Table(1, 2, 3, 4).row("class", "examples", "precision", "recall", "F1");
    for (ClassScore score : report.classes()) {
      table.row(
          score.name(),
          Long.toString(score.examples()),
          score.predicted() == 0 ? UNDEFINED : percent(score.precision()),
          score.examples() == 0 ? UNDEFINED : percent(score.recall()),
          score.occurs() ? percent(score.f1()) : UNDEFINED);
    }
    MacroScore macro = report.macro();
    table.row(
        macro.classes() == report.classes().size()
            ? "mean"
            : text("mean of %d classes", macro.classes()),
        Long.toString(report.examples()),
        percent(macro.precision()),
        percent(macro.recall()),
        percent(macro.f1()));
    boolean undefined =
        report.classes().stream()
            .anyMatch(score -> score.occurs() && score.predicted() * score.examples() == 0);
    return table + (undefined ? "(- counts as 0 in the means)\n" : "");
  }

  private static Table matrix(EvaluationReport report) {
    List<String> names = report.classes().stream().map(ClassScore::name).toList();
    Table table = new Table(IntStream.rangeClosed(1, names.size()).boxed().toArray(Integer[]::new));
    table.row(cells("actual \\ predicted", names.stream()));
    for (int actual = 0; actual < names.size(); actual++) {
      Stream<Long> counts = report.confusion().get(actual).stream();
      table.row(cells(names.get(actual), counts.map(count -> count == 0 ? "." : count.toString())));
    }
    return table;
  }

  private static String[] cells(String first, Stream<String> others) {
    return Stream.concat(Stream.of(first), others).toArray(String[]::new);
  }

  private static Table worstPairs(EvaluationReport report) {
    Table table = new Table(1, 2).row("most often confused", "taken for", "times");
    for (Confusion pair : report.mostConfused(WORST_PAIRS)) {
      table.row(pair.actual().name(), pair.predicted().name(), Long.toString(pair.times()));
    }
    return table;
  }

  private static String percent(double share) {
    return text("%.2f %%", 100 * share);
  }

  @FormatMethod
  private static String text(String pattern, Object... arguments) {
    return String.format(Locale.ROOT, pattern, arguments);
  }
}
