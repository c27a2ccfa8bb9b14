// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.driver.LocalSpark;
import io.stoker.driver.TinyJob;
import io.stoker.driver.config.LearningRateSchedule;
import io.stoker.driver.job.ExistingRun;
import io.stoker.driver.metrics.RoundMetrics;
import io.stoker.driver.metrics.RoundNumber;
import io.stoker.driver.slice.Wire;
import io.stoker.worker.runtime.ExecutorResources;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.spark.MapOutputTrackerMaster;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerStageSubmitted;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Epoch 24 costs what epoch 6 does, however long ago the last checkpoint was. */
@Tag("slow")
class SteadyRoundsTest {
  /** How many rounds an epoch has. */
  private static final int EPOCH = 5;

  /** 280, so that all batches have one size: a network allocates native memory for each size. */
  private static final List<Integer> IMAGES = List.of(61, 40, 83, 57, 39);

  private static final int IMAGES_PER_WORKER_AND_ROUND = 28;

  private static final int EARLY = 6;
  private static final int LATE = 24;

  /** What may be on its way in or out at any moment. */
  private static final int SOME = 8;

  @TempDir Path folder;

  /**
   * What a process holds. It has a network for each worker, or fewer if workers have not yet run at
   * the same time, so that native memory is compared for each network.
   */
  private record Held(int rdds, int shuffles, int broadcasts, int files, double nativeBytes) {
    static Held now(JavaSparkContext spark, long networks) {
      MapOutputTrackerMaster shuffles = (MapOutputTrackerMaster) SparkEnv.get().mapOutputTracker();
      return new Held(
          spark.getPersistentRDDs().size(),
          shuffles.shuffleStatuses().size(),
          SparkEnv.get().blockManager().getMatchingBlockIds(id -> id.isBroadcast()).size(),
          SparkEnv.get().blockManager().diskBlockManager().getAllFiles().size(),
          (double) Pointer.totalBytes() / networks);
    }

    /** Spark lets go of much when the garbage collector has found it: looks again every 20 ms. */
    static Held settled(JavaSparkContext spark, long networks, Held most, int patience) {
      Held now = now(spark, networks);
      for (int i = 0; i < patience && !now.isWithin(most); i++) {
        System.gc();
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
        now = now(spark, networks);
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

  /**
   * With what makes new slices depend on those before: rounded changes, and an outer step.
   *
   * <p>Spark sends some bytes once for each stage, and how many rounds a stage holds depends on how
   * long they take. A plateau schedule makes it independent of the clock: stages end with an epoch
   * then, and a stage may always hold the five rounds of one. The test compares whole epochs, which
   * all have the same stages except the first.
   */
  @ParameterizedTest(name = "{0} rounds a stage")
  @ValueSource(ints = {1, EPOCH})
  void holdNoMoreAndSendNoMoreAsTheyGoOn(int roundsPerStage) {
    List<RoundMetrics> rounds = new ArrayList<>();
    List<Held> held = new ArrayList<>();
    List<String> stages = Collections.synchronizedList(new ArrayList<>());
    TinyJob job = TinyJob.in(folder, IMAGES);
    // No other job of this process has batches of either size, so that this one finds no network.
    int localSteps = roundsPerStage == 1 ? 2 : 1;
    long before = ExecutorResources.here().networksCreated();
    // With fewer slots than workers, a stage holds one round.
    String master = roundsPerStage == 1 ? "local[1]" : "local[2]";
    try (JavaSparkContext spark = LocalSpark.start(master)) {
      spark.sc().addSparkListener(namesOfStages(stages));
      RoundListener listener =
          new RoundListener() {
            @Override
            public void roundFinished(RoundMetrics metrics) {
              rounds.add(metrics);
              long networks = ExecutorResources.here().networksCreated() - before;
              if (metrics.round() == EARLY * EPOCH) {
                held.add(Held.settled(spark, networks, new Held(0, 0, 0, 0, 0), 10));
              } else if (metrics.round() == LATE * EPOCH) {
                held.add(Held.settled(spark, networks, held.get(0).andSome(), 3000));
              }
            }
          };
      TrainJob.run(
          spark,
          job.config("steady")
              .batch(IMAGES_PER_WORKER_AND_ROUND / localSteps)
              .localSteps(localSteps)
              .epochs(LATE)
              .schedule(new LearningRateSchedule.Plateau(0.5, LATE, 0))
              .checkpointEvery(10 * LATE * EPOCH)
              .set("wire", Wire.FP16)
              .set("outer_momentum", 0.5)
              .build(),
          ExistingRun.REFUSE,
          listener);
    }

    assertThat(held.get(1))
        .matches(late -> late.isWithin(held.get(0).andSome()), "within " + held.get(0).andSome());
    assertThat(stages)
        .contains("round 11 of 120: train" + (roundsPerStage == 1 ? "" : ", and 4 more"));
    assertThat(typical(rounds.subList((LATE - EARLY) * EPOCH, LATE * EPOCH)))
        .isLessThan(typical(rounds.subList(0, EARLY * EPOCH)) + 1024);
  }

  private static SparkListener namesOfStages(List<String> names) {
    return new SparkListener() {
      @Override
      public void onStageSubmitted(SparkListenerStageSubmitted stage) {
        names.add(stage.stageInfo().name());
      }
    };
  }

  /**
   * The median of the epochs' bytes. What Spark reports late is missing in one epoch and counts in
   * a later one, which changes the least and the most.
   */
  private static long typical(List<RoundMetrics> rounds) {
    long[] epochs = new long[rounds.size() / EPOCH];
    for (int i = 0; i < rounds.size(); i++) {
      epochs[i / EPOCH] += (long) rounds.get(i).get(RoundNumber.DRIVER_BYTES);
    }
    Arrays.sort(epochs);
    return epochs[epochs.length / 2];
  }
}
