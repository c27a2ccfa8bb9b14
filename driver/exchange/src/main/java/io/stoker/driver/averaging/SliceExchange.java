// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import io.stoker.base.LittleEndian;
import io.stoker.driver.averaging.DriverReply.BeginAt;
import io.stoker.driver.averaging.DriverReply.Found;
import io.stoker.driver.averaging.DriverReply.Noted;
import io.stoker.driver.averaging.WorkerMessage.Begins;
import io.stoker.driver.averaging.WorkerMessage.Loaded;
import io.stoker.driver.averaging.WorkerMessage.Sender;
import io.stoker.driver.averaging.WorkerMessage.Stored;
import io.stoker.driver.slice.Correction;
import io.stoker.driver.slice.SliceAverage;
import io.stoker.driver.slice.SliceOwners;
import io.stoker.driver.slice.WorkerSlice;
import io.stoker.driver.spark.BlockAddress;
import io.stoker.driver.spark.Blocks;
import io.stoker.driver.spark.DriverQuestions;
import io.stoker.driver.spark.FetchWindow;
import io.stoker.driver.spark.FetchWindow.Block;
import io.stoker.driver.spark.FetchWindow.Request;
import io.stoker.driver.spark.FetchedBlock;
import io.stoker.driver.spark.MessageCodec;
import io.stoker.worker.sgd.Measure;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.IntFunction;
import org.apache.spark.TaskContext;
import org.apache.spark.TaskKilledException;

/**
 * The exchange between two rounds of a stage, seen from one worker's task: a reduce-scatter and an
 * all-gather through the blocks of the executors.
 *
 * <ol>
 *   <li>A worker stores its piece of each slice as a block on its executor, and reports this to the
 *       {@link Rendezvous}, which answers when all workers have done so.
 *   <li>The owner of a slice fetches the pieces of the other workers, averages them in worker
 *       order, takes the outer step, and stores the result; see {@link SliceOwners}.
 *   <li>When all owners have reported that, the worker fetches the other results, and deletes its
 *       pieces. The results stay on its executor until all workers have stored their pieces of the
 *       next round, for workers whose task begins again.
 * </ol>
 *
 * <p>Where a round may end with a quorum, its owners are among its members, who are known when it
 * has ended. So each worker stores its pieces of all slices.
 */
final class SliceExchange {
  private final TrainStageRdd.Worker me;
  private final StageBlocks blocks;
  private final SliceAverage average;

  /** Of the round that the workers average. */
  private SliceOwners owners;

  /** The slices in the order in which this worker reads them. */
  private final List<Integer> order;

  private final int worker;
  private final TaskContext context;
  private final DriverQuestions rendezvous;

  /** On which executors the blocks of each worker are, as the rendezvous said last. */
  private Found addresses = Found.NONE;

  /** This worker's pieces of the slices that it averages, after the last round. */
  private final Map<Integer, WorkerSlice> own = new HashMap<>();

  /** The first round that this worker has left, and whose slices may be here. */
  private int earliestLeft = Integer.MAX_VALUE;

  /** The averages of this worker before the round that begins. */
  private List<SliceReport> averages = List.of();

  /** Bytes of slices that came from other executors for that round. */
  private long fetchedBytes;

  /** For how long this worker has averaged, and waited for results. */
  private double otherSeconds;

  /**
   * @param blocks the stage's, on this executor
   * @param rendezvous answers when the other workers have done the same
   */
  SliceExchange(TrainStageRdd.Worker worker, StageBlocks blocks, DriverQuestions rendezvous) {
    this.me = worker;
    this.blocks = blocks;
    this.rendezvous = rendezvous;
    this.average = worker.average();
    this.owners = worker.owners();
    this.order = worker.order();
    this.worker = worker.number();
    this.context = worker.context();
  }

  /**
   * Finds the round with which this task begins: the stage's first one or, in a task that begins
   * again, the latest one for which another executor holds all slices. These are copied to this
   * executor.
   *
   * @return empty if that is the last round, and has no work for this worker
   */
  OptionalInt firstRound() {
    List<BlockAddress> lost = List.of();
    while (true) {
      BeginAt answer = (BeginAt) ask(new Begins(sender(), lost));
      int round = answer.round();
      if (answer.isAbsent()) {
        return OptionalInt.empty();
      }
      deleteLeft(round - 1); // Members of the round before may begin again, and copy its slices.
      if (round == 0 || (answer.hasEnded() && blocks.copyLast(order))) {
        return OptionalInt.of(round);
      }
      BlockAddress holder = answer.holder();
      lost = List.of(holder);
      if (!answer.hasEnded()
          && fetchStarts(round, order, slice -> holder, (slice, content) -> {}).isEmpty()) {
        try {
          ask(new Loaded(sender(), round));
          return OptionalInt.of(round);
        } catch (LateException e) {
          lost = List.of();
        }
      }
      if (me.hasQuorum()) { // Some of the round's slices may be here.
        earliestLeft = Math.min(earliestLeft, round);
      }
    }
  }

