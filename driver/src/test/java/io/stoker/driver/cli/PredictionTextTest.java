package io.stoker.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.data.image.ImageShape;
import io.stoker.data.image.Pixels;
import io.stoker.driver.evaluate.Prediction;
import java.awt.image.BufferedImage;
import java.util.List;
import org.junit.jupiter.api.Test;

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
  void drawsTwoRowsOfPixelsALine() {
    assertThat(TerminalPicture.plain(IMAGE)).containsExactly("  @@", "  @@");
  }

  @Test
  void drawsColoursAsHalfBlocks() {
    String line = TerminalPicture.colored(IMAGE).get(0);

    assertThat(line)
        .startsWith("\u001b[38;2;0;0;0;48;2;0;0;0m\u2580")
        .contains("\u001b[38;2;255;255;255;48;2;255;255;255m\u2580")
        .endsWith("\u001b[0m");
  }

  @Test
  void narrowsWideImages() {
    Pixels wide = new Pixels(new ImageShape(100, 1000, 3), new byte[300_000]);

    assertThat(TerminalPicture.plain(wide)).hasSize(3).allMatch(line -> line.length() == 64);
  }

  @Test
  void putsTheClassesBesideThePicture() {
    assertThat(PredictionText.of(PREDICTION, IMAGE, false).lines())
        .containsExactly(
            "a.png",
            "  @@",
            "  @@   cat    75.00 %  ###############",
            "       horse  25.00 %  #####",
            "");
  }

  @Test
  void drawsASheetWithTheImageOnIt() {
    BufferedImage sheet = PredictionSheet.draw(List.of(PREDICTION), List.of(IMAGE));

    assertThat(sheet.getRGB(20, 20) & 0xffffff).isZero();
    assertThat(sheet.getRGB(180, 20) & 0xffffff).isEqualTo(0xffffff);
    assertThat(sheet.getHeight()).isEqualTo(168 + 2 * 16);
  }
}
