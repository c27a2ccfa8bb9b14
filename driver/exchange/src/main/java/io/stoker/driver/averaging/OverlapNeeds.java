// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import io.stoker.driver.cluster.Gang;
import io.stoker.driver.cluster.ProcessMemory;
import io.stoker.driver.cluster.Slots;
import io.stoker.driver.slice.ParameterSlices;
import io.stoker.failure.Check;
import io.stoker.failure.ResourceException;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * What rounds that overlap need of a cluster: a slot for each worker at the same time, and heap for
 * the blocks that workers exchange.
 */
public final class OverlapNeeds {
  private OverlapNeeds() {}

  /**
   * Waits until a cluster has what a job needs, before the job begins.
   *
   * @param slices how the vectors are cut
   * @param workers how many workers a round has
   * @param rounds how many rounds overlap at most
   * @throws ResourceException if there are too few slots or too little heap for too long
   * @throws io.stoker.failure.InputException if the rounds have more blocks than Spark can number
   */
  public static void awaitBeforeJob(
      JavaSparkContext spark, ParameterSlices slices, int workers, int rounds) {
    await(
        Gang.beforeJob(spark, workers, "--overlap"),
        "give executors more heap, or leave out --overlap",
        spark,
        slices,
        workers,
        rounds);
  }

  /**
   * Waits between the rounds of a job. The user cannot leave out an option any more, so that the
   * error names another remedy.
   */
  static void awaitInJob(JavaSparkContext spark, ParameterSlices slices, int workers, int rounds) {
    await(
        Gang.inJob(spark, workers),
        "go on with --resume when executors have more heap",
        spark,
        slices,
        workers,
        rounds);
  }

  private static void await(
      Gang gang,
      String remedy,
      JavaSparkContext spark,
      ParameterSlices slices,
      int workers,
      int rounds) {
    Check.input(
        rounds <= StageBlocks.mostRounds(slices.count(), workers),
        "Cannot train %d workers with --overlap: %d rounds of %d slices have more blocks than Spark"
            + " can number; take fewer --workers, or leave out --overlap",
        workers,
        rounds,
        slices.count());
    Function<Slots, Optional<String>> lack =
        slots -> lackOfMemory(new ExchangeMemory(slices, workers, false), spark, slots);
    Slots slots = gang.awaitSlots(there -> lack.apply(there).isEmpty());
    lack.apply(slots)
        .ifPresent(
            what -> {
              throw new ResourceException(
                  String.format(
                      Locale.ROOT,
                      "Cannot train %d workers with --overlap: %s; %s",
                      workers,
                      what,
                      remedy));
            });
  }

  /**
   * Says that executors have too little heap for workers that exchange pieces; empty if they have
   * enough.
   *
   * @param memory what they take
   * @param slots the cluster's
   */
  static Optional<String> lackOfMemory(ExchangeMemory memory, JavaSparkContext spark, Slots slots) {
    return memory.obstacle(
        slots.mostOnOneExecutor(memory.workers()), ProcessMemory.ofExecutors(spark));
  }
}
