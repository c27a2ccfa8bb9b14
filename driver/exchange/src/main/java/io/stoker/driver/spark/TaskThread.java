// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.spark.TaskContext;
import org.apache.spark.TaskContext$;
import org.apache.spark.util.TaskCompletionListener;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A second thread of a Spark task, for work that goes on while the task computes. What it does
 * counts as the task's own: Spark's locks on blocks belong to the task.
 *
 * <p>When the task ends, for whatever reason, the thread is interrupted, and the task waits until
 * it has ended.
 */
public final class TaskThread {
  private static final Logger LOG = LoggerFactory.getLogger(TaskThread.class);
  private static final int PATIENCE_SECONDS = 60;

  private final TaskContext context;
  private final ExecutorService thread;

  /**
   * Starts the thread.
   *
   * @param context the task's
   * @param name the thread's name
   */
  public TaskThread(TaskContext context, String name) {
    this.context = context;
    this.thread =
        Executors.newSingleThreadExecutor(
            work -> {
              Thread made = new Thread(work, name);
              made.setDaemon(true);
              return made;
            });
    context.addTaskCompletionListener((TaskCompletionListener) task -> end());
  }

  /** Runs work on the thread, after what was started before. */
  public <T> Future<T> start(Callable<T> work) {
    return thread.submit(
        () -> {
          TaskContext$.MODULE$.setTaskContext(context);
          return work.call();
        });
  }

  /**
   * Waits for the result of work.
   *
   * @throws RuntimeException the exception with which the work has failed
   * @throws IllegalStateException if this thread is interrupted
   */
  public static <T> T result(Future<T> work) {
    try {
      return work.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      if (e.getCause() instanceof Error failure) {
        throw failure;
      }
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while waiting for a thread of the task", e);
    }
  }

  /** Waits also where Spark has interrupted the task, which is how it kills tasks. */
  private void end() {
    thread.shutdownNow();
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    boolean interrupted = false;
    boolean ended = false;
    while (!ended && deadline - System.nanoTime() > 0) {
      try {
        ended = thread.awaitTermination(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (!ended) {
      LOG.warn("A thread of a task that has ended still runs after {} s", PATIENCE_SECONDS);
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
