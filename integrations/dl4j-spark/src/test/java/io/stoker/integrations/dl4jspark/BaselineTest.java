// SPDX-License-Identifier: Apache-2.0
package io.stoker.integrations.dl4jspark;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.stoker.driver.TinyJob;
import io.stoker.driver.cli.Commands;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("slow")
class BaselineTest {
  private final Commands commands = new Commands();

  @TempDir private Path folder;

  @Test
  void theStockTrainingMasterAveragesANetworkOfThatSize() {
    JsonNode stock =
        commands
            .json("bench averaging --parameters 200000 --rounds 1 --baseline dl4j")
            .at("/baselines/dl4j");

    assertThat(stock.get("parameters").asInt()).isEqualTo(200_000);
    assertThat(stock.get("seconds_per_round").asDouble())
        .isGreaterThan(stock.get("step_seconds").asDouble());
    assertThat(stock.get("driver_bytes_per_round").asLong()).isGreaterThan(4 * 200_000L);
    assertThat(stock.get("times_as_long").asDouble()).isPositive();
  }

  @Test
  void bothTrainTheSameModelUntilTheTarget() {
    TinyJob job = TinyJob.in(folder);

    JsonNode json =
        commands.json(
            "bench accuracy --data %s --model %s --batch 8 --local-steps 2 --every 64 --target 0.9 --epochs 40 --baseline dl4j --baseline-learning-rate 0.02"
                .formatted(job.data(), folder.resolve("tiny.yaml")));

    JsonNode stock = json.at("/baselines/dl4j");
    for (JsonNode each : new JsonNode[] {json, stock}) {
      assertThat(each.get("reached").asBoolean()).isTrue();
      assertThat(each.get("accuracy").asDouble()).isGreaterThanOrEqualTo(0.9);
      assertThat(each.get("images").asInt()).isBetween(32, 40 * 271);
      assertThat(each.get("seconds").asDouble()).isPositive();
    }
    assertThat(stock.get("times_as_long").asDouble())
        .isEqualTo(stock.get("seconds").asDouble() / json.get("seconds").asDouble());
  }
}
