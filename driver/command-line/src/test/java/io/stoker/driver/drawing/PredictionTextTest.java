// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.drawing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.data.image.ImageShape;
import io.stoker.data.image.Pixels;
import io.stoker.driver.evaluate.Prediction;
import io.stoker.failure.InputException;
import java.awt.image.BufferedImage;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PredictionTextTest {
  /** Left half black, right half white. */
  private static final Pixels IMAGE = new Pixels(new ImageShape(4, 4, 1), halves(new byte[16]));

  private static byte[] halves(byte[] values) {
    for (int i = 0; i < values.length; i++) {
      values[i] = (byte) (i % 4 < 2 ? 0 : 255);
    }
    return values;
  }

  private static final Prediction PREDICTION =
      new Prediction(
          "a.png",
          List.of(
              new Prediction.ClassProbability("cat", 0.75),
              new Prediction.ClassProbability("horse", 0.25)));

  @Test
  void drawsColoursAsHalfBlocks() {
    List<String> lines = TerminalPicture.of(IMAGE);

    assertThat(lines).hasSize(2);
    assertThat(lines.get(0))
        .startsWith("\u001b[38;2;0;0;0;48;2;0;0;0m\u2580")
        .contains("\u001b[38;2;255;255;255;48;2;255;255;255m\u2580")
        .endsWith("\u001b[0m");
  }

  /** Height, width, and the lines and columns that are drawn. */
  @ParameterizedTest
  @CsvSource({
    "100, 1000, 3, 64",
    "1000, 100, 48, 10",
    "1, 4000000, 1, 64",
    "4000000, 1, 48, 1",
    "1, 1, 1, 1",
    "3, 5, 1, 5"
  })
  void imagesOfAnyShapeFitTheTerminal(int height, int width, int lines, int columns) {
    ImageShape shape = new ImageShape(height, width, 1);

    assertThat(TerminalPicture.of(new Pixels(shape, new byte[shape.bytes()])))
        .hasSize(lines)
        .allMatch(line -> TerminalPicture.columns(line) == columns);
  }

  @Test
  void putsTheClassesNextToThePictureInATerminal() {
    Prediction three =
        new Prediction(
            "a.png",
            List.of(
                new Prediction.ClassProbability("cat", 0.5),
                new Prediction.ClassProbability("horse", 0.25),
                new Prediction.ClassProbability("dog", 0.25)));

    assertThat(PredictionText.withPicture(three, IMAGE).replaceAll("\u001b\\[[0-9;]*m", "").lines())
        .containsExactly(
            "a.png",
            "\u2580\u2580\u2580\u2580",
            "\u2580\u2580\u2580\u2580   cat    50.00 %  ##########",
            "       horse  25.00 %  #####",
            "       dog    25.00 %  #####",
            "");
  }

  @Test
  void textForAPipeHasNoPicture() {
    assertThat(PredictionText.of(PREDICTION).lines())
        .containsExactly(
            "a.png", "  cat    75.00 %  ###############", "  horse  25.00 %  #####", "");
  }

  @Test
  void drawsASheetWithTheImageOnIt() {
    BufferedImage sheet =
        PredictionSheet.draw(List.of(PREDICTION), List.of(PredictionSheet.thumbnail(IMAGE)));

    assertThat(sheet.getRGB(20, 20) & 0xffffff).isZero();
    assertThat(sheet.getRGB(180, 20) & 0xffffff).isEqualTo(0xffffff);
    assertThat(sheet.getHeight()).isEqualTo(168 + 2 * 16);
  }

  @ParameterizedTest
  @CsvSource({"1, 4000000", "4000000, 1", "2000, 2000"})
  void thumbnailsOfAnyShapeFitTheSheet(int height, int width) {
    ImageShape shape = new ImageShape(height, width, 1);

    BufferedImage thumbnail = PredictionSheet.thumbnail(new Pixels(shape, new byte[shape.bytes()]));

    assertThat(thumbnail.getHeight()).isBetween(1, 168);
    assertThat(thumbnail.getWidth()).isBetween(1, 168);
  }

  @Test
  void thumbnailsAreMeansOfThePixelsThatTheyCover() {
    BufferedImage half = Thumbnail.of(IMAGE, 2, 2);
    BufferedImage one = Thumbnail.of(IMAGE, 1, 1);

    assertThat(half.getRGB(0, 0) & 0xffffff).isZero();
    assertThat(half.getRGB(1, 0) & 0xffffff).isEqualTo(0xffffff);
    assertThat(one.getRGB(0, 0) & 0xffffff).isEqualTo(0x7f7f7f);
  }

  /** The numbers overflow an int where they are multiplied as such. */
  @Test
  void refusesSheetsThatNoMachineCouldDraw() {
    PredictionSheet.requireDrawable(500);
    NeighbourSheet.requireDrawable(10, 50);

    for (int images : new int[] {100_000, 12_000_000, Integer.MAX_VALUE}) {
      assertThatThrownBy(() -> PredictionSheet.requireDrawable(images))
          .isInstanceOf(InputException.class)
          .hasMessageStartingWith("Cannot draw a picture of 560 x ");
      assertThatThrownBy(() -> NeighbourSheet.requireDrawable(1, images))
          .isInstanceOf(InputException.class)
          .hasMessageContaining("fewer");
    }
  }
}
