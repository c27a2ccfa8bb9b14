// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.stoker.data.shard.ShardBlock;
import io.stoker.data.shard.ShardFolder;
import io.stoker.driver.LocalSpark;
import io.stoker.driver.TinyJob;
import io.stoker.driver.checkpoint.ParameterChoice;
import io.stoker.driver.checkpoint.StoredModel;
import io.stoker.driver.job.ExistingRun;
import io.stoker.driver.round.RoundListener;
import io.stoker.driver.round.TrainJob;
import io.stoker.driver.run.ModelFiles;
import io.stoker.failure.InputException;
import io.stoker.models.engine.Arithmetic;
import io.stoker.models.engine.Engines;
import io.stoker.models.engine.Network;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.ModelYaml;
import io.stoker.worker.TinyShards;
import io.stoker.worker.eval.TestViews;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model that was trained on 6 x 6 pixels of images of 8 x 8 is shown 8 x 8. */
class ImageSizeTest {
  @TempDir Path folder;

  private static String model(int size, String pooling) {
    return String.format(
        Locale.ROOT,
        """
        name: any-size
        input: [%d, %d, 1]
        layers:
          - conv: {filters: 6, kernel: 3, padding: 1}
          - batch-norm
          - relu
          - %s
          - dense: %d
        """,
        size,
        size,
        pooling,
        TinyShards.CLASSES);
  }

  private static String run(TinyJob job, JavaSparkContext spark, String name, String pooling)
      throws IOException {
    Path model = job.data().resolveSibling(name + ".yaml");
    Files.writeString(model, model(6, pooling));
    TrainJob.run(
        spark,
        job.config(name).model(model.toString()).augmentations(List.of("crop")).build(),
        ExistingRun.REFUSE,
        RoundListener.NONE);
    return job.run(name).toString();
  }

  private static EvaluateRequest at(int size, String run, TinyJob job) {
    return new EvaluateRequest(
        new Inference(
            run,
            ParameterChoice.BEST,
            "auto",
            TestViews.NONE,
            Arithmetic.FASTEST_FP32,
            size,
            false),
        job.data().toString(),
        "test",
        16,
        1);
  }

  @Test
  void aModelWithAGlobalAverageIsEvaluatedAtALargerSize() throws IOException {
    TinyJob job = TinyJob.in(folder);
    try (JavaSparkContext spark = LocalSpark.start("local[2]")) {
      String run = run(job, spark, "any", "global-average-pool");

      EvaluationReport report = EvaluateJob.run(spark, at(8, run, job));

      assertThat(report.logLoss()).isCloseTo(lossOfWholeImages(run, job), within(1e-5));
      assertThat(report.logLoss()).isNotEqualTo(EvaluateJob.run(spark, at(0, run, job)).logLoss());
      assertThatThrownBy(() -> EvaluateJob.run(spark, at(9, run, job)))
          .isInstanceOf(InputException.class)
          .hasMessageContaining("9 x 9");
      assertThatThrownBy(() -> at(-1, run, job))
          .isInstanceOf(InputException.class)
          .hasMessage("Invalid size: -1 (must be >= 1, or 0 for that of the training)");
    }
  }

  @Test
  void aModelWhoseWeightsAreOfOneSizeIsRefused() throws IOException {
    TinyJob job = TinyJob.in(folder);
    try (JavaSparkContext spark = LocalSpark.start("local[2]")) {
      String run = run(job, spark, "one", "max-pool: {kernel: 2}");

      assertThatThrownBy(() -> EvaluateJob.run(spark, at(8, run, job)))
          .isInstanceOf(InputException.class)
          .hasMessage(
              "Invalid size: 8 (layer 5 of model any-size, dense %d, has other weights for it than"
                  + " for images of 6 x 6 x 1; a global-average-pool before it makes a model for"
                  + " several sizes)",
              TinyShards.CLASSES);
    }
  }

  private static double lossOfWholeImages(String run, TinyJob job) throws IOException {
    StoredModel stored = ModelFiles.open(run, new Configuration());
    ModelSpec larger =
        ModelYaml.read(
            new ByteArrayInputStream(
                model(8, "global-average-pool").getBytes(StandardCharsets.UTF_8)),
            "larger",
            0);
    ShardBlock block =
        ShardFolder.open(new org.apache.hadoop.fs.Path(job.data().toUri()), new Configuration())
            .readBlock("test", 0);
    byte[] pixels = new byte[64];
    float[] image = new float[64];
    float[] probabilities = new float[TinyShards.CLASSES];
    double loss = 0;
    try (Network network = Engines.named("auto").create(larger, 1)) {
      stored.copyParameters(network::writeParameters, new Configuration());
      for (int row = 0; row < block.rows(); row++) {
        block.decode(row, pixels);
        for (int i = 0; i < 64; i++) {
          image[i] = (float) (((pixels[i] & 0xFF) - 70.0) / 60.0);
        }
        network.predict(image, 1, probabilities);
        loss -= Math.log(probabilities[block.label(row)]);
      }
    }
    return loss / block.rows();
  }
}
