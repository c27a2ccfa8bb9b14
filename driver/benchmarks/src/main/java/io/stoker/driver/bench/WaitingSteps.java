// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.bench;

import java.io.Serializable;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.IntConsumer;

/**
 * Local steps that take time but no processor: a worker waits, as it does for a GPU that computes.
 *
 * @param count how many steps a worker takes in a round
 * @param each how long one of them takes
 */
public record WaitingSteps(int count, Duration each) implements Serializable {
  /** A step that takes no time. */
  public static final WaitingSteps NONE = new WaitingSteps(1, Duration.ZERO);

  public WaitingSteps {
    if (count < 1 || each.isNegative()) {
      throw new IllegalArgumentException("Cannot take " + count + " steps of " + each);
    }
  }

  /** How long the steps of a round take. */
  public double seconds() {
    return secondsOf(count);
  }

  /** How long some steps take. */
  double secondsOf(int steps) {
    return steps * (each.toNanos() / 1e9);
  }

  /**
   * Takes the steps of a round. Each begins when the one before is over, so that a thread that
   * wakes late does not make the next one late: a GPU has its next step queued.
   *
   * @param beforeStep is called before each step with the number of steps that were taken; the step
   *     waits for it
   */
  void take(IntConsumer beforeStep) {
    long end = System.nanoTime();
    for (int step = 0; step < count; step++) {
      long called = System.nanoTime();
      beforeStep.accept(step);
      end += System.nanoTime() - called + each.toNanos();
      sleepUntil(end);
    }
  }

  private static void sleepUntil(long end) {
    long left = end - System.nanoTime();
    if (left <= 0) {
      return;
    }
    try {
      TimeUnit.NANOSECONDS.sleep(left);
    } catch (InterruptedException e) { // Spark ends the task.
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted in a step", e);
    }
  }
}
