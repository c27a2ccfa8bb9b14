package io.stoker.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import org.junit.jupiter.api.Test;

class BenchAveragingTest {
  private final Commands commands = new Commands();

  @Test
  void measuresEachSizeWithEachNumberOfWorkersBesideTheDriversWay() {
    JsonNode measured =
        commands
            .json(
                "bench averaging --parameters 3000,2000000 --workers 1,2 --rounds 2 --baseline"
                    + " driver")
            .get("measured");

    assertThat(measured).hasSize(4);
    assertThat(measured.findValuesAsText("workers")).containsExactly("1", "2", "1", "2");
    for (JsonNode each : measured) {
      long vector = 4 * each.get("parameters").asLong();
      assertThat(each.get("seconds_per_round").asDouble()).isPositive();
      assertThat(each.get("driver_bytes_per_round").asLong()).isBetween(1L, 100_000L);
      assertThat(each.at("/baselines/driver/driver_bytes_per_round").asLong())
          .isGreaterThan(vector);
    }
  }

  @Test
  void theStockTrainingMasterAveragesANetworkOfThatSize() {
    JsonNode stock =
        commands
            .json("bench averaging --parameters 2000000 --rounds 1 --baseline dl4j")
            .at("/baselines/dl4j");

    assertThat(stock.get("parameters").asInt()).isEqualTo(2_000_000);
    assertThat(stock.get("seconds_per_round").asDouble())
        .isGreaterThan(stock.get("step_seconds").asDouble());
    assertThat(stock.get("driver_bytes_per_round").asLong()).isGreaterThan(4 * 2_000_000L);
    assertThat(stock.get("times_as_long").asDouble()).isPositive();
  }

  @Test
  void oneSizeIsTheWholeReport() {
    JsonNode json = commands.json("bench averaging --parameters 3000 --rounds 1 --wire int8");

    assertThat(json.get("parameters").asInt()).isEqualTo(3000);
    assertThat(json.get("workers").asInt()).isEqualTo(2);
    assertThat(json.get("wire").asText()).isEqualTo("int8");
    assertThat(json.get("executor_bytes_per_round").asLong()).isZero(); // there is one executor
  }
}
