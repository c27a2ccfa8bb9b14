// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import io.stoker.driver.averaging.DriverReply.Found;
import io.stoker.driver.averaging.RunningTasks.Running;
import io.stoker.driver.averaging.WorkerMessage.Blocks;
import io.stoker.driver.averaging.WorkerMessage.Sender;
import io.stoker.driver.averaging.WorkerMessage.Stored;
import io.stoker.driver.spark.BlockAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** The workers of a multi-round stage that wait for blocks of the others. */
final class WaitingWorkers {
  /** A worker that waits for blocks of all workers of a round. */
  record Waiting(long ticket, Stored message) {
    Sender sender() {
      return message.sender();
    }
  }

  /**
   * A worker that need not wait any more.
   *
   * @param addresses where the blocks are; empty if the others have begun the next round, and may
   *     have deleted them
   */
  record Served(Waiting worker, Optional<Found> addresses) {}

  /** Which blocks a worker waits for. */
  private record Wanted(Blocks blocks, int round) {}

  private final StageRules rules;
  private final List<Integer> all;
  private final List<Waiting> waiting;

  /** The addresses that workers were told last. */
  private Found found;

  private WaitingWorkers(StageRules rules, List<Integer> all, List<Waiting> waiting, Found found) {
    this.rules = rules;
    this.all = all;
    this.waiting = waiting;
    this.found = found;
  }

  static WaitingWorkers none(StageRules rules) {
    List<Integer> all = IntStream.range(0, rules.workers()).boxed().toList();
    return new WaitingWorkers(rules, all, new ArrayList<>(), Found.NONE);
  }

  /** A copy: changes of one do not change the other. */
  WaitingWorkers copy() {
    return new WaitingWorkers(rules, all, new ArrayList<>(waiting), found);
  }

  void add(long ticket, Stored message) {
    waiting.add(new Waiting(ticket, message));
  }

  int count() {
    return waiting.size();
  }

  boolean contains(Sender sender) {
    return waiting.stream().anyMatch(each -> each.sender().equals(sender));
  }

  /** The workers that have delivered their pieces of a round. */
  Set<Integer> delivered(int round) {
    return waiting.stream()
        .filter(each -> each.message().blocks() == Blocks.PIECES)
        .filter(each -> each.message().round() == round)
        .map(each -> each.sender().worker())
        .collect(Collectors.toSet());
  }

  /** Removes some. */
  List<Waiting> removeIf(Predicate<Waiting> which) {
    List<Waiting> removed = waiting.stream().filter(which).toList();
    waiting.removeIf(which);
    return removed;
  }

  /** Removes those for which all is stored that they wait for, or was stored and is deleted. */
  List<Served> serve(HeldBlocks held, RunningTasks running, RoundMembers members) {
    // Each is computed once for all workers: a thousand of them may wait for the same blocks.
    Map<Wanted, Optional<Found>> addresses = new HashMap<>();
    Map<Integer, Boolean> hasNextRound = new HashMap<>();
    List<Served> served = new ArrayList<>();
    for (Waiting each : waiting) {
      Wanted wanted = new Wanted(each.message().blocks(), each.message().round());
      Optional<Found> all =
          addresses.computeIfAbsent(wanted, key -> find(key, held, running, members));
      boolean isOver =
          rules.hasOwners()
              && wanted.blocks() == Blocks.PIECES
              && hasNextRound.computeIfAbsent(
                  wanted.round(), of -> held.ofAverages(of).isPresent());
      if (all.isPresent() || isOver) {
        served.add(new Served(each, all));
      }
    }
    Set<Waiting> gone = served.stream().map(Served::worker).collect(Collectors.toSet());
    waiting.removeIf(gone::contains);
    return served;
  }

  /** The address of each worker's blocks; empty while some of them are missing. */
  private Optional<Found> find(
      Wanted wanted, HeldBlocks held, RunningTasks running, RoundMembers members) {
    if (members.isOn()) {
      return members
          .of(wanted.round())
          .flatMap(taking -> addresses(wanted, taking, held, running).map(of -> found(of, taking)));
    }
    if (wanted.blocks() == Blocks.PIECES
        && running.earliestRound().orElse(wanted.round()) < wanted.round()) {
      return Optional.empty(); // It has begun again, and still needs blocks of an earlier round.
    }
    return addresses(wanted, all, held, running).map(of -> found(of, List.of()));
  }

  /** These addresses with the version that workers know, or a new one if they are others. */
  private Found found(List<BlockAddress> addresses, List<Integer> members) {
    if (!addresses.equals(found.byWorker()) || !members.equals(found.members())) {
      found = new Found(found.version() + 1, addresses, members);
    }
    return found;
  }

  private Optional<List<BlockAddress>> addresses(
      Wanted wanted, List<Integer> taking, HeldBlocks held, RunningTasks running) {
    Optional<BlockAddress> ofAverages =
        wanted.blocks() == Blocks.PIECES ? Optional.empty() : held.ofAverages(wanted.round());
    BlockAddress[] addresses = new BlockAddress[rules.workers()];
    for (int of : taking) {
      Optional<BlockAddress> address =
          held.of(wanted.blocks(), of, wanted.round(), running.of(of).map(Running::address))
              .or(() -> ofAverages);
      if (address.isEmpty()) {
        return Optional.empty();
      }
      if (addresses[0] == null) {
        Arrays.fill(addresses, address.get()); // Workers that are absent are not asked.
      }
      addresses[of] = address.get();
    }
    return Optional.of(List.of(addresses));
  }
}
