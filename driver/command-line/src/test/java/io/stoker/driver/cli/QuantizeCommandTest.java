// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.stoker.driver.LocalSpark;
import io.stoker.driver.TinyImages;
import io.stoker.driver.TinyJob;
import io.stoker.driver.job.ExistingRun;
import io.stoker.driver.round.RoundListener;
import io.stoker.driver.round.TrainJob;
import io.stoker.testing.Instructions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class QuantizeCommandTest {
  @TempDir static Path folder;

  private static TinyJob job;

  @BeforeAll
  static void train() throws IOException {
    Instructions.AVX512_VNNI.assume();
    job = TinyJob.in(folder);
    try (JavaSparkContext spark = LocalSpark.start("local[2]")) {
      TrainJob.run(spark, job.config("run").build(), ExistingRun.REFUSE, RoundListener.NONE);
    }
    Files.writeString(folder.resolve("there.zip"), "kept");
    Files.writeString(folder.resolve("hot.calibration.json"), "kept");
  }

  private static String filled(String command) {
    return command
        .replace("RUN", job.run("run").toString())
        .replace("DATA", job.data().toString())
        .replace("DIR", folder.toString());
  }

  @Test
  void theModelIsEvaluatedAndPredictsInInt8() throws IOException {
    JsonNode quantized =
        new Commands()
            .json(filled("quantize --checkpoint RUN --data DATA --output DIR/q.zip --most-loss 5"));
    Path first = TinyImages.write(job.data(), folder.resolve("images")).get(0);
    Path image = Files.copy(first, folder.resolve("image.png")); // a name without spaces

    assertThat(quantized.path("layers_in_int8").intValue()).isEqualTo(3);
    assertThat(quantized.path("split").textValue()).isEqualTo("test");
    assertThat(quantized.path("output").textValue()).endsWith("/q.zip");
    JsonNode evaluated = new Commands().json(filled("evaluate --checkpoint DIR/q.zip --data DATA"));
    assertThat(evaluated.path("accuracy")).isEqualTo(quantized.path("accuracy"));
    String predict = "predict " + image + " --checkpoint ";
    String export = "export --output DIR/q.safetensors --format safetensors --checkpoint ";
    assertThat(new Commands().json(filled(export + "DIR/q.zip")).path("int8_left_out").intValue())
        .isEqualTo(3);
    assertThat(new Commands().json(filled(export + "RUN --overwrite")).has("int8_left_out"))
        .isFalse();
    assertThat(new Commands().json(filled(predict + "DIR/q.zip")))
        .isNotEqualTo(new Commands().json(filled(predict + "RUN")));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--output DIR/there.zip | exists (say --overwrite to replace it)",
        "--output DIR/hot.zip | hot.calibration.json exists (say --overwrite to replace it)",
        "--output RUN/checkpoints/000006/new.zip --overwrite | in the folder of a checkpoint",
        "--output DIR/new.zip --most-loss -1 | Invalid most loss: -1.0",
        "--output DIR/new.zip --most-loss NaN | NaN",
        "--output DIR/new.zip --most-loss 101 | Invalid most loss: 101.0",
        "--output DIR/new.zip --images 0 | Invalid --images: 0 (must be >= 1)",
        "--output DIR/new.zip --batch 0 | Invalid --batch: 0 (must be >= 1)",
        "--output DIR/new.zip --split none | none",
        "--output DIR/new.zip --engine dl4j | Engine dl4j does not compute in int8",
      })
  void badInputIsOneLineAndLeavesNothing(String options, String message) throws IOException {
    Commands.Outcome outcome =
        new Commands().run(filled("quantize --checkpoint RUN --data DATA " + options));

    assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(2);
    assertThat(outcome.err()).contains(message);
    assertThat(folder.resolve("new.zip")).doesNotExist();
    assertThat(Files.readString(folder.resolve("there.zip"))).isEqualTo("kept");
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).noneMatch(file -> file.getFileName().toString().startsWith(".stoker-"));
    }
  }
}
