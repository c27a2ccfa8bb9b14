package io.stoker.driver.cli;

import io.stoker.base.TerminalText;
import io.stoker.data.image.Pixels;
import io.stoker.driver.evaluate.Prediction;
import java.util.List;

/** Predictions as text: each image as a drawing, with its most probable classes to the right. */
final class PredictionText {
  private static final int BAR = 20;
  private static final int FIRST_LINE = 1;

  private PredictionText() {}

  /**
   * One image with its prediction.
   *
   * @param colors whether the text goes to a terminal, which shows colours
   */
  static String of(Prediction prediction, Pixels image, boolean colors) {
    List<String> picture = colors ? TerminalPicture.colored(image) : TerminalPicture.plain(image);
    List<String> classes = classes(prediction).lines().toList();
    StringBuilder text =
        new StringBuilder(TerminalText.escapeLine(prediction.image())).append('\n');
    int blank = colors ? 0 : picture.get(0).length();
    for (int i = 0; i < Math.max(picture.size(), classes.size() + FIRST_LINE); i++) {
      String line = i < picture.size() ? picture.get(i) : " ".repeat(blank);
      int row = i - FIRST_LINE;
      String beside = row >= 0 && row < classes.size() ? "   " + classes.get(row) : "";
      text.append((line + beside).stripTrailing()).append('\n');
    }
    return text.append('\n').toString();
  }

  private static String classes(Prediction prediction) {
    Table table = new Table(1);
    for (Prediction.ClassProbability candidate : prediction.classes()) {
      int length = (int) Math.round(candidate.probability() * BAR);
      table.row(
          candidate.name(), "%.2f %%".formatted(100 * candidate.probability()), "#".repeat(length));
    }
    return table.toString();
  }
}
