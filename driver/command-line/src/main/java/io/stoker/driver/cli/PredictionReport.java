// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.data.image.Pixels;
import io.stoker.driver.command.Console;
import io.stoker.driver.command.Report;
import io.stoker.driver.drawing.OutputPicture;
import io.stoker.driver.drawing.PredictionSheet;
import io.stoker.driver.drawing.PredictionText;
import io.stoker.driver.evaluate.ImageFailure;
import io.stoker.driver.evaluate.PredictJob;
import io.stoker.driver.evaluate.Prediction;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Collects predictions for a report. Of each image it keeps what is shown, not the image: thousands
 * of photographs do not fit into memory.
 */
final class PredictionReport implements PredictJob.Listener {
  private final Console console;
  private final Optional<OutputPicture> picture;
  private final List<Prediction> predictions = new ArrayList<>();
  private final List<BufferedImage> thumbnails = new ArrayList<>();
  private final StringBuilder text = new StringBuilder();
  private final ImageFailures failures;

  /**
   * @param console the console that failures and the report go to
   * @param picture the file to draw to, if any
   */
  PredictionReport(Console console, Optional<OutputPicture> picture) {
    this.console = console;
    this.picture = picture;
    this.failures = new ImageFailures(console);
  }

  @Override
  public void predicted(Prediction prediction, Pixels image) {
    predictions.add(prediction);
    text.append(
        console.resultsOnTerminal()
            ? PredictionText.withPicture(prediction, image)
            : PredictionText.of(prediction));
    if (picture.isPresent()) {
      thumbnails.add(PredictionSheet.thumbnail(image));
    }
  }

  @Override
  public void failed(ImageFailure failure) {
    failures.add(failure);
  }

  /** What was predicted so far, in order. */
  List<Prediction> predictions() {
    return List.copyOf(predictions);
  }

  /** The predictions as text, with the images where it goes to a terminal. */
  String text() {
    return text.toString();
  }

  /** Writes the picture, if there is to be one. */
  void writePicture() {
    if (picture.isPresent() && !predictions.isEmpty()) {
      picture.get().write(PredictionSheet.draw(predictions, thumbnails));
    }
  }

  /** The report of {@code predict}. */
  Report report() {
    ObjectNode json = Report.object();
    ArrayNode array = json.putArray("predictions");
    predictions.forEach(each -> array.add(Report.object(each)));
    if (picture.isEmpty() || predictions.isEmpty()) {
      return failures.report(text(), json);
    }
    json.put("picture", picture.get().shown());
    return failures.report("Picture: " + picture.get().shown(), json);
  }
}
