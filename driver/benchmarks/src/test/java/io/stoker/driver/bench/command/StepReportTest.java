// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.bench.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.driver.bench.StepBench;
import io.stoker.driver.bench.StepLoad;
import io.stoker.driver.bench.StepRate;
import io.stoker.driver.command.Report;
import io.stoker.models.zoo.Zoo;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class StepReportTest {
  private static final StepRate OWN = new StepRate(8000, 4100, 2, 5.5, 3, 100, 1);
  private static final StepRate STOCK = new StepRate(2000, 1900, 8, 9, 1, 25, 1);

  @Test
  void oneBatchIsOneResult() {
    Report report = report("", measured(16, OWN));

    assertThat(report.json().get("images_per_second").asDouble()).isEqualTo(8000);
    assertThat(report.json().get("images_per_processor_second").asDouble()).isEqualTo(4100);
    assertThat(report.json().get("slow_step_milliseconds").asDouble()).isEqualTo(5.5);
    assertThat(report.json().get("batch").asInt()).isEqualTo(16);
    assertThat(report.json().has("batches")).isFalse();
    assertThat(report.text()).startsWith("lenet5, batch 16, 1 workers, inference, fp32:");
    assertThat(report.text()).containsPattern("onednn +8,000.0 +4,100.0 +2.00 +5.50 +3.0");
  }

  @Test
  void severalBatchesAreALineAndAnEntryEach() {
    Report report = report("stock", measured(1, OWN, STOCK), measured(32, STOCK, OWN));

    assertThat(report.json().get("batches").findValuesAsText("batch")).containsExactly("1", "32");
    assertThat(report.json().get("batches").findValuesAsText("ratio"))
        .containsExactly("4.0", "0.25");
    assertThat(report.json().has("images_per_second")).isFalse();
    assertThat(report.text())
        .startsWith("lenet5, batch 1, 32, 1 workers, inference, fp32:")
        .containsPattern("batch 1, onednn +8,000.0")
        .containsPattern("batch 32, stock Deeplearning4j +8,000.0")
        .contains("batch 32: 0.25 times as many images a second as stock Deeplearning4j");
  }

  private static StepReport.Measured measured(int batch, StepRate... rates) {
    return new StepReport.Measured(
        new StepLoad(Zoo.model("lenet5", 10), batch, 1, StepLoad.Pass.INFERENCE),
        new StepBench.Result(List.of(rates), Optional.empty(), Optional.empty()),
        Optional.empty());
  }

  private static Report report(String baseline, StepReport.Measured... measured) {
    return new StepReport("onednn", baseline, List.of(measured)).report();
  }
}
