// SPDX-License-Identifier: Apache-2.0
package io.stoker.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.stoker.deploy.Stoker.Outcome;
import io.stoker.testing.Exact;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The distributions of both lines of Spark: where both are built, as in the second build of CI. */
@Exact
class BothLinesIT {
  private static final String TRAIN =
      "--master local[2] train --data data --model lenet5 --batch 10 --local-steps 3"
          + " --learning-rate 0.05 --schedule constant --workers 2 --augment shift";

  @TempDir private Path folder;
  private Path otherHome;
  private Stoker here;
  private Stoker other;

  @BeforeEach
  void findBoth() {
    assumeThat(Stoker.otherDistribution())
        .as("the distribution for the other line of Spark")
        .isPresent();
    otherHome = Stoker.otherDistribution().orElseThrow();
    here = Stoker.in(folder);
    other = new Stoker(otherHome.resolve("stoker"), folder);
  }

  /**
   * On Java 17, with which {@link OtherJavasIT} compares newer versions. In the run of both lines
   * Spark 4 is on Java 25, if that is there.
   */
  @Test
  void giveTheSameBitsForOneJobAlsoWhereOneGoesOnWithARunOfTheOther() throws IOException {
    Shapes.write(folder.resolve("raw"), 60);
    other.json("--master local[2] prepare --input raw --output data --channels 1");
    String expected = here.hash(TRAIN + " --epochs 2 --run here");

    assertThat(other.hash(TRAIN + " --epochs 2 --run other")).isEqualTo(expected);

    boolean isSpark4Here = Stoker.sparkLine().equals("4");
    Stoker first = isSpark4Here ? other : onNewerJava(other);
    Stoker second = isSpark4Here ? onNewerJava(here) : here;
    first.hash(TRAIN + " --epochs 1 --run both");
    assertThat(second.hash("train --run both --resume --epochs 2")).isEqualTo(expected);
    assertThat(checkpoint("here")).isEqualTo(checkpoint("other")).isEqualTo(checkpoint("both"));
  }

  private static Stoker onNewerJava(Stoker stoker) throws IOException {
    return InstalledJava.find(25).map(home -> stoker.with("JAVA_HOME", home)).orElse(stoker);
  }

  @Test
  void refuseTheSparkOfTheOther() {
    Outcome launched =
        new Stoker(Stoker.distribution().resolve("stoker"), folder)
            .with("SPARK_HOME", otherHome.toString())
            .run("models");
    Outcome submitted =
        new Stoker(otherHome.resolve("bin/spark-submit"), folder)
            .run(
                "--class",
                "io.stoker.driver.cli.Main",
                Stoker.distribution().resolve("stoker.jar").toString(),
                "models");

    assertThat(launched.exitCode()).isEqualTo(4);
    assertThat(launched.err()).startsWith("stoker: SPARK_HOME=").hasLineCount(1);
    assertThat(submitted.exitCode()).isEqualTo(4);
    assertThat(submitted.err().lines().filter(line -> line.startsWith("stoker: ")))
        .singleElement()
        .asString()
        .contains("This is Spark", "take the one for your Spark");
  }

  private byte[] checkpoint(String run) throws IOException {
    try (var checkpoints = Files.list(folder.resolve(run).resolve("checkpoints"))) {
      Path last = checkpoints.max(Path::compareTo).orElseThrow();
      return Files.readAllBytes(last.resolve("model.zip"));
    }
  }
}
