// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.mlflow;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * What is not sent to MLflow yet. Adding never waits: where it is full, the event is dropped and
 * counted.
 */
final class PendingEvents {
  /** How a job ends. */
  enum End {
    FINISHED,
    FAILED
  }

  private final int capacity;
  private final Deque<Event> events = new ArrayDeque<>();
  private long dropped;
  private Optional<End> end = Optional.empty();

  /**
   * @param capacity the most events that are kept
   */
  PendingEvents(int capacity) {
    this.capacity = capacity;
  }

  synchronized void add(Event event) {
    if (events.size() < capacity) {
      events.add(event);
      notifyAll();
    } else {
      dropped++;
    }
  }

  /** The job ends; the first call says how. */
  synchronized void end(End how) {
    end = end.or(() -> Optional.of(how));
    notifyAll();
  }

  /** How the job has ended, if it has. */
  synchronized Optional<End> end() {
    return end;
  }

  /**
   * Waits until there is something to send, or the job has ended.
   *
   * @param most the number of events to return at most
   * @return the oldest events, which stay here; none if the job has ended and all are sent
   */
  synchronized List<Event> await(int most) throws InterruptedException {
    while (events.isEmpty() && end.isEmpty()) {
      wait();
    }
    return events.stream().limit(most).toList();
  }

  /** The oldest events are sent. */
  synchronized void sent(int count) {
    for (int i = 0; i < count; i++) {
      events.remove();
    }
  }

  /** Waits before another try, or until the job has ended. */
  synchronized void awaitEnd(long milliseconds) throws InterruptedException {
    long until = System.nanoTime() + milliseconds * 1_000_000;
    for (long left = milliseconds; end.isEmpty() && left > 0; ) {
      wait(left);
      left = (until - System.nanoTime()) / 1_000_000;
    }
  }

  /** How many events were never sent: those that are here, and those that found no place. */
  synchronized long lost() {
    return events.size() + dropped;
  }
}
