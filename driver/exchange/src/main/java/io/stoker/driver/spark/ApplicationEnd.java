// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.apache.spark.SparkContext;

/**
 * Ends this process's application where Spark would wait for executors for ever, and keeps the
 * reason for the user.
 */
public final class ApplicationEnd {
  /** The setting for how many seconds an application that has no executor waits for one. */
  public static final String SECONDS = "spark.stoker.executorSeconds";

  private static final int PATIENCE = 600;

  /** This process has one application at a time. */
  private static final AtomicReference<Optional<String>> REASON =
      new AtomicReference<>(Optional.empty());

  private ApplicationEnd() {}

  /** Begins to watch an application that has just started. */
  public static void watch(SparkContext spark) {
    REASON.set(Optional.empty());
    Consumer<String> end =
        reason -> {
          REASON.set(Optional.of(reason));
          // Spark waits for the thread of its listeners as it stops, and knows its own threads by a
          // value that others inherit.
          new Thread(null, spark::stop, "stoker-end", 0, false).start();
        };
    Duration patience = Duration.ofSeconds(spark.getConf().getInt(SECONDS, PATIENCE));
    spark.addSparkListener(new UnusableExecutors(end));
    spark.addSparkListener(new LostExecutors(patience, System::nanoTime, end));
  }

  /** Why this process's application was ended, and the remedy; empty if it was not. */
  public static Optional<String> reason() {
    return REASON.get();
  }
}
