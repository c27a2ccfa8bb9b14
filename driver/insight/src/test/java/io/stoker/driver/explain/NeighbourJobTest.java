// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.explain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import io.stoker.data.batch.Normalization;
import io.stoker.data.image.ImageCodec;
import io.stoker.data.image.Pixels;
import io.stoker.data.shard.ShardBlock;
import io.stoker.data.shard.ShardFolder;
import io.stoker.driver.LocalSpark;
import io.stoker.driver.TinyImages;
import io.stoker.driver.TinyJob;
import io.stoker.driver.checkpoint.StoredModel;
import io.stoker.driver.evaluate.ImageFailure;
import io.stoker.driver.evaluate.Inference;
import io.stoker.driver.job.ExistingRun;
import io.stoker.driver.round.RoundListener;
import io.stoker.driver.round.TrainJob;
import io.stoker.driver.run.ModelFiles;
import io.stoker.failure.InputException;
import io.stoker.models.engine.Engines;
import io.stoker.models.engine.Network;
import io.stoker.models.engine.StepSettings;
import io.stoker.models.file.ModelFileWriter;
import io.stoker.models.spec.Quantization;
import io.stoker.worker.TinyShards;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NeighbourJobTest {
  @TempDir static Path folder;

  private static TinyJob job;
  private static JavaSparkContext spark;
  private static List<Path> images;
  private static final List<ImageFailure> failures = new ArrayList<>();

  @BeforeAll
  static void train() throws IOException {
    job = TinyJob.in(folder);
    spark = LocalSpark.start("local[2]");
    TrainJob.run(
        spark, job.config("run").epochs(3).build(), ExistingRun.REFUSE, RoundListener.NONE);
    images = TinyImages.write(job.data(), folder.resolve("images"));
  }

  @AfterAll
  static void stop() {
    spark.close();
  }

  private static List<Neighbours> neighbours(int count, String split, String... files) {
    return neighboursBy(job.run("run"), count, split, files);
  }

  private static List<Neighbours> neighboursBy(
      Path model, int count, String split, String... files) {
    return NeighbourJob.run(
        spark,
        new NeighbourRequest(
            new Inference(model.toString(), "auto"),
            List.of(files),
            job.data().toString(),
            split,
            count),
        failures::add);
  }

  /** A sample and how far it is, by a naive search over all. */
  private record Far(String path, double distance) {}

  @Test
  void findsWhatANaiveSearchFinds() throws IOException {
    StoredModel stored = ModelFiles.open(job.run("run").toString(), new Configuration());
    ShardFolder shards =
        ShardFolder.open(new org.apache.hadoop.fs.Path(job.data().toUri()), new Configuration());
    List<Far> all = new ArrayList<>();
    try (Network network = Engines.named("auto").create(stored.metadata().model(), 1)) {
      stored.copyParameters(network::writeParameters, new Configuration());
      float[] query =
          hidden(network, ImageCodec.decode(Files.readAllBytes(images.get(0)), 64).values());
      for (int b = 0; b < shards.manifest().split("train").blockRows().length; b++) {
        ShardBlock block = shards.readBlock("train", b);
        for (int row = 0; row < block.rows(); row++) {
          byte[] pixels = new byte[64];
          block.decode(row, pixels);
          float[] hidden = hidden(network, pixels);
          double sum = 0;
          for (int i = 0; i < hidden.length; i++) {
            sum += Math.pow(hidden[i] - query[i], 2);
          }
          all.add(new Far(block.path(row), Math.sqrt(sum)));
        }
      }
    } catch (io.stoker.data.image.UnreadableImageException e) {
      throw new AssertionError(e);
    }
    all.sort(Comparator.comparingDouble(Far::distance));

    List<Neighbours.Sample> found =
        neighbours(7, "train", images.get(0).toString()).get(0).samples();

    assertThat(all).hasSize(271);
    assertThat(found)
        .extracting(Neighbours.Sample::path)
        .containsExactlyElementsOf(all.subList(0, 7).stream().map(Far::path).toList());
    for (int i = 0; i < 7; i++) {
      assertThat(found.get(i).distance()).isCloseTo(all.get(i).distance(), within(1e-4));
    }
  }

  /** The input of the last dense layer. */
  private static float[] hidden(Network network, byte[] pixels) {
    float[] image = new float[64];
    new Normalization(List.of(70.0), List.of(60.0)).apply(pixels, TinyShards.SHAPE, image, 0);
    float[] hidden = new float[20];
    network.inspect(image, 1, new int[] {0}, 5, hidden, new float[20]);
    return hidden;
  }

  @Test
  void findsASampleItselfAndGivesItsPicture() throws Exception {
    List<Neighbours> found =
        neighbours(3, "test", images.get(4).toString(), images.get(9).toString());

    assertThat(found).hasSize(2);
    for (Neighbours each : found) {
      Neighbours.Sample nearest = each.samples().get(0);
      assertThat(nearest.distance()).isCloseTo(0, within(1e-5));
      assertThat(nearest.className())
          .isEqualTo(Path.of(each.image()).getParent().getFileName().toString());
      Pixels file = ImageCodec.decode(Files.readAllBytes(Path.of(each.image())), 64);
      assertThat(nearest.pixels().values()).isEqualTo(file.values());
      assertThat(each.samples())
          .isSortedAccordingTo(Comparator.comparingDouble(Neighbours.Sample::distance))
          .hasSize(3);
    }
  }

  @Test
  void aModelInInt8IsLookedAtInFp32() throws IOException {
    Configuration hadoop = new Configuration();
    StoredModel stored = ModelFiles.open(job.run("run").toString(), hadoop);
    Quantization coarse =
        new Quantization(new TreeMap<>(Map.of("1", new Quantization.Range(0.1f, true))));
    Path file = folder.resolve("int8.zip");
    try (OutputStream out = Files.newOutputStream(file)) {
      ModelFileWriter.of(
              stored.metadata().with(coarse),
              new StepSettings(0.1f, 0, 0),
              stored.parameterSource(hadoop))
          .write(out);
    }
    String image = images.get(0).toString();

    assertThat(neighboursBy(file, 5, "train", image).get(0).samples())
        .extracting(Neighbours.Sample::path, Neighbours.Sample::distance)
        .containsExactlyElementsOf(
            neighbours(5, "train", image).get(0).samples().stream()
                .map(sample -> tuple(sample.path(), sample.distance()))
                .toList());
  }

  @Test
  void givesAllThereAreWhereMoreAreAsked() {
    assertThat(neighbours(999, "test", images.get(0).toString()).get(0).samples()).hasSize(50);
  }

  @Test
  void refusesWhatCannotBe() {
    assertThatThrownBy(() -> neighbours(0, "test", images.get(0).toString()))
        .isInstanceOf(InputException.class)
        .hasMessage("Invalid number of neighbours: 0 (must be >= 1)");
    assertThatThrownBy(() -> neighbours(3, "tset", images.get(0).toString()))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("tset");
  }

  @Test
  void anImageThatCannotBeReadStopsNoOther() {
    failures.clear();

    List<Neighbours> found = neighbours(3, "test", "nowhere.png", images.get(4).toString());

    assertThat(found).extracting(Neighbours::image).containsExactly(images.get(4).toString());
    assertThat(failures).extracting(ImageFailure::image).containsExactly("nowhere.png");
    assertThat(neighbours(3, "test", "nowhere.png")).isEmpty();
  }
}
