// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.driver.LocalSpark;
import io.stoker.driver.TinyJob;
import io.stoker.driver.job.ExistingRun;
import io.stoker.driver.round.RoundListener;
import io.stoker.driver.round.TrainJob;
import java.nio.file.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Commands whose batches take more memory than there is. */
class BatchMemoryTest {
  @TempDir static Path folder;

  private static TinyJob job;

  @BeforeAll
  static void train() {
    job = TinyJob.in(folder);
    try (JavaSparkContext spark = LocalSpark.start("local[2]")) {
      TrainJob.run(
          spark, job.config("run").epochs(1).build(), ExistingRun.REFUSE, RoundListener.NONE);
    }
  }

  private static Commands.Outcome run(String command) {
    return new Commands()
        .run(
            command
                .replace("TINY", folder.resolve("tiny.yaml").toString())
                .replace("RUN", job.run("run").toString())
                .replace("OUT", folder.resolve("predictions").toString())
                .replace("DATA", job.data().toString()));
  }

  @Tag("slow")
  @ParameterizedTest
  @ValueSource(
      strings = {
        "evaluate --checkpoint RUN --data DATA",
        "predict --checkpoint RUN --input DATA --output OUT",
        "probe --checkpoint RUN --data DATA",
        "bench step --model perceptron",
        "train --model TINY --data DATA --run OUT",
      })
  void areRefusedBeforeANetworkIsBuilt(String command) {
    Commands.Outcome tooMuch = run(command + " --batch 1000000");
    assertThat(tooMuch.exitCode()).as(tooMuch.err()).isEqualTo(4);
    assertThat(tooMuch.err())
        .startsWith("stoker: Not enough ")
        .contains(" x ", " MiB")
        .endsWith("\n")
        .hasLineCount(1);

    Commands.Outcome tooLarge = run(command + " --batch 2147483647");
    assertThat(tooLarge.exitCode()).as(tooLarge.err()).isEqualTo(2);
    assertThat(tooLarge.err()).startsWith("stoker: Invalid ").hasLineCount(1);
  }

  @Test
  void evaluateWithTheLargestBatchThatFits() {
    Commands.Outcome evaluated = run("evaluate --checkpoint RUN --data DATA --batch 1000 --json");

    assertThat(evaluated.json().get("examples").asInt()).isPositive();
  }
}
