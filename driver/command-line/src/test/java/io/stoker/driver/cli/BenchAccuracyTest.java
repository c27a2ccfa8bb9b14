// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.stoker.driver.TinyJob;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("slow")
class BenchAccuracyTest {
  private final Commands commands = new Commands();

  @TempDir private Path folder;

  @Test
  void trainsUntilTheTarget() {
    TinyJob job = TinyJob.in(folder);

    JsonNode json =
        commands.json(
            "bench accuracy --data %s --model %s --batch 8 --local-steps 2 --every 64 --target 0.9 --epochs 40"
                .formatted(job.data(), folder.resolve("tiny.yaml")));

    assertThat(json.get("reached").asBoolean()).isTrue();
    assertThat(json.get("accuracy").asDouble()).isGreaterThanOrEqualTo(0.9);
    assertThat(json.get("images").asInt()).isBetween(32, 40 * 271);
    assertThat(json.get("seconds").asDouble()).isPositive();
    assertThat(json.has("baselines")).isFalse();
  }

  @Test
  void whatIsNotReachedIsNotSaidToBe() {
    TinyJob job = TinyJob.in(folder);

    JsonNode json =
        commands.json(
            "bench accuracy --data %s --model %s --learning-rate 1e-9 --every 100 --target 1 --epochs 1"
                .formatted(job.data(), folder.resolve("tiny.yaml")));

    assertThat(json.get("reached").asBoolean()).isFalse();
    assertThat(json.get("images").asInt()).isEqualTo(271);
  }
}
