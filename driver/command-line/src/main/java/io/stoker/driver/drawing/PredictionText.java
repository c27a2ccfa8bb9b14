// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.drawing;

import io.stoker.base.Table;
import io.stoker.base.TerminalText;
import io.stoker.data.image.Pixels;
import io.stoker.driver.command.Line;
import io.stoker.driver.evaluate.Prediction;
import java.util.List;

/** Predictions as text: the most probable classes of each image. */
public final class PredictionText {
  private static final int BAR = 20;
  private static final int FIRST_LINE = 1;

  private PredictionText() {}

  /** The image's name and its classes, for a file or a pipe. */
  public static String of(Prediction prediction) {
    return "%s\n%s\n".formatted(name(prediction), classes(prediction).indent(2));
  }

  private static String name(Prediction prediction) {
    return TerminalText.escapeLine(prediction.image());
  }

  /** The image's name, the image, and its classes next to it, for a terminal. */
  public static String withPicture(Prediction prediction, Pixels image) {
    List<String> picture = TerminalPicture.of(image);
    List<String> classes = classes(prediction).lines().toList();
    String blank = " ".repeat(TerminalPicture.columns(picture.get(0)));
    StringBuilder text = new StringBuilder(name(prediction)).append('\n');
    for (int i = 0; i < Math.max(picture.size(), classes.size() + FIRST_LINE); i++) {
      text.append(i < picture.size() ? picture.get(i) : blank);
      if (i >= FIRST_LINE && i < classes.size() + FIRST_LINE) {
        text.append("   ").append(classes.get(i - FIRST_LINE));
      }
      text.append('\n');
    }
    return text.append('\n').toString();
  }

  private static String classes(Prediction prediction) {
    Table table = new Table(1);
    for (Prediction.ClassProbability candidate : prediction.classes()) {
      int length = (int) Math.round(candidate.probability() * BAR);
      table.row(candidate.name(), Line.percent(candidate.probability()), "#".repeat(length));
    }
    return table.toString();
  }
}
