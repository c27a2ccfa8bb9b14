// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.spark.SparkContext;

/**
 * The end of this process's application where Spark would wait for executors for ever, with the
 * reason for the user.
 */
public final class ApplicationEnd {
  /** This process has one application at a time. */
  private static final AtomicReference<Optional<String>> REASON =
      new AtomicReference<>(Optional.empty());

  private ApplicationEnd() {}

  /** Forgets why an earlier application was ended. */
  public static void begin() {
    REASON.set(Optional.empty());
  }

  /**
   * Ends an application. Returns at once, as Spark waits for the threads of its listeners as it
   * stops.
   *
   * @param reason why, and the remedy
   */
  public static void end(SparkContext spark, String reason) {
    REASON.compareAndSet(Optional.empty(), Optional.of(reason));
    // Spark knows its own threads by a value that others inherit.
    new Thread(null, spark::stop, "stoker-end", 0, false).start();
  }

  /** Why this process's application was ended, and the remedy; empty if it was not. */
  public static Optional<String> reason() {
    return REASON.get();
  }
}
