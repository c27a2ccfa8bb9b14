// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.stoker.failure.ResourceException;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.Queue;
import java.util.WeakHashMap;
import java.util.function.IntSupplier;
import org.apache.spark.SparkContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets the jobs of one Spark application train side by side as long as all of their workers have a
 * slot: the workers of a stage wait for each other, and those of two jobs that have some of the
 * slots each would wait for ever. Jobs begin in the order in which they come.
 */
final class JobQueue {
  private static final Logger LOG = LoggerFactory.getLogger(JobQueue.class);

  /** How often to look for slots that have come, while no job ends. */
  private static final long LOOK_MILLISECONDS = 2000;

  @GuardedBy("JobQueue.class") private static final Map<SparkContext, JobQueue> OF_APPLICATIONS = new WeakHashMap<>();

  @GuardedBy("this") private final Queue<Object> waiting = new ArrayDeque<>();

  @GuardedBy("this") private int taken;

  /** The queue of an application. */
  static JobQueue of(SparkContext application) {
    synchronized (JobQueue.class) {
      return OF_APPLICATIONS.computeIfAbsent(application, context -> new JobQueue());
    }
  }

  /**
   * Waits until a job may begin. One with more workers than there are slots trains alone.
   *
   * @param job what to call it in messages
   * @param workers how many it has; {@link #end} returns their slots
   * @param slots how many slots there are now
   * @throws ResourceException if this thread is interrupted
   */
  synchronized void await(String job, int workers, IntSupplier slots) {
    Object ticket = new Object();
    waiting.add(ticket);
    try {
      if (waiting.peek() != ticket || isFull(workers, slots)) {
        LOG.info("{} waits until {} slots are free", job, workers);
      }
      while (waiting.peek() != ticket || isFull(workers, slots)) {
        wait(LOOK_MILLISECONDS);
      }
      taken += workers;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ResourceException("Interrupted while %s waits for slots".formatted(job), e);
    } finally {
      waiting.remove(ticket);
      notifyAll(); // The next one may have room, too.
    }
  }

  @GuardedBy("this") private boolean isFull(int workers, IntSupplier slots) {
    return taken > 0 && taken + workers > slots.getAsInt();
  }

  /** Returns the slots of a job that has ended. */
  synchronized void end(int workers) {
    taken -= workers;
    notifyAll();
  }
}
