// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.driver.LocalSpark;
import io.stoker.driver.TinyJob;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.job.ExistingRun;
import io.stoker.driver.metrics.RoundMetrics;
import io.stoker.driver.metrics.ValidationMetrics;
import io.stoker.testing.Exact;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.util.Progressable;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobEnd;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointingTest {
  @TempDir static Path folder;

  private static TinyJob job;
  private static String undisturbed;

  /** What a model file of round 2 waits for. */
  private static CountDownLatch gate;

  private static volatile boolean full;

  /** A disk on which model files wait at a gate, and that is full when it is told so. */
  public static final class GatedDisk extends RawLocalFileSystem {
    @Override
    public URI getUri() {
      return URI.create("gated:///");
    }

    @Override
    public FSDataOutputStream create(
        org.apache.hadoop.fs.Path file,
        boolean overwrite,
        int buffer,
        short replication,
        long block,
        Progressable progress)
        throws IOException {
      if (file.toString().endsWith("000002/model.zip")) {
        try {
          if (!gate.await(5, TimeUnit.MINUTES)) {
            throw new IOException("nothing goes on meanwhile");
          }
        } catch (InterruptedException e) {
          throw new IOException(e);
        }
      }
      if (full && file.getName().equals("model.zip")) {
        throw new IOException("No space left on device");
      }
      return super.create(file, overwrite, buffer, replication, block, progress);
    }
  }

  @BeforeAll
  static void train() {
    job = TinyJob.in(folder);
    try (JavaSparkContext spark = LocalSpark.start("local[2]")) {
      undisturbed =
          TrainJob.run(
                  spark,
                  job.config("undisturbed").checkpointEvery(2).build(),
                  ExistingRun.REFUSE,
                  RoundListener.NONE)
              .parametersSha256();
    }
  }

  @BeforeEach
  void setUp() {
    gate = new CountDownLatch(1);
    full = false;
  }

  private static class Events implements RoundListener {
    private final List<String> seen = new ArrayList<>();
    private final int opening;

    /** Opens the gate when a round is over. */
    Events(int opening) {
      this.opening = opening;
    }

    @Override
    public void roundFinished(RoundMetrics metrics) {
      seen.add("round " + metrics.round());
      if (metrics.round() == opening) {
        gate.countDown();
      }
    }

    @Override
    public void checkpointWritten(String uri) {
      seen.add("checkpoint " + uri.substring(uri.length() - 1));
    }
  }

  @Test
  @Exact
  void writesWhileTheNextRoundsTrainWhereASlotIsFree() {
    Events events = new Events(4);

    TrainResult result = train("local[3]", "beside", events, ExistingRun.REFUSE);

    // The checkpoint of round 4 waits for the one before it.
    assertThat(events.seen)
        .startsWith("round 1", "round 2", "round 3", "round 4", "checkpoint 2")
        .contains("checkpoint 4")
        .endsWith("checkpoint 6")
        .hasSize(9);
    assertThat(result.parametersSha256()).isEqualTo(undisturbed);
  }

  @Test
  @Exact
  void writesBetweenRoundsWhereNoSlotIsFree() {
    gate.countDown();
    Events events = new Events(0);

    TrainResult result = train("local[2]", "between", events, ExistingRun.REFUSE);

    assertThat(events.seen)
        .containsSubsequence("round 2", "checkpoint 2", "round 3", "round 4", "checkpoint 4");
    assertThat(result.parametersSha256()).isEqualTo(undisturbed);
  }

  @Test
  @Exact
  void endsWithTheCheckpointBeforeTheOneThatFails() {
    gate.countDown();
    RoundListener filling =
        new RoundListener() {
          @Override
          public void checkpointWritten(String uri) {
            full = true;
          }
        };

    assertThatThrownBy(() -> train("local[3]", "full", filling, ExistingRun.REFUSE))
        .hasMessageContaining("Cannot write checkpoint")
        .hasMessageContaining("000004")
        .hasStackTraceContaining("No space left on device");
    assertThat(job.run("full").resolve("checkpoints/000002/manifest.json")).exists();
    assertThat(job.run("full").resolve("checkpoints/000004/manifest.json")).doesNotExist();

    full = false;
    TrainResult resumed = train("local[3]", "full", RoundListener.NONE, ExistingRun.RESUME);
    assertThat(resumed.parametersSha256()).isEqualTo(undisturbed);
  }

  /** A round that fails is no reason to lose the checkpoint that is being written. */
  @Test
  void completesTheCheckpointOfAJobThatFails() {
    RoundListener failing =
        new RoundListener() {
          @Override
          public void roundFinished(RoundMetrics metrics) {
            if (metrics.round() == 3) {
              gate.countDown();
              throw new IllegalStateException("stopped");
            }
          }
        };

    assertThatThrownBy(
            () ->
                train("local[3]", "failing", RoundListeners.required(failing), ExistingRun.REFUSE))
        .hasMessage("stopped");
    assertThat(job.run("failing").resolve("checkpoints/000002/manifest.json")).exists();
  }

  /** The model file of round 2 is not written before its parameters are evaluated. */
  @Test
  @Exact
  void validatesTheParametersWhileTheirCheckpointIsWritten() {
    Set<Integer> evaluations = ConcurrentHashMap.newKeySet();
    SparkListener opening =
        new SparkListener() {
          @Override
          public void onJobStart(SparkListenerJobStart start) {
            if (start.properties().getProperty("spark.job.description").startsWith("evaluate")) {
              evaluations.add(start.jobId());
            }
          }

          @Override
          public void onJobEnd(SparkListenerJobEnd end) {
            if (evaluations.contains(end.jobId())) {
              gate.countDown();
            }
          }
        };
    TrainingConfig config =
        config("validated").checkpointEvery(2).validateEvery(2).validationSplit("test").build();
    List<Long> validated = new ArrayList<>();
    Events events =
        new Events(0) {
          @Override
          public void validated(ValidationMetrics validation) {
            validated.add(validation.round());
          }
        };
    try (JavaSparkContext spark = start("local[3]")) {
      spark.sc().addSparkListener(opening);
      TrainResult result =
          TrainJob.run(spark, config, ExistingRun.REFUSE, RoundListeners.observing(events));

      assertThat(result.parametersSha256()).isEqualTo(undisturbed);
    }
    assertThat(validated).containsExactly(2L, 4L, 6L);
    assertThat(events.seen)
        .containsExactly(
            "round 1",
            "round 2",
            "checkpoint 2",
            "round 3",
            "round 4",
            "checkpoint 4",
            "round 5",
            "round 6",
            "checkpoint 6");
  }

  private static TrainResult train(
      String master, String run, RoundListener listener, ExistingRun existing) {
    return train(master, run, RoundListeners.observing(listener), existing);
  }

  private static TrainResult train(
      String master, String run, RoundListeners listeners, ExistingRun existing) {
    TrainingConfig config = config(run).checkpointEvery(2).build();
    try (JavaSparkContext spark = start(master)) {
      return TrainJob.run(spark, config, existing, listeners);
    }
  }

  private static TrainingConfig.Builder config(String run) {
    return job.config(run).run("gated://" + job.run(run));
  }

  private static JavaSparkContext start(String master) {
    JavaSparkContext spark = LocalSpark.start(master);
    Configuration hadoop = spark.hadoopConfiguration();
    hadoop.setClass("fs.gated.impl", GatedDisk.class, FileSystem.class);
    return spark;
  }
}