  /** Leaves a round that has ended without this worker, and deletes the worker's pieces of it. */
  void leave(int round) {
    blocks.deletePieces(round, worker);
    earliestLeft = Math.min(earliestLeft, round);
  }

  /** Deletes the slices of rounds that this worker has left, and of those between. */
  private void deleteLeft(int before) {
    for (int round = earliestLeft; round < before; round++) {
      blocks.deleteStarts(round);
      earliestLeft = round + 1;
    }
  }

  /** Loads the slices with which a round begins from the blocks of this executor. */
  void load(RoundExecution round) {
    long start = System.nanoTime();
    for (int slice : order) {
      try (FetchedBlock content = content(round.round(), slice)) {
        round.load(slice, content.bytes());
      }
    }
    loaded(round, (System.nanoTime() - start) / 1e9);
  }

  /** Stores this worker's pieces of a round for the others, and keeps those that it averages. */
  void publish(RoundExecution done) {
    for (int slice = 0; slice < average.slices().count(); slice++) {
      WorkerSlice piece = piece(done, slice);
      if (me.hasQuorum() || owners.isEveryWorker() || owners.owner(slice) != worker) {
        blocks.putPiece(done.round(), piece);
      } else {
        own.put(slice, piece);
      }
    }
  }

  private WorkerSlice piece(RoundExecution done, int slice) {
    byte[] array = blocks.arrays().take();
    WorkerSlice piece =
        average.overlaps()
            ? done.piece(slice, done.values(slice, array))
            : done.piece(slice, array, () -> content(done.round(), slice));
    if (piece.backing() != array) {
      blocks.arrays().giveBack(array);
    }
    return piece;
  }

  /**
   * Waits until all workers have stored their pieces of a round.
   *
   * @param done this worker's report of the round
   * @throws StageAbortedException if this worker cannot go on in its stage
   * @throws LateException if the round has ended without it
   */
  void awaitPieces(TaskReport done) {
    int round = done.round();
    await(WorkerMessage.Blocks.PIECES, round, Set.of(), Optional.of(done));
    if (me.hasQuorum()) {
      owners = SliceOwners.ofMembers(owners.slices(), addresses.members());
    }
    blocks.deleteStarts(round - 1);
    deleteLeft(round);
    if (owners.isEveryWorker()) { // All have averaged the pieces of the round before.
      blocks.deletePieces(round - 1, worker);
    }
  }

  /**
   * Averages this worker's slices of a round, and fetches those that others average.
   *
   * @param reader is called with each slice, whose content must not be written to
   * @throws StageAbortedException if this worker cannot go on in its stage
   */
  void exchangeResults(int round, BiConsumer<Integer, ByteBuffer> reader) {
    averages = averageOwn(round, reader);
    long waiting = System.nanoTime();
    if (!owners.isEveryWorker()) {
      List<SliceReport> sum = averages.stream().reduce(SliceReport::plus).stream().toList();
      Optional<TaskReport> report = Optional.of(new TaskReport(round + 1, List.of(), sum));
      await(WorkerMessage.Blocks.AVERAGES, round, Set.of(), report);
    }
    otherSeconds =
        (System.nanoTime() - waiting) / 1e9
            + averages.stream()
                .mapToDouble(each -> each.measured().get(Measure.AVERAGE_SECONDS))
                .sum();
    fetchOthers(round, reader);
  }

  /** Loads the results of the round before into the network, each as soon as it is here. */
  void loadResults(RoundExecution next) {
    int done = next.round() - 1;
    long start = System.nanoTime();
    exchangeResults(done, next::load);
    loaded(next, (System.nanoTime() - start) / 1e9 - otherSeconds);
    if (!owners.isEveryWorker() || blocks.isLast(next.round())) {
      // From now on a task that begins again begins with this round, and copies its slices from
      // here, so that no worker needs the pieces of the round before.
      Noted noted = (Noted) ask(new Loaded(sender(), next.round()));
      if (noted.deletesPieces()) {
        blocks.deletePieces(done, worker);
      }
    }
  }

