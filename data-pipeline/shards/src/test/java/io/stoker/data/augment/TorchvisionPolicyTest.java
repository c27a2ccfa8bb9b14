// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.augment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.stoker.data.image.ImageShape;
import io.stoker.testing.TorchPython;
import java.awt.image.Raster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Compares each operation of the policies with torchvision: with what it gave when {@code
 * policies/make.py} was run, and, where the machine has it, with what it gives now.
 */
class TorchvisionPolicyTest {
  private static final Path GOLDEN = Path.of("src/test/resources/policies");

  /** Of values that are turned, the share that may come from the other of two equally near. */
  private static final double MOST_BETWEEN = 0.01;

  @TempDir private Path folder;

  /** {@code ShearX} of torchvision is {@code SHEAR_X}. */
  private static PolicyOperation operation(String name) {
    return PolicyOperation.valueOf(
        name.replaceAll("(?<=[a-z])(?=[A-Z])", "_").toUpperCase(Locale.ROOT));
  }

  private static void compare(Path made, String name) throws IOException {
    List<String> cases = Files.readAllLines(made.resolve("cases.txt"));
    Raster sheet = ImageIO.read(made.resolve(name + ".png").toFile()).getRaster();
    int height = sheet.getHeight() / cases.size();
    ImageShape shape = new ImageShape(height, sheet.getWidth(), sheet.getNumBands());
    byte[] image = tile(sheet, 0, shape);
    PolicyCanvas canvas = new PolicyCanvas(shape);
    for (int i = 0; i < cases.size(); i++) {
      String[] parts = cases.get(i).split(" ", -1);
      PolicyOperation operation = operation(parts[0]);
      byte[] pixels = image.clone();
      operation.apply(canvas, pixels, Double.parseDouble(parts[1]));
      byte[] expected = tile(sheet, i, shape);
      int different = 0;
      for (int at = 0; at < pixels.length; at++) {
        different += pixels[at] == expected[at] ? 0 : 1;
      }
      boolean turns = operation == PolicyOperation.ROTATE;
      assertThat(different)
          .as("values of %s that differ after %s", name, cases.get(i))
          .isLessThanOrEqualTo(turns ? (int) (MOST_BETWEEN * pixels.length) : 0);
    }
  }

  private static byte[] tile(Raster sheet, int index, ImageShape shape) {
    int[] values =
        sheet.getPixels(0, index * shape.height(), shape.width(), shape.height(), (int[]) null);
    byte[] pixels = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      pixels[i] = (byte) values[i];
    }
    return pixels;
  }

  @ParameterizedTest
  @ValueSource(strings = {"colour", "grey", "flat"})
  void givesWhatTorchvisionGave(String image) throws IOException {
    compare(GOLDEN, image);
  }

  @Test
  void hasTorchvisionsStrengths() throws IOException {
    compareStrengths(GOLDEN);
  }

  private static void compareStrengths(Path made) throws IOException {
    List<String> lines = Files.readAllLines(made.resolve("magnitudes.txt"));
    assertThat(lines).hasSize(2 * PolicyOperation.values().length);
    for (String line : lines) {
      String[] parts = line.split(" ", -1);
      PolicyMagnitudes strengths =
          parts[0].equals("RandAugment") ? RandAugment.MAGNITUDES : TrivialAugment.MAGNITUDES;
      PolicyOperation operation = operation(parts[1]);
      assertThat(operation.measure().isSigned()).isEqualTo(parts[2].equals("True"));
      for (int bin = 0; bin < PolicyMagnitudes.BINS; bin++) {
        double expected = Double.parseDouble(parts[parts.length == 4 ? 3 : 3 + bin]);
        double found = strengths.at(operation, bin, new ImageShape(22, 32, 3));
        assertThat(found).as("%s, bin %d", line, bin).isCloseTo(expected, within(1e-4));
        if (parts[1].startsWith("Translate")) {
          assertThat((int) found).as("pixels of bin %d of %s", bin, line).isEqualTo((int) expected);
        }
      }
    }
  }

  @Tag("slow")
  @Test
  void givesWhatTheTorchvisionOfThisMachineGives() throws IOException, InterruptedException {
    TorchPython.require("torchvision, numpy, PIL");
    TorchPython.run("policies/make.py", folder.toString());
    for (String image : List.of("colour", "grey", "flat")) {
      compare(folder, image);
    }
    compareStrengths(folder);
  }
}
