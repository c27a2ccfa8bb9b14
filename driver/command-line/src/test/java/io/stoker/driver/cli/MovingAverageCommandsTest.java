// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.stoker.driver.LocalSpark;
import io.stoker.driver.LogLines;
import io.stoker.driver.TinyImages;
import io.stoker.driver.TinyJob;
import io.stoker.driver.evaluate.CalibrateJob;
import io.stoker.driver.job.ExistingRun;
import io.stoker.driver.round.RoundListener;
import io.stoker.driver.round.TrainJob;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MovingAverageCommandsTest {
  @TempDir static Path folder;

  private static TinyJob job;
  private static Path image;
  private static String last;

  @BeforeAll
  static void train() throws IOException {
    job = TinyJob.in(folder);
    try (JavaSparkContext spark = LocalSpark.start("local[2]")) {
      last =
          TrainJob.run(
                  spark,
                  job.config("average").set("ema", 0.9).build(),
                  ExistingRun.REFUSE,
                  RoundListener.NONE)
              .parametersSha256();
      TrainJob.run(spark, job.config("plain").build(), ExistingRun.REFUSE, RoundListener.NONE);
    }
    Path first = TinyImages.write(job.data(), folder.resolve("images")).get(0);
    image = Files.copy(first, folder.resolve("image.png"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "evaluate --checkpoint RUN --data DATA --split test",
        "export --checkpoint RUN --format onnx --overwrite --output NEW.onnx",
        "export --checkpoint RUN --format safetensors --overwrite --output NEW.safetensors"
      })
  void theAverageIsUsedUnlessTheLastParametersAreAskedFor(String command) {
    JsonNode average = json(command);

    assertThat(average.path("parameters_sha256").textValue()).hasSize(64).isNotEqualTo(last);
    assertThat(json(command + " --parameters ema").path("parameters_sha256"))
        .isEqualTo(average.path("parameters_sha256"));
    assertThat(json(command + " --parameters last").path("parameters_sha256").textValue())
        .isEqualTo(last);
  }

  @Test
  void predictionsFollowTheChoice() {
    String command = "predict --checkpoint RUN IMAGE";

    assertThat(json(command))
        .isEqualTo(json(command + " --parameters ema"))
        .isNotEqualTo(json(command + " --parameters last"));
  }

  /** A checkpoint keeps one temperature. */
  @Test
  void aTemperatureThatIsReplacedIsNamed(@TempDir Path copied) throws IOException {
    Path model = copied.resolve("model.zip");
    Files.copy(
        Path.of(json("evaluate --checkpoint RUN --data DATA").path("checkpoint").asText()), model);
    String calibrate = filled("calibrate --data DATA --split train --checkpoint ") + model;

    assertThat(replaced(calibrate)).isEmpty();
    assertThat(replaced(calibrate + " --parameters last"))
        .contains("of its moving average, which is evaluated by default, was replaced");
    assertThat(replaced(calibrate)).contains("of its last parameters was replaced");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "evaluate --checkpoint PLAIN --data DATA --parameters ema",
        "predict --checkpoint PLAIN --parameters ema IMAGE",
        "export --checkpoint PLAIN --parameters ema --format onnx --output NEW",
        "explain --checkpoint PLAIN --parameters ema --output NEW IMAGE",
        "probe --checkpoint PLAIN --parameters ema --data DATA"
      })
  void aRunWithoutAnAverageIsNamed(String command) {
    Commands.Outcome outcome = new Commands().run(filled(command));

    assertThat(outcome.exitCode()).isEqualTo(2);
    assertThat(outcome.err())
        .contains("Cannot use the moving average of ")
        .contains("it was trained without --ema and --swa (say --parameters last)");
    assertThat(folder.resolve("new")).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(strings = {"1", "1.5", "-0.1", "NaN", "0.99999999999", "x"})
  void aDecayThatIsNoneIsRefusedBeforeAnythingIsWritten(String decay) {
    Commands.Outcome outcome =
        new Commands().run(filled("train --data DATA --run NEW --model lenet5 --ema " + decay));

    assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(2);
    assertThat(outcome.err()).contains("ema");
    assertThat(folder.resolve("new")).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(strings = {"-1", "0.5", "x", "10", "2 --ema 0.9"})
  void aMeanThatIsNoneIsRefusedBeforeAnythingIsWritten(String epochs) {
    Commands.Outcome outcome =
        new Commands().run(filled("train --data DATA --run NEW --model lenet5 --swa " + epochs));

    assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(2);
    assertThat(outcome.err()).contains("swa");
    assertThat(folder.resolve("new")).doesNotExist();
  }

  /** The warning that a temperature was replaced; empty if there is none. */
  private static String replaced(String command) {
    try (LogLines log = LogLines.of(CalibrateJob.class)) {
      Commands.Outcome outcome = new Commands().run(command);
      assertThat(outcome.exitCode()).as(outcome.err()).isZero();
      return log.lines().stream()
          .filter(line -> line.contains("was replaced"))
          .collect(Collectors.joining());
    }
  }

  private static JsonNode json(String command) {
    return new Commands().json(filled(command));
  }

  private static String filled(String command) {
    return command
        .replace("RUN", job.run("average").toString())
        .replace("PLAIN", job.run("plain").toString())
        .replace("DATA", job.data().toString())
        .replace("IMAGE", image.toString())
        .replace("NEW", folder.resolve("new").toString());
  }
}
