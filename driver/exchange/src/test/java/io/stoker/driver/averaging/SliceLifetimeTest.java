// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.driver.LocalSpark;
import io.stoker.driver.averaging.SliceLifetime.Generation;
import io.stoker.driver.averaging.SliceLifetime.State;
import io.stoker.driver.slice.InitialValues;
import io.stoker.driver.slice.MovingAverage;
import io.stoker.driver.slice.OuterStep;
import io.stoker.driver.slice.ParameterSlices;
import io.stoker.driver.slice.SliceAverage;
import io.stoker.driver.slice.Wire;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.util.SerializableConfiguration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is kept of slices while rounds are trained and snapshots are opened and closed. */
class SliceLifetimeTest extends AveragingJobs {
  private RoundTrainer trainer(JavaSparkContext spark, Wire wire) {
    InitialValues initial = new InitialValues(MODEL, 3);
    ParameterSlices slices =
        new ParameterSlices(0, MODEL.parameterCount(), 2, false, false, sliceLength());
    return new RoundTrainer(
        new AveragingJob(
            spark,
            spark.broadcast(new SerializableConfiguration(spark.hadoopConfiguration())),
            new SliceAverage(slices, OuterStep.PLAIN, wire, 0, MovingAverage.NONE),
            initial,
            StageRules.Patience.USUAL,
            1,
            new ReentrantLock()),
        initial);
  }

  private void train(RoundTrainer trainer, int round) {
    trainer.advance(List.of(task(round, STEADY)), "a round", report -> {});
  }

  /** With fp16 the slices before the current ones are kept, because changes of them travel. */
  @ParameterizedTest
  @EnumSource(
      value = Wire.class,
      names = {"FP32", "FP16"})
  void aGenerationMovesDownTheTable(Wire wire) {
    try (JavaSparkContext spark = LocalSpark.start("local[2]");
        RoundTrainer trainer = trainer(spark, wire)) {
      train(trainer, 0);
      Generation first = trainer.slices().hold();
      Generation again = trainer.slices().hold();
      assertThat(first).isSameAs(again);
      assertThat(first.state()).isEqualTo(State.CURRENT);

      train(trainer, 1);
      assertThat(first.state()).isEqualTo(State.HELD);
      trainer.slices().release(first);
      assertThat(first.state()).isEqualTo(State.HELD);
      trainer.slices().release(again);
      assertThat(first.state()).isEqualTo(wire == Wire.FP32 ? State.DELETED : State.PREVIOUS);

      train(trainer, 2);
      assertThat(first.state()).isEqualTo(State.DELETED);
      assertThatThrownBy(() -> first.slices().materialize())
          .matches(LostSliceException::isReasonOf);
    }
  }

  /** Slices and shuffles on the executors are those of the states, at each moment. */
  @ParameterizedTest
  @EnumSource(
      value = Wire.class,
      names = {"FP32", "FP16"})
  void whatIsOnTheExecutorsFollowsFromSnapshotsAndRounds(Wire wire) {
    Random random = new Random(7);
    try (JavaSparkContext spark = LocalSpark.start("local[2]");
        RoundTrainer trainer = trainer(spark, wire)) {
      Map<Integer, Generation> snapshots = new TreeMap<>();
      for (int round = 0; round < 16; round++) {
        if (random.nextBoolean()) {
          snapshots.put(round, trainer.slices().hold());
        }
        train(trainer, round);
        if (!snapshots.isEmpty() && random.nextBoolean()) {
          int closed = List.copyOf(snapshots.keySet()).get(random.nextInt(snapshots.size()));
          trainer.slices().release(snapshots.remove(closed));
        }
        // A snapshot that was taken before round n holds generation n; n + 1 is current after it.
        Set<Integer> withPieces = new HashSet<>(snapshots.keySet());
        withPieces.add(round + 1);
        Set<Integer> withSlices = new HashSet<>(withPieces);
        if (wire == Wire.FP16) {
          withSlices.add(round);
        }
        awaitGenerations(spark, withSlices.size());
        withPieces.remove(0); // The first slices were not averaged.
        awaitShuffles(withPieces.size());
        snapshots.values().forEach(held -> held.slices().materialize());
      }
    }
  }

  private static void awaitShuffles(int count) {
    long end = System.nanoTime() + 30_000_000_000L;
    while (shuffles().size() > count && System.nanoTime() < end) {
      Thread.onSpinWait();
    }
    assertThat(shuffles()).hasSize(count);
  }

  @Test
  void aJobThatEndsLeavesNothing() {
    try (JavaSparkContext spark = LocalSpark.start("local[2]")) {
      try (RoundTrainer trainer = trainer(spark, Wire.FP16)) {
        train(trainer, 0);
        train(trainer, 1);
      }
      assertThat(spark.getPersistentRDDs()).isEmpty();
      assertThat(shuffles()).isEmpty();
    }
  }
}
