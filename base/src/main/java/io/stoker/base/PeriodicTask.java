// SPDX-License-Identifier: Apache-2.0
package io.stoker.base;

import java.time.Duration;
import java.util.Timer;
import java.util.TimerTask;
import java.util.function.Consumer;

/**
 * Runs an action regularly, on a daemon thread of its own. An action that fails runs again after
 * the next period: {@link Timer} and scheduled executors stop without a word at the first
 * exception, and what depends on them then waits for ever.
 */
public final class PeriodicTask implements AutoCloseable {
  private final Timer timer;

  private PeriodicTask(String name) {
    this.timer = new Timer(name, true);
  }

  /**
   * Starts the thread.
   *
   * @param name the thread's name
   * @param period the time before the first run, and between runs
   * @param action what is run
   * @param failed receives each exception and error of the action
   */
  public static PeriodicTask start(
      String name, Duration period, Runnable action, Consumer<Throwable> failed) {
    PeriodicTask task = new PeriodicTask(name);
    task.timer.schedule(
        new TimerTask() {
          @Override
          public void run() {
            try {
              action.run();
            } catch (Exception | Error e) { // Also checked exceptions that are undeclared.
              failed.accept(e);
            }
          }
        },
        period.toMillis(),
        period.toMillis());
    return task;
  }

  /** Begins no further run. A run that has begun may still be under way. */
  @Override
  public void close() {
    timer.cancel();
  }
}