  /**
   * Corrects a worker's values with the results of the round before, which are here.
   *
   * @param start when the worker began to wait for them, as of {@link System#nanoTime}
   */
  void correct(RoundExecution next, Correction correction, long start) {
    int done = next.round() - 1;
    for (int slice : owners.order(worker)) {
      try (FetchedBlock sent =
              own.containsKey(slice)
                  ? FetchedBlock.of(own.get(slice).backing())
                  : blocks.piece(done, slice, worker).here().orElseThrow();
          FetchedBlock result = blocks.content(next.round(), slice)) {
        next.correct(correction, slice, sent.bytes(), result.bytes());
      }
    }
    own.values().forEach(piece -> blocks.arrays().giveBack(piece.backing()));
    own.clear();
    if (!owners.isEveryWorker()) { // Otherwise others may still average them.
      blocks.deletePieces(done, worker);
    }
    loaded(next, (System.nanoTime() - start) / 1e9);
  }

  /** Notes what it took to load the parameters of a round, or to correct them. */
  private void loaded(RoundExecution next, double seconds) {
    next.loaded(seconds, fetchedBytes, owners.isEveryWorker() ? averages : List.of());
  }

  private List<SliceReport> averageOwn(int round, BiConsumer<Integer, ByteBuffer> reader) {
    List<SliceReport> reports = new ArrayList<>();
    List<Integer> missing = new ArrayList<>(owners.averagedBy(worker));
    while (true) {
      Set<BlockAddress> lost = new LinkedHashSet<>();
      try (FetchWindow window = blocks.fetch(requests(round, missing))) {
        for (Iterator<Integer> each = missing.iterator(); each.hasNext(); ) {
          Optional<SliceReport> report = averageOne(round, each.next(), reader, window, lost);
          report.ifPresent(reports::add);
          if (report.isPresent()) {
            each.remove();
          }
        }
      }
      if (missing.isEmpty()) {
        return reports;
      }
      await(WorkerMessage.Blocks.PIECES, round, lost, Optional.empty());
    }
  }

  /**
   * Averages the pieces of a slice after a round, and stores the result.
   *
   * @param reader is called with the result before it is stored
   * @param lost receives the addresses that did not deliver a piece
   * @return empty if a piece is missing
   */
  private Optional<SliceReport> averageOne(
      int round,
      int slice,
      BiConsumer<Integer, ByteBuffer> reader,
      FetchWindow window,
      Set<BlockAddress> lost) {
    long start = System.nanoTime();
    byte[] content = blocks.arrays().take();
    Map<Integer, FetchedBlock> pieces = new TreeMap<>();
    SliceReport report;
    try {
      // Pieces of other executors are waited for before blocks of this one are opened.
      List<Integer> senders = workersWithBlocks(slice);
      for (int of : senders) {
        window.take(blocks.piece(round, slice, of)).ifPresent(piece -> pieces.put(of, piece));
      }
      for (int of : senders) {
        if (!pieces.containsKey(of)) {
          blocks
              .piece(round, slice, of)
              .here()
              .ifPresentOrElse(piece -> pieces.put(of, piece), () -> lost.add(addresses.of(of)));
        }
      }
      if (pieces.size() < senders.size()) {
        blocks.arrays().giveBack(content);
        return Optional.empty();
      }
      List<WorkerSlice> inOrder =
          owners.members().stream()
              .map(of -> pieces.containsKey(of) ? read(slice, of, pieces) : own.get(slice))
              .toList();
      try (FetchedBlock before = before(round, slice)) {
        SliceAverage.Averaged mean =
            average.of(slice, inOrder, before.bytes(), me.kept(round), content);
        report = SliceReport.of(slice, start, inOrder, mean);
      }
    } finally {
      pieces.values().forEach(FetchedBlock::close);
    }
    // From here on no block is open: other tasks may wait to delete one.
    reader.accept(slice, LittleEndian.bytes(content));
    blocks.putStart(round + 1, slice, content);
    if (!average.overlaps() && own.containsKey(slice)) {
      blocks.arrays().giveBack(own.remove(slice).backing());
    }
    return Optional.of(report);
  }

