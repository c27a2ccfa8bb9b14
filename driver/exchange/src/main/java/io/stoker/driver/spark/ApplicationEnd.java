// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.spark.SparkContext;

/**
 * The end of this process's application where Spark would wait for executors for ever, with the
 * reason for the user.
 */
public final class ApplicationEnd {
  private record End(String reason, Thread stopping) {}

  private static final Duration STOP = Duration.ofSeconds(30);

  /** This process has one application at a time. */
  private static final AtomicReference<Optional<End>> END = new AtomicReference<>(Optional.empty());

  private ApplicationEnd() {}

  /** Forgets why an earlier application was ended. */
  public static void begin() {
    END.set(Optional.empty());
  }

  /**
   * Ends an application. Returns at once, as Spark waits for the threads of its listeners as it
   * stops.
   *
   * @param reason why, and the remedy
   */
  public static void end(SparkContext spark, String reason) {
    // Spark knows its own threads by a value that others inherit.
    Thread stopping = new Thread(null, spark::stop, "stoker-end", 0, false);
    if (END.compareAndSet(Optional.empty(), Optional.of(new End(reason, stopping)))) {
      stopping.start();
    }
  }

  /**
   * Waits until an application that was ended has given back its resources: Spark fails its jobs
   * before that.
   */
  public static void await() {
    Optional<End> end = END.get();
    if (end.isPresent()) {
      try {
        end.get().stopping().join(STOP.toMillis());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Why this process's application was ended, and the remedy; empty if it was not. */
  public static Optional<String> reason() {
    return END.get().map(End::reason);
  }
}
