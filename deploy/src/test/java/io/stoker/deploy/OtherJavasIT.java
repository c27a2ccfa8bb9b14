// SPDX-License-Identifier: Apache-2.0
package io.stoker.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.stoker.deploy.Stoker.Outcome;
import io.stoker.testing.Exact;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The distribution, which Java 17 built, on Java 21: where JAVA21_HOME says that there is one. */
@Exact
class Java21IT {
  private static final String TRAIN =
      "train --data data --model lenet5 --batch 10 --local-steps 3 --learning-rate 0.05"
          + " --workers 2";

  @TempDir private Path folder;
  private Stoker on17;
  private Stoker on21;

  @BeforeEach
  void prepare() throws IOException {
    String home = System.getenv("JAVA21_HOME");
    assumeThat(home).as("JAVA21_HOME, the home of a Java 21").isNotNull();
    on17 = Stoker.in(folder);
    on21 = on17.with("JAVA_HOME", home);
    Shapes.write(folder.resolve("raw"), 60);
    succeed(on21, "--master local[2] prepare --input raw --output data --channels 1");
  }

  @Test
  void runsOnTheJavaThatItSays() {
    Outcome outcome = on21.run("--version");

    assertThat(outcome.exitCode()).as(outcome.err()).isZero();
    assertThat(outcome.out()).contains("Java 21");
    assertThat(outcome.err()).isEmpty();
  }

  @Test
  void trainsTheSameAsJava17HereAndOnACluster() {
    String usual = hash(on17, "--master local[2] " + TRAIN + " --epochs 4 --run on17");
    assertThat(hash(on21, "--master local[2] " + TRAIN + " --epochs 4 --run on21"))
        .isEqualTo(usual);

    LocalCluster cluster =
        LocalCluster.in(folder.resolve("cluster")).with("JAVA_HOME", System.getenv("JAVA21_HOME"));
    String master = cluster.start("--executors", "2", "--cores", "1", "--memory", "1g");
    try {
      assertThat(hash(on21, "--master " + master + " " + TRAIN + " --epochs 4 --run cluster"))
          .isEqualTo(usual);
    } finally {
      cluster.stop();
    }
    assertThat(succeed(on21, "evaluate --checkpoint on17 --data data").get("accuracy").asDouble())
        .isEqualTo(
            succeed(on17, "evaluate --checkpoint on21 --data data").get("accuracy").asDouble());
  }

  @Test
  void runsTheOtherEngineToo() {
    JsonNode result =
        succeed(on21, "--master local[2] " + TRAIN + " --engine dl4j --epochs 1 --run dl4j");

    assertThat(result.get("parameters_sha256").asText()).hasSize(64);
  }

  private static String hash(Stoker stoker, String command) {
    return succeed(stoker, command).get("parameters_sha256").asText();
  }

  private static JsonNode succeed(Stoker stoker, String command) {
    Outcome outcome = stoker.run((command + " --json").split(" "));
    assertThat(outcome.exitCode()).as(outcome.err()).isZero();
    return outcome.json();
  }
}
