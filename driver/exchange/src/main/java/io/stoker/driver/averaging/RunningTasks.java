// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import io.stoker.driver.averaging.WorkerMessage.Loaded;
import io.stoker.driver.averaging.WorkerMessage.Sender;
import io.stoker.driver.averaging.WorkerMessage.Stored;
import io.stoker.driver.spark.BlockAddress;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;

/** The tasks of a multi-round stage that run, as far as is known: at most one of each worker. */
final class RunningTasks {
  /**
   * A worker whose task runs, as far as is known.
   *
   * @param sender its task
   * @param round the round that it trains, or whose pieces or averages it has stored last
   * @param hasAveraged whether it has stored its averages after that round
   * @param nanoTime when its last message arrived
   */
  record Running(Sender sender, int round, boolean hasAveraged, long nanoTime) {
    BlockAddress address() {
      return sender.address();
    }
  }

  private final Map<Integer, Running> byWorker;

  private RunningTasks(Map<Integer, Running> byWorker) {
    this.byWorker = byWorker;
  }

  static RunningTasks none() {
    return new RunningTasks(new HashMap<>());
  }

  /** A copy: changes of one do not change the other. */
  RunningTasks copy() {
    return new RunningTasks(new HashMap<>(byWorker));
  }

  Collection<Running> all() {
    return byWorker.values();
  }

  Optional<Running> of(int worker) {
    return Optional.ofNullable(byWorker.get(worker));
  }

  /** Whether a task is the one that does its worker's work. */
  boolean is(Sender sender) {
    return of(sender.worker()).filter(known -> known.sender().equals(sender)).isPresent();
  }

  /** The round that a message of a task is about; that of the task if the task begins again. */
  int round(WorkerMessage message) {
    if (message instanceof Loaded loaded) {
      return loaded.round();
    }
    return message instanceof Stored stored
        ? stored.round()
        : of(message.sender().worker()).orElseThrow().round();
  }

  /** The first round that a worker trains; empty if no task runs. */
  OptionalInt earliestRound() {
    return byWorker.values().stream().mapToInt(Running::round).min();
  }

  /** The last round that a worker trains; 0 if no task runs. */
  int latestRound() {
    return byWorker.values().stream().mapToInt(Running::round).max().orElse(0);
  }

  void put(Sender sender, int round, boolean hasAveraged, long nanoTime) {
    byWorker.put(sender.worker(), new Running(sender, round, hasAveraged, nanoTime));
  }

  void remove(int worker) {
    byWorker.remove(worker);
  }

  /** Spark's numbers of the tasks of some workers. */
  Set<Long> tasks(IntPredicate ofWorker) {
    return byWorker.values().stream()
        .filter(each -> ofWorker.test(each.sender().worker()))
        .map(each -> each.sender().task())
        .collect(Collectors.toSet());
  }

  /** The executors on which they run. */
  Set<String> executors() {
    return byWorker.values().stream()
        .map(each -> each.address().executor())
        .collect(Collectors.toSet());
  }

  /** How many run on some executors. */
  long on(Set<String> executors) {
    return byWorker.values().stream()
        .filter(each -> executors.contains(each.address().executor()))
        .count();
  }

  /** Removes those on an executor. */
  void endAt(BlockAddress address) {
    byWorker.values().removeIf(each -> each.address().equals(address));
  }

  void clear() {
    byWorker.clear();
  }
}
