// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.stoker.data.image.ImageShape;
import io.stoker.data.shard.RejectedInput;
import io.stoker.data.shard.ShardBlock;
import io.stoker.data.shard.ShardFolder;
import io.stoker.data.shard.ShardManifest;
import io.stoker.driver.cli.Commands;
import io.stoker.driver.run.RunFolder;
import io.stoker.testing.Exact;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.apache.hadoop.conf.Configuration;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.preprocessor.DataNormalization;
import org.nd4j.linalg.factory.Nd4j;

/** Opens what earlier releases wrote; see the README of the folder golden. */
@Exact
class GoldenFilesTest {
  private static final Path GOLDEN = Path.of("src/test/resources/golden/0.1");
  private static final List<String> CLASSES = List.of("above", "left", "Äpfel");

  /** What 0.1 gave for an image of each class: the probabilities of all classes. */
  private static final double[][] PROBABILITIES = {
    {0.9006394743919373, 0.09583814442157745, 0.0035223704762756824},
    {0.061025358736515045, 0.924999475479126, 0.013975194655358791},
    {0.0010763045866042376, 0.005267973989248276, 0.9936557412147522}
  };

  private static final List<String> IMAGES = List.of("above", "left", "red");

  /** How far probabilities and losses of another kind of processor may be off. */
  private static final double TOLERANCE = 1e-4;

  private final Commands commands = new Commands();
  private final Configuration hadoop = new Configuration();

  @TempDir private Path folder;

  @Test
  void shardsHoldWhatTheyHeld() throws IOException {
    ShardFolder shards = shards("shards");
    ShardManifest manifest = shards.manifest();

    assertThat(manifest.classNames()).isEqualTo(CLASSES);
    assertThat(manifest.image()).isEqualTo(new ImageShape(12, 12, 3));
    assertThat(manifest.splits().keySet()).containsExactly("train", "validation", "test");
    assertThat(manifest.split("train").samplesPerClass()).containsExactly(25L, 22L, 23L);
    assertThat(manifest.split("validation").samplesPerClass()).containsExactly(6L, 10L, 11L);
    assertThat(manifest.split("test").samplesPerClass()).containsExactly(9L, 9L, 6L);
    assertThat(manifest.rejected())
        .extracting(RejectedInput::path)
        .containsExactly("left/broken.png");
    assertThat(manifest.duplicates().copies()).isEqualTo(1);
    assertThat(shards.manifestHash())
        .isEqualTo("96ecc88947d296877e8a67a3efae0da4082f6295ee19fa1007a237f93d8c64d5");
    for (int i = 0; i < CLASSES.size(); i++) {
      assertHolds(shards, CLASSES.get(i) + "/01.png", i, image(IMAGES.get(i)));
    }
  }

  private static void assertHolds(ShardFolder shards, String path, int label, BufferedImage image)
      throws IOException {
    byte[] expected = new byte[image.getWidth() * image.getHeight() * 3];
    for (int i = 0; i < expected.length; i++) {
      int pixel = i / 3;
      expected[i] =
          (byte)
              image
                  .getRaster()
                  .getSample(pixel % image.getWidth(), pixel / image.getWidth(), i % 3);
    }
    byte[] found = new byte[expected.length];
    for (String split : shards.manifest().splits().keySet()) {
      for (int block = 0; block < shards.manifest().split(split).blockRows().length; block++) {
        ShardBlock samples = shards.readBlock(split, block);
        for (int row = 0; row < samples.rows(); row++) {
          if (samples.path(row).equals(path)) {
            samples.decode(row, found);
            assertThat(samples.label(row)).isEqualTo(label);
            assertThat(found).isEqualTo(expected);
            return;
          }
        }
      }
    }
    throw new AssertionError("No sample " + path);
  }

  @Test
  void shardsOfJpegsAreDecoded() throws IOException {
    ShardFolder shards = shards("shards-jpeg");
    double sum = 0;
    long bytes = 0;
    for (String split : List.of("train", "test")) {
      ShardBlock samples = shards.readBlock(split, 0);
      byte[] pixels = new byte[12 * 12 * 3];
      for (int row = 0; row < samples.rows(); row++) {
        samples.decode(row, pixels);
        for (byte value : pixels) {
          sum += value & 0xFF;
        }
        bytes += pixels.length;
      }
    }

    assertThat(bytes).isEqualTo(12 * 12 * 12 * 3);
    double mean =
        shards.manifest().statistics().mean().stream().mapToDouble(each -> each).sum() / 3;
    assertThat(sum / bytes).isCloseTo(mean, within(3.0)); // that one is of the images of train
  }

  @Test
  void aRunSaysWhatItSaid() {
    JsonNode run = commands.json("runs " + GOLDEN).at("/runs/0");
    JsonNode checkpoints = commands.json("checkpoints " + GOLDEN.resolve("run")).get("checkpoints");

    assertThat(run.get("rounds").asInt()).isEqualTo(12);
    assertThat(run.get("planned_rounds").asInt()).isEqualTo(12);
    assertThat(run.get("best_round").asInt()).isEqualTo(12);
    assertThat(run.get("loss").asDouble()).isEqualTo(0.10760235176183368);
    assertThat(checkpoints.findValuesAsText("state")).containsOnly("valid");
    assertThat(checkpoints.findValuesAsText("parameters_sha256"))
        .containsExactlyInAnyOrder(
            "2441f08e9520ef71b1af29694e8524701229b4e92d0ed696b04718a129be3500",
            "f3cbed0bf16883bed7f0ed0f9306e03b7a16e62ed35d6b1eaeb3bc7a922774a0");
  }

