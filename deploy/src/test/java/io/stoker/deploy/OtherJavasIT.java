// SPDX-License-Identifier: Apache-2.0
package io.stoker.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.stoker.deploy.Stoker.Outcome;
import io.stoker.testing.Exact;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The distribution, which Java 17 built, on newer versions of Java: where JAVA21_HOME and
 * JAVA25_HOME say that there is one, or /usr/lib/jvm has it.
 */
@Exact
class OtherJavasIT {
  private static final String TRAIN =
      "train --data data --model lenet5 --batch 10 --local-steps 3 --learning-rate 0.05"
          + " --workers 2 --epochs 4 --augment shift";

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(ints = {21, 25})
  void trainTheSameAsJava17HereAndOnAClusterAndPrintNothingButWhatWasAskedFor(int java)
      throws IOException {
    String home = home(java);
    Stoker on17 = Stoker.in(folder);
    Stoker newer = on17.with("JAVA_HOME", home);
    Shapes.write(folder.resolve("raw"), 60);
    assertPrintsNoWarning(
        newer, "--master local[2] prepare --input raw --output data --channels 1");
    Outcome version = newer.run("--version");
    assertThat(version.out()).contains("Java " + java);
    assertThat(version.err()).isEmpty();

    String usual = on17.hash("--master local[2] " + TRAIN + " --run on17");
    assertThat(newer.hash("--master local[2] " + TRAIN + " --run newer")).isEqualTo(usual);

    LocalCluster cluster = LocalCluster.in(folder.resolve("cluster")).with("JAVA_HOME", home);
    String master = cluster.start("--executors", "2", "--cores", "1", "--memory", "1g");
    try {
      assertThat(newer.hash("--master " + master + " " + TRAIN + " --run cluster"))
          .isEqualTo(usual);
    } finally {
      cluster.stop();
    }
    assertThat(newer.json("evaluate --checkpoint on17 --data data").get("accuracy").asDouble())
        .isEqualTo(on17.json("evaluate --checkpoint newer --data data").get("accuracy").asDouble());
    assertPrintsNoWarning(
        newer,
        "--master local[1] train --data data --model mlp-shallow --engine dl4j --epochs 1"
            + " --batch 10 --run dl4j");
  }

  private static void assertPrintsNoWarning(Stoker stoker, String command) {
    Outcome outcome = stoker.run((command + " --json").split(" "));

    assertThat(outcome.exitCode()).as(outcome.err()).isZero();
    assertThat(outcome.err()).doesNotContain("WARNING");
  }

  /** The home of a version of Java, if there is one and this line of Spark runs on it. */
  private static String home(int java) throws IOException {
    assumeThat(java == 21 || Stoker.sparkLine().equals("4"))
        .as("Spark %s runs on Java %d", Stoker.sparkLine(), java)
        .isTrue();
    return InstalledJava.home(java);
  }
}
