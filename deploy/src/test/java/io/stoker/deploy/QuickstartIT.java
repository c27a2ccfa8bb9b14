// SPDX-License-Identifier: Apache-2.0
package io.stoker.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.stoker.deploy.Stoker.Outcome;
import io.stoker.testing.Exact;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("one-line")
class QuickstartIT {
  @TempDir private Path folder;

  @Test
  @Exact
  void goesTheWholeWayTwice() {
    JsonNode first = quickstart();
    assertThat(first.get("accuracy").asDouble()).isGreaterThan(0.95);
    assertThat(first.get("predictions")).hasSize(5);
    assertThat(folder.resolve("stoker-quickstart/predictions.png")).isNotEmptyFile();
    assertThat(folder.resolve("stoker-quickstart/report.html"))
        .content()
        .contains("Worst mistakes", "First-layer filters");

    JsonNode second = quickstart();
    assertThat(second.get("parameters_sha256")).isEqualTo(first.get("parameters_sha256"));
    assertThat(second.get("run")).isNotEqualTo(first.get("run"));
  }

  private JsonNode quickstart() {
    Outcome outcome = Stoker.in(folder).run("quickstart", "--epochs", "1", "--json");
    assertThat(outcome.exitCode()).as(outcome.err()).isZero();
    return outcome.json();
  }

  @Test
  void leavesAFolderAloneThatItDidNotMake() throws IOException {
    Path precious = Files.createFile(folder.resolve("precious"));

    Outcome outcome = Stoker.in(folder).run("quickstart", "--output", ".");

    assertThat(outcome.exitCode()).isEqualTo(2);
    assertThat(outcome.err()).contains("was not made by quickstart");
    assertThat(folder.toFile().listFiles()).containsExactly(precious.toFile());
  }
}