  @Test
  void aJobHasTheIdentityThatItHad() throws IOException {
    Path run = GOLDEN.resolve("run");
    JsonNode record = new ObjectMapper().readTree(run.resolve("run.json").toFile());

    assertThat(RunFolder.at(hadoop(run), hadoop).recorded().job().sha256())
        .isEqualTo(record.get("config_sha256").asText())
        .isEqualTo("1a0e87fe5aa12fabc8c9737e5d9fe505500c075f48c986f652050d97897cf676");
  }

  @ParameterizedTest
  @CsvSource({"000008, 0.1868231991926829", "000012, 0.06089848279953003"})
  void aCheckpointIsEvaluatedAsItWas(String checkpoint, double logLoss) {
    JsonNode evaluation =
        commands.json(
            "evaluate --checkpoint %s --data %s"
                .formatted(
                    GOLDEN.resolve("run/checkpoints").resolve(checkpoint),
                    GOLDEN.resolve("shards")));

    assertThat(evaluation.get("accuracy").asDouble()).isEqualTo(1);
    assertThat(evaluation.get("log_loss").asDouble()).isCloseTo(logLoss, within(TOLERANCE));
  }

  @Test
  void aRunPredictsAsItDid() {
    JsonNode predictions =
        commands
            .json(
                "predict --checkpoint %s --top 3 %s %s %s"
                    .formatted(GOLDEN.resolve("run"), file("above"), file("left"), file("red")))
            .get("predictions");

    for (int i = 0; i < IMAGES.size(); i++) {
      for (JsonNode each : predictions.get(i).get("classes")) {
        assertThat(each.get("probability").asDouble())
            .isCloseTo(
                PROBABILITIES[i][CLASSES.indexOf(each.get("name").asText())], within(TOLERANCE));
      }
    }
  }

  @Test
  void stockDeeplearning4jReadsACheckpoint() throws IOException {
    Path model = GOLDEN.resolve("run/checkpoints/000012/model.zip");
    ComputationGraph network = ComputationGraph.load(model.toFile(), true);
    DataNormalization normalizer = ModelSerializer.restoreNormalizerFromFile(model.toFile());

    for (int i = 0; i < IMAGES.size(); i++) {
      INDArray centre = centre(image(IMAGES.get(i)));
      normalizer.transform(centre);
      float[] found = network.outputSingle(centre).toFloatVector();
      for (int c = 0; c < found.length; c++) {
        assertThat((double) found[c]).isCloseTo(PROBABILITIES[i][c], within(TOLERANCE));
      }
    }
    network.close();
  }

  /** The middle 10 x 10 pixels {@code [1, 3, 10, 10]}, which the model takes. */
  private static INDArray centre(BufferedImage image) {
    float[][][][] pixels = new float[1][3][10][10];
    for (int c = 0; c < 3; c++) {
      for (int y = 0; y < 10; y++) {
        for (int x = 0; x < 10; x++) {
          pixels[0][c][y][x] = image.getRaster().getSample(x + 1, y + 1, c);
        }
      }
    }
    return Nd4j.createFromArray(pixels);
  }

  @Tag("slow")
  @Test
  void aRunGoesOnForMoreEpochs() throws IOException {
    Path run = copyOfRun();

    JsonNode result = resumed(run, 6);

    assertThat(result.get("rounds").asInt()).isEqualTo(18);
    assertThat(result.get("loss").asDouble()).isCloseTo(0.21430300422182405, within(1e-2));
    List<String> metrics = Files.readAllLines(run.resolve("metrics.jsonl"));
    assertThat(metrics).hasSize(18);
    assertThat(metrics.subList(0, 12))
        .isEqualTo(Files.readAllLines(GOLDEN.resolve("run/metrics.jsonl")));
  }

  @Tag("slow")
  @Test
  void aRunThatIsResumedEarlierEndsWhereItEnded() throws IOException {
    Path run = copyOfRun();
    for (String file : List.of("manifest.json", "model.zip", "")) {
      Files.delete(run.resolve("checkpoints/000012").resolve(file));
    }
    float[] expected = TinyJob.parameters(GOLDEN.resolve("run/checkpoints/000012").toString());

    JsonNode result = resumed(run, 4);

    assertThat(result.get("rounds").asInt()).isEqualTo(12);
    float[] found = TinyJob.parameters(run.resolve("checkpoints/000012").toString());
    double distance = 0;
    double length = 0;
    for (int i = 0; i < expected.length; i++) {
      distance += Math.pow((double) found[i] - expected[i], 2);
      length += Math.pow(expected[i], 2);
    }
    assertThat(Math.sqrt(distance / length)).isLessThan(1e-3);
  }

  private JsonNode resumed(Path run, int epochs) {
    return commands.json(
        String.format(
            Locale.ROOT,
            "train --resume --run %s --data %s --epochs %d",
            run,
            GOLDEN.resolve("shards"),
            epochs));
  }

  private Path copyOfRun() throws IOException {
    Path source = GOLDEN.resolve("run");
    Path target = folder.resolve("run");
    try (Stream<Path> files = Files.walk(source)) {
      for (Path file : files.toList()) {
        Files.copy(file, target.resolve(source.relativize(file).toString()));
      }
    }
    return target;
  }

  private ShardFolder shards(String name) {
    return ShardFolder.open(hadoop(GOLDEN.resolve(name)), hadoop);
  }

  private static org.apache.hadoop.fs.Path hadoop(Path path) {
    return new org.apache.hadoop.fs.Path(path.toUri());
  }

  private static Path file(String image) {
    return GOLDEN.resolve("images").resolve(image + ".png");
  }

  private static BufferedImage image(String name) throws IOException {
    return ImageIO.read(file(name).toFile());
  }
}
