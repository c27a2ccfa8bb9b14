// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.stoker.models.engine.Engines;
import io.stoker.models.engine.Network;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Shape;
import io.stoker.models.zoo.Zoo;
import java.awt.image.BufferedImage;
import java.io.File;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The example program, in a Java of its own that has no class of Stoker. */
@Tag("slow")
class StockReaderTest {
  private static final Path PROGRAM = Path.of("../../examples/stock-dl4j/ReadCheckpoint.java");

  @TempDir Path folder;

  @Test
  void aProgramWithoutStokerGetsTheSameProbabilitiesFromAPicture() throws Exception {
    ModelSpec model = Zoo.model("lenet5", new Shape(28, 28, 3), 10);
    float[] parameters = SampleModels.initial(model, 5);
    ModelMetadata metadata =
        new ModelMetadata(
            model,
            SampleModels.metadata(model).classNames(),
            List.of(120.5, 110.25, 90.0),
            List.of(60.0, 50.5, 40.75),
            TrainingClock.START);
    Path checkpoint = folder.resolve("model.zip");
    ModelFileWriter writer =
        ModelFileWriter.of(
            metadata,
            SampleModels.MOMENTUM,
            (offset, target) -> target.put(parameters, (int) offset, target.remaining()));
    Files.write(checkpoint, SampleModels.bytes(writer));
    Path picture = folder.resolve("picture.png");
    float[] images = randomPicture(picture, metadata);

    String printed = run(checkpoint, picture);

    assertThat(printed)
        .contains(
            "parameters_sha256 "
                + ModelFile.verify("model.zip", () -> Files.newInputStream(checkpoint))
                    .parametersSha256());
    float[] expected = new float[10];
    try (Network network = Engines.named(Engines.AUTO).create(model, 1)) {
      network.writeParameters(0, FloatBuffer.wrap(parameters));
      network.predict(images, 1, expected);
    }
    String line =
        printed.lines().filter(l -> l.startsWith("probabilities [")).findFirst().orElseThrow();
    String[] actual = line.substring("probabilities [".length(), line.length() - 1).split(", ", -1);
    assertThat(actual).hasSize(10);
    for (int i = 0; i < 10; i++) {
      assertThat(Float.parseFloat(actual[i])).isCloseTo(expected[i], within(1e-6f));
    }
  }

  /** Writes a picture of noise; returns its pixels, normalised and channel by channel. */
  private static float[] randomPicture(Path file, ModelMetadata metadata) throws Exception {
    SplittableRandom random = new SplittableRandom(8);
    BufferedImage picture = new BufferedImage(28, 28, BufferedImage.TYPE_INT_RGB);
    float[] images = new float[3 * 28 * 28];
    for (int y = 0; y < 28; y++) {
      for (int x = 0; x < 28; x++) {
        int rgb = 0;
        for (int c = 0; c < 3; c++) {
          int pixel = random.nextInt(256);
          rgb = rgb << 8 | pixel;
          images[(c * 28 + y) * 28 + x] =
              (float) ((pixel - metadata.mean().get(c)) / metadata.standardDeviation().get(c));
        }
        picture.setRGB(x, y, rgb);
      }
    }
    ImageIO.write(picture, "png", file.toFile());
    return images;
  }

  private static String run(Path checkpoint, Path picture) throws Exception {
    String libraries =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator, -1))
            .filter(entry -> entry.endsWith(".jar") && !entry.contains("stoker-"))
            .collect(Collectors.joining(File.pathSeparator));
    Process process =
        new ProcessBuilder(
                ProcessHandle.current().info().command().orElseThrow(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                libraries,
                PROGRAM.toString(),
                checkpoint.toString(),
                picture.toString())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    return output;
  }
}
