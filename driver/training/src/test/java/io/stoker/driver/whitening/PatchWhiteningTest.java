// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.whitening;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.stoker.data.block.BlockCache;
import io.stoker.data.block.SplitBlocks;
import io.stoker.data.shard.ShardBlock;
import io.stoker.data.shard.ShardFolder;
import io.stoker.driver.LocalSpark;
import io.stoker.driver.TinyJob;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.round.TrainResult;
import io.stoker.failure.InputException;
import io.stoker.testing.Exact;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Exact
class PatchWhiteningTest {
  private static final String MODEL =
      """
      name: whitening
      input: [8, 8, 1]
      layers:
        - whiten: {kernel: 2, bias: %s}
        - relu
        - dense: classes
      """;

  @TempDir Path folder;

  private TrainingConfig.Builder config(TinyJob job, String run, String bias) throws IOException {
    Path model = folder.resolve("whitening-" + bias + ".yaml");
    Files.writeString(model, MODEL.formatted(bias));
    return job.config(run).model(model.toString());
  }

  private static TrainResult train(String master, TrainingConfig.Builder config) {
    try (JavaSparkContext spark = LocalSpark.start(master)) {
      return TinyJob.train(spark, config);
    }
  }

  /** The second moments of what eight filters give for all patches, by a plain loop. */
  private static double[][] moments(Path data, float[] filters) throws IOException {
    ShardFolder shards =
        ShardFolder.open(new org.apache.hadoop.fs.Path(data.toString()), new Configuration());
    SplitBlocks blocks = new SplitBlocks(shards, "train", new BlockCache(0));
    double[][] moments = new double[8][8];
    long patches = 0;
    for (int i = 0; i < blocks.rows().length; i++) {
      ShardBlock block = blocks.block(i);
      for (int row = 0; row < block.rows(); row++, patches += 49) {
        byte[] pixels = block.pixels(row).values();
        for (int place = 0; place < 49; place++) {
          add(pixels, place / 7 * 8 + place % 7, filters, moments);
        }
      }
    }
    for (double[] each : moments) {
      for (int j = 0; j < 8; j++) {
        each[j] /= patches;
      }
    }
    return moments;
  }

  private static void add(byte[] pixels, int at, float[] filters, double[][] moments) {
    double[] outputs = new double[8];
    for (int filter = 0; filter < 8; filter++) {
      for (int i = 0; i < 4; i++) {
        double pixel = (pixels[at + i / 2 * 8 + i % 2] & 255) - 70.0;
        outputs[filter] += filters[filter * 4 + i] * pixel / 60.0;
      }
    }
    for (int i = 0; i < 8; i++) {
      for (int j = 0; j < 8; j++) {
        moments[i][j] += outputs[i] * outputs[j];
      }
    }
  }

  @Test
  void theFiltersWhitenTheTrainingImagesAndStayAsTheyAre() throws IOException {
    TinyJob job = TinyJob.in(folder);
    TrainResult result = train("local[2]", config(job, "run", "0").checkpointEvery(1).keep(9));

    float[] last = TinyJob.parameters(result.run());
    float[] filters = Arrays.copyOfRange(last, 8, 8 + 32);
    double[][] moments = moments(job.data(), filters);
    for (int i = 0; i < 4; i++) {
      for (int j = 0; j < 4; j++) {
        assertThat(moments[i][j]).isCloseTo(i == j ? 1 : 0, within(0.01));
        assertThat(moments[i][4 + j]).isCloseTo(i == j ? -1 : 0, within(0.01));
      }
    }
    float[] first = TinyJob.parameters(result.run() + "/checkpoints/000001");
    assertThat(Arrays.copyOfRange(first, 8, 8 + 32)).isEqualTo(filters);
    assertThat(Arrays.copyOf(first, 8)).isNotEqualTo(Arrays.copyOf(last, 8)); // biases learn
  }

  @Test
  void aResumeAndSlotsChangeNoBit() throws IOException {
    TinyJob job = TinyJob.in(folder);
    for (String bias : List.of("0", "none")) {
      String one = train("local[1]", config(job, "one" + bias, bias)).parametersSha256();
      assertThat(train("local[3]", config(job, "three" + bias, bias)).parametersSha256())
          .isEqualTo(one);
      TrainingConfig.Builder stopped = config(job, "stopped" + bias, bias).checkpointEvery(2);
      try (JavaSparkContext spark = LocalSpark.start("local[2]")) {
        TinyJob.stop(spark, stopped, 3);
        assertThat(TinyJob.resume(spark, stopped).parametersSha256()).isEqualTo(one);
      }
    }
  }

  @Test
  void aTrainedModelPassesItsFiltersOn() throws IOException {
    TinyJob job = TinyJob.in(folder);
    String trained = train("local[2]", config(job, "trained", "0")).run();
    Files.createDirectory(folder.resolve("others"));
    TinyJob others = TinyJob.in(folder.resolve("others"), List.of(40));

    String tuned = train("local[2]", config(others, "tuned", "0").init(trained)).run();

    assertThat(Arrays.copyOfRange(TinyJob.parameters(tuned), 8, 8 + 32))
        .isEqualTo(Arrays.copyOfRange(TinyJob.parameters(trained), 8, 8 + 32));
  }

  @Test
  void fewerImagesThanAPatchHasValuesAreRefused() throws IOException {
    TinyJob job = TinyJob.in(folder, List.of(3));
    TrainingConfig.Builder config = config(job, "few", "0");
    assertThatThrownBy(() -> train("local[1]", config))
        .isInstanceOf(InputException.class)
        .hasMessage(
            "Cannot whiten with model whitening: split 'train' has 3 images, and patches of 2 x 2 x"
                + " 1 need 4 (choose a model without whitening)");
    assertThat(job.run("few")).doesNotExist();
  }
}