  private WorkerSlice read(int slice, int of, Map<Integer, FetchedBlock> pieces) {
    return StageBlocks.readPiece(slice, of, addresses.of(of).executor(), pieces.get(of));
  }

  /**
   * A slice with which a round begins.
   *
   * @throws LateException if the others have left the round without this worker, and deleted it
   */
  private FetchedBlock content(int round, int slice) {
    try {
      return blocks.content(round, slice);
    } catch (NoSuchElementException e) {
      if (me.hasQuorum()) {
        throw new LateException(e.getMessage());
      }
      throw e;
    }
  }

  private FetchedBlock before(int round, int slice) {
    return average.needsBefore() ? content(round, slice) : FetchedBlock.of(new byte[0]);
  }

  /** The workers whose pieces of a slice are blocks: all, but this one if it owns the slice. */
  private List<Integer> workersWithBlocks(int slice) {
    return owners.members().stream().filter(of -> of != worker || !own.containsKey(slice)).toList();
  }

  /** The pieces of other executors, in the order in which they are averaged. */
  private List<Request> requests(int round, List<Integer> slices) {
    List<Request> requests = new ArrayList<>();
    for (int slice : slices) {
      for (int of : workersWithBlocks(slice)) {
        requests.add(new Request(blocks.piece(round, slice, of), addresses.of(of)));
      }
    }
    return requests;
  }

  /** Fetches the slices that other workers have averaged after a round. */
  private void fetchOthers(int round, BiConsumer<Integer, ByteBuffer> reader) {
    fetchedBytes = 0;
    List<Integer> missing = owners.averagedByOthers(worker);
    while (true) {
      missing = fetchStarts(round + 1, missing, slice -> addresses.of(owners.owner(slice)), reader);
      if (missing.isEmpty()) {
        return;
      }
      Set<BlockAddress> lost = new LinkedHashSet<>();
      missing.forEach(slice -> lost.add(addresses.of(owners.owner(slice))));
      await(WorkerMessage.Blocks.AVERAGES, round, lost, Optional.empty());
    }
  }

  /**
   * Copies slices with which a round begins to this executor, where they are not here.
   *
   * @param holder the executor of each slice
   * @param reader is called with each slice that is here then
   * @return the slices that their executors did not deliver
   */
  private List<Integer> fetchStarts(
      int round,
      List<Integer> slices,
      IntFunction<BlockAddress> holder,
      BiConsumer<Integer, ByteBuffer> reader) {
    List<Request> requests =
        slices.stream()
            .filter(slice -> !blocks.start(round, slice).isHere())
            .map(slice -> new Request(blocks.start(round, slice), holder.apply(slice)))
            .toList();
    List<Integer> missing = new ArrayList<>();
    try (FetchWindow window = blocks.fetch(requests)) {
      for (int slice : slices) {
        Block block = blocks.start(round, slice);
        Optional<FetchedBlock> arrived = window.take(block).or(block::here);
        if (arrived.isEmpty()) {
          missing.add(slice);
          continue;
        }
        try (FetchedBlock content = arrived.get()) {
          reader.accept(slice, content.bytes());
          content.detachArray().ifPresent(array -> blocks.putStart(round, slice, array));
        }
      }
      fetchedBytes += window.takenBytes();
    }
    return missing;
  }

  private void await(
      WorkerMessage.Blocks stored, int round, Set<BlockAddress> lost, Optional<TaskReport> report) {
    DriverReply answer =
        ask(new Stored(sender(), stored, round, addresses.version(), List.copyOf(lost), report));
    addresses = addresses.updated((Found) answer);
  }

  private Sender sender() {
    long attempt = (long) context.stageId() << Integer.SIZE | context.stageAttemptNumber();
    return new Sender(blocks.stage(), attempt, worker, context.taskAttemptId(), Blocks.here());
  }

  private DriverReply ask(WorkerMessage message) {
    byte[] answer = rendezvous.ask(MessageCodec.encode(WorkerMessage.class, message));
    DriverReply reply = MessageCodec.decode(DriverReply.class, answer);
    if (reply instanceof DriverReply.Replaced replaced) {
      throw new TaskKilledException(replaced.reason()); // Spark does not count it as a failure.
    }
    if (reply instanceof DriverReply.Late) {
      throw new LateException("The round of worker " + worker + " has ended without it");
    }
    if (reply instanceof DriverReply.Aborted aborted) {
      throw new StageAbortedException(worker, aborted.reason());
    }
    return reply;
  }
}
