// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import io.stoker.driver.averaging.WorkerMessage.Sender;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * The workers of a stage with a {@link StageRules.Quorum} without which a round has ended, until
 * they begin again. One that begins again while the others are in the midst of a round waits for
 * the next one: otherwise it would be late in each round, by as much as it was in the first.
 */
final class LateWorkers {
  /** The tasks of workers that were told that they are late. */
  private final Map<Integer, Sender> told;

  /** The messages, by ticket, of those that wait for the next round. */
  private final SortedMap<Long, Sender> joining;

  private LateWorkers(Map<Integer, Sender> told, SortedMap<Long, Sender> joining) {
    this.told = told;
    this.joining = joining;
  }

  static LateWorkers none() {
    return new LateWorkers(new HashMap<>(), new TreeMap<>());
  }

  /** A copy: changes of one do not change the other. */
  LateWorkers copy() {
    return new LateWorkers(new HashMap<>(told), new TreeMap<>(joining));
  }

  /** The task of a worker, if the worker is late. */
  Optional<Sender> task(int worker) {
    return Optional.ofNullable(told.get(worker));
  }

  void add(Sender sender) {
    told.put(sender.worker(), sender);
  }

  /** A late worker waits for the next round. */
  void joins(long ticket, Sender sender) {
    told.put(sender.worker(), sender);
    joining.put(ticket, sender);
  }

  /** How many wait for the next round. */
  int joining() {
    return joining.size();
  }

  /** A worker begins again. */
  void remove(int worker) {
    told.remove(worker);
  }

  /** No worker is late any more; messages that wait are still to be answered. */
  void clear() {
    told.clear();
  }

  /** Removes some of the messages that wait for the next round. */
  SortedMap<Long, Sender> removeJoining(Predicate<Sender> which) {
    SortedMap<Long, Sender> removed = new TreeMap<>(joining);
    removed.values().removeIf(which.negate());
    joining.keySet().removeAll(removed.keySet());
    return removed;
  }
}
