// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.driver.ml.StokerClassifier;
import java.io.PrintWriter;
import java.io.Writer;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** What {@code train} can do, {@link StokerClassifier} can do. */
class TrainOptionsAsParamsTest {
  /** Why an option has no param. */
  private static final Map<String, String> WITHOUT =
      Map.of(
          "--recipe", "its values are params",
          "--resume", "a fit with a checkpointDir always goes on",
          "--gang", "spark.stoker.gang is of the session, which runs before the fit",
          "--dashboard", "stoker dashboard --run shows the runs of checkpointDir",
          "--json", "of the command line",
          "--verbose", "of the command line",
          "--help", "of the command line");

  @Test
  void eachOptionOfTrainIsAParamOrThereIsAReason() {
    PrintWriter none = new PrintWriter(Writer.nullWriter());
    Set<String> options = new TreeSet<>();
    for (OptionSpec option :
        new CommandLine(new TrainCommand(new Console(none, none, false, false)))
            .getCommandSpec()
            .options()) {
      options.add(option.longestName());
    }

    options.removeAll(WITHOUT.keySet());

    assertThat(StokerClassifier.paramsByOption().keySet()).containsAll(options);
    assertThat(Arrays.stream(new StokerClassifier().params()).map(param -> param.name()))
        .containsAll(StokerClassifier.paramsByOption().values());
  }
}
