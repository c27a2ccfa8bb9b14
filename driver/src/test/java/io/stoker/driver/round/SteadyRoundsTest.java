// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.driver.LocalSpark;
import io.stoker.driver.TinyJob;
import io.stoker.driver.config.Wire;
import io.stoker.driver.metrics.RoundMetrics;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.spark.MapOutputTrackerMaster;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.JavaSparkContext;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Round 120 costs what round 20 does, however long ago the last checkpoint was. */
@Tag("slow")
class SteadyRoundsTest {
  private static final int EARLY = 20;
  private static final int LATE = 120;

  /** What may be on its way in or out at any moment. */
  private static final int SOME = 8;

  @TempDir static Path folder;

  /** What a process holds. */
  private record Held(int rdds, int shuffles, int broadcasts, int files, long nativeBytes) {
    static Held now(JavaSparkContext spark) {
      MapOutputTrackerMaster shuffles = (MapOutputTrackerMaster) SparkEnv.get().mapOutputTracker();
      return new Held(
          spark.getPersistentRDDs().size(),
          shuffles.shuffleStatuses().size(),
          SparkEnv.get().blockManager().getMatchingBlockIds(id -> id.isBroadcast()).size(),
          SparkEnv.get().blockManager().diskBlockManager().getAllFiles().size(),
          Pointer.totalBytes());
    }

    /** Spark lets go of much when the garbage collector has found it. */
    static Held settled(JavaSparkContext spark, Held most, int patience) {
      Held now = now(spark);
      for (int i = 0; i < patience && !now.isWithin(most); i++) {
        System.gc();
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
        now = now(spark);
      }
      return now;
    }

    boolean isWithin(Held most) {
      return rdds <= most.rdds
          && shuffles <= most.shuffles
          && broadcasts <= most.broadcasts
          && files <= most.files
          && nativeBytes <= most.nativeBytes;
    }

    Held andSome() {
      return new Held(rdds, shuffles + SOME, broadcasts + SOME, files + SOME, nativeBytes);
    }
  }

  /** With what makes new slices depend on those before: rounded changes, and an outer step. */
  @Test
  void holdNoMoreAndSendNoMoreAsTheyGoOn() {
    List<RoundMetrics> rounds = new ArrayList<>();
    List<Held> held = new ArrayList<>();
    TinyJob job = TinyJob.in(folder);
    try (JavaSparkContext spark = LocalSpark.start("local[2]")) {
      RoundListener listener =
          new RoundListener() {
            @Override
            public void roundFinished(RoundMetrics metrics) {
              rounds.add(metrics);
              if (metrics.round() == EARLY) {
                held.add(Held.settled(spark, new Held(0, 0, 0, 0, 0), 10));
              } else if (metrics.round() == LATE) {
                held.add(Held.settled(spark, held.get(0).andSome(), 100));
              }
            }
          };
      TrainJob.run(
          spark,
          job.config("steady")
              .localSteps(9)
              .epochs(LATE)
              .checkpointEvery(10 * LATE)
              .wire(Wire.FP16)
              .outerMomentum(0.5)
              .build(),
          ExistingRun.REFUSE,
          listener);
    }

    assertThat(held.get(1)).matches(late -> late.isWithin(held.get(0).andSome()));
    assertThat(typical(rounds.subList(LATE - EARLY, LATE)))
        .isLessThan(typical(rounds.subList(0, EARLY)) + 1024);
  }

  /**
   * The median: what Spark reports late is missing in one round and counts in a later one, which
   * moves the least and the most.
   */
  private static long typical(List<RoundMetrics> rounds) {
    long[] sorted = rounds.stream().mapToLong(RoundMetrics::driverBytes).sorted().toArray();
    return sorted[sorted.length / 2];
  }
}
