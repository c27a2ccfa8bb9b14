// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.failure.DamagedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.util.Progressable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MetricsLogTest {
  @TempDir java.nio.file.Path folder;

  private final Configuration hadoop = new Configuration();
  private Path run;

  /** A filesystem that cannot append, as object stores cannot. */
  public static final class ObjectStore extends RawLocalFileSystem {
    @Override
    public java.net.URI getUri() {
      return java.net.URI.create("objects:///");
    }

    @Override
    public FSDataOutputStream append(Path file, int bufferSize, Progressable progress) {
      throw new UnsupportedOperationException("append");
    }
  }

  @BeforeEach
  void setUp() {
    hadoop.setClass("fs.objects.impl", ObjectStore.class, org.apache.hadoop.fs.FileSystem.class);
    run = new Path(folder.toUri());
  }

  @Test
  void isReadableAfterEachRound() {
    try (MetricsLog log = MetricsLog.open(run, 0, hadoop, () -> {})) {
      log.append(round(1));
      assertThat(MetricsLog.read(run, hadoop)).containsExactly(round(1));
      log.append(round(2));
      assertThat(MetricsLog.read(run, hadoop)).containsExactly(round(1), round(2));
    }
  }

  /** Steps know it in single precision; in double precision it would be 0.009999999776482582. */
  @Test
  void saysTheLearningRateAsItWasGiven() throws IOException {
    write(1);

    assertThat(folder.resolve("metrics.jsonl")).content().contains("\"lr\":0.01,");
  }

  @Test
  void dropsRoundsThatWillBeDoneAgain() {
    write(3);

    try (MetricsLog log = MetricsLog.open(run, 2, hadoop, () -> {})) {
      log.append(round(3));
    }

    assertThat(MetricsLog.read(run, hadoop)).containsExactly(round(1), round(2), round(3));
  }

  @Test
  void dropsALineThatWasCut() throws IOException {
    write(2);
    Files.writeString(
        folder.resolve("metrics.jsonl"), "{\"round\":3,\"epo", StandardOpenOption.APPEND);

    try (MetricsLog log = MetricsLog.open(run, 5, hadoop, () -> {})) {
      log.append(round(3));
    }

    assertThat(MetricsLog.read(run, hadoop)).containsExactly(round(1), round(2), round(3));
  }

  @Test
  void readsWhatIsThereWhileALineIsBeingWritten() throws IOException {
    write(2);
    Files.writeString(
        folder.resolve("metrics.jsonl"), "{\"round\":3,\"epo", StandardOpenOption.APPEND);

    assertThat(MetricsLog.read(run, hadoop)).containsExactly(round(1), round(2));
  }

  @Test
  void namesTheLineThatIsNoRound() throws IOException {
    write(2);
    Files.writeString(folder.resolve("metrics.jsonl"), "oops\n", StandardOpenOption.APPEND);

    assertThatThrownBy(() -> MetricsLog.read(run, hadoop))
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining("metrics.jsonl: line 3: it is not valid JSON");
  }

  @Test
  void namesTheWorkersThatWereAbsent() throws IOException {
    RoundMetrics round =
        RoundMetrics.of(
            Map.of(RoundNumber.ROUND, 1, RoundNumber.EPOCH, 1),
            RoundWorkers.without(List.of(0, 3)));
    try (MetricsLog log = MetricsLog.open(run, 0, hadoop, () -> {})) {
      log.append(round);
    }

    assertThat(folder.resolve("metrics.jsonl")).content().contains(",\"absent\":[0,3],");
    assertThat(MetricsLog.read(run, hadoop)).containsExactly(round).doesNotContain(round(1));
  }

  @ParameterizedTest
  @ValueSource(strings = {"null", "[null]", "[1.5]", "1", "[\"1\"]", "{}", "[[1]]"})
  void aListOfWorkersThatIsNoneIsADamagedLine(String absent) throws IOException {
    Files.writeString(
        folder.resolve("metrics.jsonl"),
        "{\"round\":1,\"epoch\":1,\"absent\":%s,\"seconds\":{}}\n".formatted(absent));

    assertThatThrownBy(() -> MetricsLog.read(run, hadoop))
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining("metrics.jsonl: line 1")
        .hasMessageContaining("absent");
  }

  @Test
  void saysHowManyStepsEachWorkerTookAtWhichSpeed() throws IOException {
    RoundMetrics round =
        RoundMetrics.of(
            Map.of(RoundNumber.ROUND, 1, RoundNumber.EPOCH, 1),
            new RoundWorkers(List.of(1), List.of(20, 5), List.of(1234.5, 0.0)));
    try (MetricsLog log = MetricsLog.open(run, 0, hadoop, () -> {})) {
      log.append(round);
    }

    assertThat(folder.resolve("metrics.jsonl"))
        .content()
        .contains(",\"absent\":[1],\"worker_steps\":[20,5],\"worker_speeds\":[1234.5,0.0],");
    assertThat(MetricsLog.read(run, hadoop)).containsExactly(round).doesNotContain(round(1));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"worker_steps\":[0]", "\"worker_steps\":[null]", "\"worker_steps\":5",
        "\"worker_speeds\":[-1]", "\"worker_speeds\":[\"a\"]", "\"worker_speeds\":[1e999]"
      })
  void stepsAndSpeedsThatAreNoneAreADamagedLine(String list) throws IOException {
    Files.writeString(
        folder.resolve("metrics.jsonl"),
        "{\"round\":1,\"epoch\":1,%s,\"seconds\":{}}\n".formatted(list));

    assertThatThrownBy(() -> MetricsLog.read(run, hadoop))
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining("metrics.jsonl: line 1");
  }

  @Test
  void readsALogFromBeforeDriftWasMeasured() throws IOException {
    Files.writeString(
        folder.resolve("metrics.jsonl"),
        "{\"round\":1,\"epoch\":1,\"step\":10,\"examples\":640,\"loss\":0.5,\"seconds\":{}}\n");

    assertThat(MetricsLog.read(run, hadoop))
        .extracting(round -> round.get(RoundNumber.DRIFT))
        .containsExactly(0.0);
  }

  @Test
  void followsALogThatGrowsAndOneThatARunHasTakenBack() {
    write(3);
    MetricsTail tail = new MetricsTail(run, hadoop);
    assertThat(tail.poll()).containsExactly(round(1), round(2), round(3));
    assertThat(tail.poll()).hasSize(3);

    try (MetricsLog log = MetricsLog.open(run, 3, hadoop, () -> {})) {
      log.append(round(4));
      assertThat(tail.poll()).containsExactly(round(1), round(2), round(3), round(4));
    }
    try (MetricsLog log = MetricsLog.open(run, 1, hadoop, () -> {})) {
      assertThat(tail.poll()).containsExactly(round(1));
      log.append(round(2));
      assertThat(tail.poll()).containsExactly(round(1), round(2));
    }
    write(4); // in the place of two lines four, between two looks
    assertThat(tail.poll()).containsExactly(round(1), round(2), round(3), round(4));
  }

  @Test
  void beginsAgainForANewRun() {
    write(2);
    write(1);

    assertThat(MetricsLog.read(run, hadoop)).containsExactly(round(1));
  }

  @Test
  void isWrittenAgainWhereNothingCanBeAppended() {
    write(2);
    Path objects = new Path("objects://" + folder);

    try (MetricsLog log = MetricsLog.open(objects, 2, hadoop, () -> {})) {
      log.append(round(3));
      log.flush();
      assertThat(MetricsLog.read(run, hadoop)).hasSize(3);
      log.append(round(4));
    }

    assertThat(MetricsLog.read(objects, hadoop))
        .containsExactly(round(1), round(2), round(3), round(4));
  }

  @Test
  void namesItsFieldsAsTheDocumentationDoes() throws IOException {
    write(1);

    assertThat(folder.resolve("metrics.jsonl"))
        .hasContent(
            "{\"round\":1,\"epoch\":1,\"step\":10,\"examples\":640,\"examples_total\":640,"
                + "\"loss\":0.5,\"accuracy\":0.75,\"lr\":0.01,\"images_per_second\":320.0,"
                + "\"driver_bytes\":9000,\"executor_bytes\":500000,\"drift\":0.02,"
                + "\"seconds\":{\"gather\":0.1,\"data\":0.2,\"compute\":0.3,\"scatter\":0.4,"
                + "\"average\":0.5,\"checkpoint\":0.0,\"total\":2.0}}\n");
  }

  private void write(int rounds) {
    try (MetricsLog log = MetricsLog.open(run, 0, hadoop, () -> {})) {
      for (int round = 1; round <= rounds; round++) {
        log.append(round(round));
      }
    }
  }

  private static RoundMetrics round(int round) {
    return RoundMetrics.of(Map.of(RoundNumber.ROUND, round, RoundNumber.EPOCH, 1))
        .with(RoundNumber.STEP, 10L * round)
        .with(RoundNumber.EXAMPLES, 640)
        .with(RoundNumber.EXAMPLES_TOTAL, 640L * round)
        .with(RoundNumber.LOSS, 0.5)
        .with(RoundNumber.ACCURACY, 0.75)
        .with(RoundNumber.LR, 0.01f)
        .with(RoundNumber.IMAGES_PER_SECOND, 320)
        .with(RoundNumber.DRIVER_BYTES, 9000)
        .with(RoundNumber.EXECUTOR_BYTES, 500000)
        .with(RoundNumber.DRIFT, 0.02)
        .with(RoundNumber.GATHER, 0.1)
        .with(RoundNumber.DATA, 0.2)
        .with(RoundNumber.COMPUTE, 0.3)
        .with(RoundNumber.SCATTER, 0.4)
        .with(RoundNumber.AVERAGE, 0.5)
        .with(RoundNumber.CHECKPOINT, 0)
        .with(RoundNumber.TOTAL, 2);
  }
}
