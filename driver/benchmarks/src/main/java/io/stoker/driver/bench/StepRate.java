// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.bench;

import java.util.List;

/**
 * The speed of steps.
 *
 * @param imagesPerSecond of all workers together, by the median step
 * @param imagesPerProcessorSecond images per second of the processor time of the whole process; 0
 *     where the system does not tell it
 * @param stepMilliseconds the median over all steps of all workers
 * @param slowStepMilliseconds the 99th percentile, by the nearest rank
 * @param gigaflopsPerSecond of all workers together
 * @param steps how many steps were timed
 * @param seconds how long a worker took for its steps
 */
public record StepRate(
    double imagesPerSecond,
    double imagesPerProcessorSecond,
    double stepMilliseconds,
    double slowStepMilliseconds,
    double gigaflopsPerSecond,
    long steps,
    double seconds) {
  private static final double NANOSECONDS = 1e9;
  private static final double SLOW = 0.99;

  static StepRate of(StepLoad load, List<Long> nanoseconds, double processorSeconds) {
    List<Long> sorted = nanoseconds.stream().sorted().toList();
    double median = sorted.get(sorted.size() / 2) / NANOSECONDS;
    double imagesPerSecond = load.workers() * load.batch() / median;
    return new StepRate(
        imagesPerSecond,
        processorSeconds > 0 ? load.batch() * sorted.size() / processorSeconds : 0,
        median * 1e3,
        sorted.get((int) Math.ceil(SLOW * sorted.size()) - 1) / NANOSECONDS * 1e3,
        imagesPerSecond * load.flops() / NANOSECONDS,
        sorted.size(),
        sorted.stream().mapToLong(Long::longValue).sum() / NANOSECONDS / load.workers());
  }
}
