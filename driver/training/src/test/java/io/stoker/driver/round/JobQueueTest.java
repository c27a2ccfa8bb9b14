// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.failure.ResourceException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class JobQueueTest {
  private static final String RUN = "run /run";

  private final JobQueue queue = new JobQueue();

  @Test
  void workersOfAllJobsTogetherNeverExceedTheSlots() throws Exception {
    AtomicInteger running = new AtomicInteger();
    List<Integer> seen = Collections.synchronizedList(new ArrayList<>());
    ExecutorService threads = Executors.newCachedThreadPool();
    List<Future<?>> jobs = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      int workers = 1 + i % 4;
      jobs.add(
          threads.submit(
              () -> {
                queue.await(RUN, workers, () -> 4);
                seen.add(running.addAndGet(workers));
                LockSupport.parkNanos(100_000);
                running.addAndGet(-workers);
                queue.end(workers);
              }));
    }
    for (Future<?> job : jobs) {
      job.get();
    }
    threads.shutdown();
    assertThat(seen).hasSize(60).allMatch(workers -> workers <= 4);
  }

  @Test
  void aJobThatNeedsManySlotsIsNotOvertaken() throws Exception {
    List<String> begun = Collections.synchronizedList(new ArrayList<>());
    queue.await(RUN, 2, () -> 3);
    Thread large = begin("large", 3, begun);
    awaitWaiting(large);
    Thread small = begin("small", 1, begun);
    awaitWaiting(small);
    assertThat(begun).isEmpty();
    queue.end(2);
    large.join();
    small.join();
    assertThat(begun).containsExactly("large", "small");
  }

  private Thread begin(String name, int workers, List<String> begun) {
    Thread thread =
        new Thread(
            () -> {
              queue.await(RUN, workers, () -> 3);
              begun.add(name);
              queue.end(workers);
            });
    thread.start();
    return thread;
  }

  private static void awaitWaiting(Thread thread) {
    while (thread.getState() != Thread.State.TIMED_WAITING) {
      Thread.onSpinWait();
    }
  }

  @Test
  void aJobWithMoreWorkersThanSlotsTrainsAlone() throws Exception {
    queue.await(RUN, 8, () -> 2);
    CountDownLatch second = new CountDownLatch(1);
    Thread thread =
        new Thread(
            () -> {
              queue.await(RUN, 1, () -> 2);
              second.countDown();
            });
    thread.start();
    awaitWaiting(thread);
    assertThat(second.getCount()).isEqualTo(1);
    queue.end(8);
    second.await();
  }

  @Test
  void anInterruptedJobLeavesTheQueue() throws Exception {
    queue.await(RUN, 2, () -> 2);
    AtomicInteger failures = new AtomicInteger();
    Thread waits =
        new Thread(
            () -> {
              assertThatThrownBy(() -> queue.await(RUN, 2, () -> 2))
                  .isInstanceOf(ResourceException.class)
                  .hasMessage("Interrupted while run /run waits for slots");
              failures.incrementAndGet();
            });
    waits.start();
    awaitWaiting(waits);
    waits.interrupt();
    waits.join();
    assertThat(failures).hasValue(1);
    queue.end(2);
    queue.await(RUN, 2, () -> 2);
  }
}
