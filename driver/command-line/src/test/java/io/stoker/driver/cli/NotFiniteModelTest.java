// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.driver.LocalSpark;
import io.stoker.driver.TinyImages;
import io.stoker.driver.TinyJob;
import io.stoker.driver.job.ExistingRun;
import io.stoker.driver.round.RoundListener;
import io.stoker.driver.round.TrainJob;
import io.stoker.driver.run.ModelFiles;
import io.stoker.models.engine.StepSettings;
import io.stoker.models.file.ModelFileWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What commands say of a model whose training diverged. */
class NotFiniteModelTest {
  @TempDir static Path folder;

  private static TinyJob job;
  private static Path image;

  /** Of the first convolution: 3 biases before the weights. */
  private static final int WEIGHT = 5;

  @BeforeAll
  static void train() throws IOException {
    job = TinyJob.in(folder);
    try (JavaSparkContext spark = LocalSpark.start("local[1]")) {
      TrainJob.run(
          spark, job.config("run").epochs(1).build(), ExistingRun.REFUSE, RoundListener.NONE);
    }
    Path first = TinyImages.write(job.data(), folder.resolve("images")).get(0);
    image = Files.copy(first, folder.resolve("image.png"));
    float[] parameters = TinyJob.parameters(job.run("run").toString());
    float[] broken = parameters.clone();
    broken[WEIGHT] = Float.NaN;
    broken[WEIGHT + 100] = Float.NEGATIVE_INFINITY;
    write("nan.zip", broken);
    Arrays.fill(parameters, 3e38f);
    write("huge.zip", parameters);
  }

  private static void write(String name, float[] parameters) throws IOException {
    try (OutputStream stream = Files.newOutputStream(folder.resolve(name))) {
      ModelFileWriter.of(
              ModelFiles.open(job.run("run").toString(), new Configuration()).metadata(),
              new StepSettings(0.1f, 0, 0),
              (offset, target) -> target.put(parameters, (int) offset, target.remaining()))
          .write(stream);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "predict --checkpoint MODEL IMAGE",
        "predict --checkpoint MODEL --input IMAGES --output NEW",
        "evaluate --checkpoint MODEL --data DATA --split train",
        "explain --checkpoint MODEL --output NEW IMAGE",
        "explain --checkpoint MODEL --output NEW --neighbours 2 --data DATA --no-maps IMAGE",
        "probe --checkpoint MODEL --data DATA --split train",
        "train --data DATA --run NEW --model YAML --workers 1 --batch 8 --epochs 1 --init MODEL"
      })
  void eachCommandSaysHowManyParametersAreNotFiniteAndWhere(String command) {
    Commands.Outcome outcome = run(command, "nan.zip");

    assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(3);
    assertThat(outcome.err().lines().filter(line -> line.contains("diverged")))
        .singleElement()
        .asString()
        .contains(
            "nan.zip: 2 of its 1094 parameters are NaN or infinite, first NaN in the weights of"
                + " layer 1 (conv 3 @ 3x3 pad 1)");
    assertThat(outcome.out()).doesNotContain("NaN");
    assertThat(folder.resolve("new")).doesNotExist();
  }

  @Test
  void predictionsThatAreNoNumbersAreNotShownEither() {
    Commands.Outcome outcome = run("predict --checkpoint MODEL IMAGE", "huge.zip");

    assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(3);
    assertThat(outcome.err()).contains("is not a number, because its training diverged");
    assertThat(outcome.out()).isEmpty();
  }

  private static Commands.Outcome run(String command, String model) {
    return new Commands()
        .run(
            command
                .replace("MODEL", folder.resolve(model).toString())
                .replace("IMAGES", folder.resolve("images").toString())
                .replace("IMAGE", image.toString())
                .replace("DATA", job.data().toString())
                .replace("YAML", folder.resolve("tiny.yaml").toString())
                .replace("NEW", folder.resolve("new").toString()));
  }
}
