// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import io.stoker.driver.averaging.WorkerMessage.Blocks;
import io.stoker.driver.averaging.WorkerMessage.Stored;
import io.stoker.driver.spark.BlockAddress;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/** Which executors hold which blocks of a multi-round stage, as far as their workers have said. */
final class HeldBlocks {
  /**
   * Rounds of which an executor holds blocks; {@code from} is above {@code to} if it holds none.
   */
  private record Rounds(int from, int to) {
    static final Rounds NONE = new Rounds(0, -1);

    boolean contains(int round) {
      return from <= round && round <= to;
    }

    Rounds with(int round) {
      return contains(round)
          ? this
          : new Rounds(to == round - 1 && to >= from ? from : round, round);
    }

    Rounds since(int round) {
      return new Rounds(Math.max(from, round), to);
    }
  }

  /**
   * The blocks on an executor: slices with which rounds begin, and by worker pieces and averages.
   */
  private record Held(Rounds starts, Map<Integer, Rounds> pieces, Map<Integer, Rounds> averages) {
    static final Held NOTHING = new Held(Rounds.NONE, Map.of(), Map.of());

    boolean holds(Blocks blocks, int worker, int round) {
      Map<Integer, Rounds> ofWorkers = blocks == Blocks.PIECES ? pieces : averages;
      return ofWorkers.getOrDefault(worker, Rounds.NONE).contains(round);
    }

    Held withStarts(Rounds changed) {
      return new Held(changed, pieces, averages);
    }

    Held withPieces(int worker, Rounds changed) {
      return new Held(starts, with(pieces, worker, changed), averages);
    }

    Held withAverages(int worker, Rounds changed) {
      return new Held(starts, pieces, with(averages, worker, changed));
    }

    private static Map<Integer, Rounds> with(Map<Integer, Rounds> before, int key, Rounds value) {
      Map<Integer, Rounds> after = new HashMap<>(before);
      after.put(key, value);
      return after;
    }
  }

  /** In the order in which addresses became known. */
  private final Map<BlockAddress, Held> addresses;

  private HeldBlocks(Map<BlockAddress, Held> addresses) {
    this.addresses = addresses;
  }

  static HeldBlocks none() {
    return new HeldBlocks(new LinkedHashMap<>());
  }

  /** A copy: changes of one do not change the other. */
  HeldBlocks copy() {
    return new HeldBlocks(new LinkedHashMap<>(addresses));
  }

  private Held at(BlockAddress address) {
    return addresses.getOrDefault(address, Held.NOTHING);
  }

  /** A worker has loaded the slices with which a round begins. */
  void loaded(BlockAddress address, int round) {
    addresses.put(address, at(address).withStarts(at(address).starts().with(round)));
  }

  /** A worker has stored pieces, next to the slices with which their round began, or averages. */
  void stored(Stored message) {
    BlockAddress address = message.sender().address();
    int worker = message.sender().worker();
    int round = message.round();
    if (message.blocks() == Blocks.PIECES) {
      loaded(address, round);
      Held here = at(address);
      Rounds pieces = here.pieces().getOrDefault(worker, Rounds.NONE);
      addresses.put(address, here.withPieces(worker, pieces.with(round)));
    } else {
      addresses.put(address, at(address).withAverages(worker, new Rounds(round, round)));
    }
  }

  /** A worker has deleted all its pieces. */
  void deletesPieces(BlockAddress address, int worker) {
    addresses.put(address, at(address).withPieces(worker, Rounds.NONE));
  }

  /** A worker has deleted what belongs to earlier rounds. */
  void deletesEarlier(BlockAddress address, int worker, int round) {
    Held here = at(address);
    here = here.withStarts(here.starts().since(round));
    Rounds pieces = here.pieces().getOrDefault(worker, Rounds.NONE);
    addresses.put(address, here.withPieces(worker, pieces.since(round)));
  }

  /** All blocks of an executor are lost. */
  void lose(BlockAddress address) {
    addresses.remove(address);
  }

  /** All blocks are deleted but the slices with which a round began. */
  void keepOnlyStarts(int round) {
    addresses.values().removeIf(each -> !each.starts().contains(round));
    addresses.replaceAll((address, each) -> Held.NOTHING.withStarts(new Rounds(round, round)));
  }

  /** Whether an executor holds the slices with which a round begins. */
  boolean holdsStart(BlockAddress address, int round) {
    return at(address).starts().contains(round);
  }

  /** An executor that holds the slices with which a round begins. */
  Optional<BlockAddress> ofStart(int round) {
    return first(each -> each.starts().contains(round));
  }

  /** An executor that holds all averages of a round, which are the slices of the next one. */
  Optional<BlockAddress> ofAverages(int round) {
    return ofStart(round + 1);
  }

  /** The latest round whose first slices an executor holds; at most 0 if there is none. */
  int latestStart() {
    return addresses.values().stream().mapToInt(each -> each.starts().to()).max().orElse(0);
  }

  /**
   * An executor that holds a worker's blocks of a round.
   *
   * @param preferred the one to take if several hold them
   */
  Optional<BlockAddress> of(
      Blocks blocks, int worker, int round, Optional<BlockAddress> preferred) {
    return preferred
        .filter(address -> at(address).holds(blocks, worker, round))
        .or(() -> first(each -> each.holds(blocks, worker, round)));
  }

  private Optional<BlockAddress> first(Predicate<Held> condition) {
    return addresses.entrySet().stream()
        .filter(each -> condition.test(each.getValue()))
        .map(Map.Entry::getKey)
        .findFirst();
  }
}
