// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.driver.config.TrainingOption;
import io.stoker.driver.config.TrainingOption.ParamEntry;
import io.stoker.driver.ml.StokerClassifier;
import io.stoker.driver.report.Dashboard;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** What {@code train} can do, {@link StokerClassifier} can do. */
class TrainOptionsAsParamsTest {
  private static final Set<String> OF_THE_COMMAND_LINE = Set.of("--json", "--verbose", "--help");

  @Test
  void eachOptionOfTrainIsInTheTable() {
    Set<String> options = new TreeSet<>();
    new CommandLine(new TrainCommand(null))
        .getCommandSpec()
        .options()
        .forEach(option -> options.add(option.longestName()));
    options.removeAll(OF_THE_COMMAND_LINE);

    assertThat(TrainingOption.ofCommand())
        .extracting(option -> "--" + option.name())
        .containsExactlyInAnyOrderElementsOf(options);
  }

  @Test
  void eachOptionOfTrainIsAParamOrThereIsAReason() {
    List<String> params =
        Arrays.stream(new StokerClassifier().params()).map(param -> param.name()).toList();

    for (TrainingOption option : TrainingOption.ofCommand()) {
      assertThat(option.paramName().isEmpty())
          .as(option.name() + " has a param, or says why it has none")
          .isEqualTo(!option.without().isEmpty());
    }
    assertThat(params)
        .containsAll(StokerClassifier.paramsByOption().values())
        .containsExactlyInAnyOrderElementsOf(
            TrainingOption.paramsOf("classifier").stream().map(ParamEntry::name).toList());
  }

  @Test
  void aPortWithoutANumberIsThatOfTheDashboard() {
    assertThat(TrainingOption.named("dashboard").fallback()).contains("" + Dashboard.PORT);
  }
}
