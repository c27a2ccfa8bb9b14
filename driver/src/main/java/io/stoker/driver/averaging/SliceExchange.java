// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import io.stoker.driver.averaging.Rendezvous.Arrival;
import io.stoker.driver.averaging.Rendezvous.Phase;
import io.stoker.driver.averaging.Rendezvous.Places;
import io.stoker.driver.spark.BlockPlace;
import io.stoker.driver.spark.Blocks;
import io.stoker.driver.spark.DriverQuestions;
import io.stoker.driver.spark.FetchWindow;
import io.stoker.driver.spark.FetchWindow.Block;
import io.stoker.driver.spark.FetchWindow.Request;
import io.stoker.driver.spark.FetchedBlock;
import java.lang.ref.SoftReference;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.apache.spark.TaskContext;

/**
 * The exchange between two rounds of a stage, seen from one worker's task: a reduce-scatter and an
 * all-gather through the blocks of the executors.
 *
 * <ol>
 *   <li>A worker stores its piece of each slice as a block on its executor, and reports this to the
 *       {@link Rendezvous}, which answers when all workers have done so.
 *   <li>The owner of a slice fetches the pieces of the other workers, averages them in worker
 *       order, takes the outer step, and stores the result; see {@link SliceOwners}.
 *   <li>When all owners have reported that, the worker fetches the other results. They stay on its
 *       executor until all workers have stored their pieces of the next round, for workers whose
 *       task begins again.
 * </ol>
 */
final class SliceExchange {
  private final StageBlocks blocks;
  private final SliceAverage average;
  private final SliceOwners owners;
  private final int stage;
  private final int worker;
  private final TaskContext context;
  private final DriverQuestions rendezvous;

  /** On which executors the blocks of each worker are, as the rendezvous said last. */
  private Places places = Places.UNKNOWN;

  /**
   * This worker's pieces of the slices that it averages, after the last round: they need not be
   * read from their blocks, unless memory is short.
   */
  private final Map<Integer, SoftReference<WorkerSlice>> own = new HashMap<>();

  /** Bytes of slices that came from other executors for the round that begins. */
  private long fetchedBytes;

  /**
   * @param rendezvous the name of its endpoint
   * @param stage the stage's number there
   * @param blocks the stage's blocks
   * @param average how pieces are averaged
   * @param workers how many workers the stage has
   * @param worker the worker of this task
   * @param context the task's
   */
  SliceExchange(
      String rendezvous,
      int stage,
      StageBlocks blocks,
      SliceAverage average,
      int workers,
      int worker,
      TaskContext context) {
    this.stage = stage;
    this.blocks = blocks;
    this.average = average;
    this.owners = new SliceOwners(average.slices().count(), workers);
    this.worker = worker;
    this.context = context;
    this.rendezvous = new DriverQuestions(rendezvous, context);
  }

  /**
   * Finds the round with which this task begins: the stage's first one or, in a task that begins
   * again, the latest one for which another executor holds all slices. These are copied to this
   * executor.
   */
  int firstRound() {
    Map<Integer, String> lost = Map.of();
    while (true) {
      Object[] answer = report(Phase.BEGIN, 0, lost, List.of());
      int round = (int) answer[0];
      String place = ((String[]) answer[1])[0];
      List<Integer> all = owners.order(worker);
      if (round == 0 || fetchStarts(round, all, slice -> place, (s, content) -> {}).isEmpty()) {
        return round;
      }
      lost = Map.of(Rendezvous.ANY_WORKER, place);
    }
  }

  /** Loads the slices with which a round begins from the blocks of this executor. */
  void load(RoundExecution round) {
    long start = System.nanoTime();
    for (int slice : owners.order(worker)) {
      round.load(slice, blocks.content(round.round(), slice));
    }
    round.resetUpdaterStateUnlessCarried();
    round.loaded((System.nanoTime() - start) / 1e9, fetchedBytes, List.of());
    reportIfLast(round.round());
  }

  /** Stores this worker's pieces of a round for the others. */
  void publish(RoundExecution done) {
    int round = done.round();
    own.clear();
    for (int slice = 0; slice < average.slices().count(); slice++) {
      int number = slice;
      byte[] content = done.content(slice, new byte[average.slices().pieceBytes(slice)]);
      WorkerSlice piece =
          done.piece(slice, average.encoded(slice, content, () -> blocks.content(round, number)));
      blocks.putPiece(round, piece);
      if (owners.averages(worker, slice)) {
        own.put(slice, new SoftReference<>(piece));
      }
    }
  }

  /**
   * Waits until all workers have stored their pieces of a round.
   *
   * @param done this worker's report of the round
   * @throws StrandedException if a worker does not store its pieces in time
   */
  void awaitPieces(TaskReport done) {
    await(Phase.PIECES, done.round(), Map.of(), done.numbers());
    blocks.deleteBefore(done.round(), worker);
  }

  /**
   * Averages this worker's slices of the round before, and loads all slices into the network.
   *
   * @throws StrandedException if a worker does not do the same in time
   */
  void begin(RoundExecution next) {
    long start = System.nanoTime();
    List<SliceReport> averages = averageOwn(next);
    long waiting = System.nanoTime();
    if (!owners.isEveryWorker()) {
      TaskReport report = new TaskReport(next.round(), List.of(), sum(averages));
      await(Phase.RESULTS, next.round() - 1, Map.of(), report.numbers());
    }
    long complete = System.nanoTime();
    fetchedBytes = 0;
    loadOthers(next);
    next.resetUpdaterStateUnlessCarried();
    double averaging = averages.stream().mapToDouble(SliceReport::seconds).sum();
    next.loaded(
        (System.nanoTime() - complete + waiting - start) / 1e9 - averaging,
        fetchedBytes,
        owners.isEveryWorker() ? averages : List.of());
    reportIfLast(next.round());
  }

  private static List<SliceReport> sum(List<SliceReport> reports) {
    return reports.stream().reduce(SliceReport::plus).stream().toList();
  }

  /**
   * Notes for workers that begin again that this executor holds what the last round begins with.
   */
  private void reportIfLast(int round) {
    if (blocks.isLast(round)) {
      report(Phase.LOADED, round, Map.of(), List.of());
    }
  }

  private List<SliceReport> averageOwn(RoundExecution next) {
    int round = next.round() - 1;
    List<SliceReport> reports = new ArrayList<>();
    List<Integer> missing = new ArrayList<>(owners.averagedBy(worker));
    while (true) {
      Map<Integer, String> lost = new TreeMap<>();
      try (FetchWindow window = new FetchWindow(requests(round, missing), pieceBytes())) {
        for (Iterator<Integer> each = missing.iterator(); each.hasNext(); ) {
          int slice = each.next();
          long start = System.nanoTime();
          List<WorkerSlice> pieces = pieces(round, slice, window, lost);
          if (pieces.size() == owners.workers()) {
            WeightedMean.Averaged mean = average.of(slice, pieces, before(round, slice));
            reports.add(
                new SliceReport(
                    slice,
                    (System.nanoTime() - start) / 1e9,
                    SliceAverage.bytesFromOtherExecutors(pieces),
                    mean.driftSquared(),
                    mean.normSquared()));
            next.load(slice, mean.content());
            blocks.putStart(next.round(), slice, mean.content());
            each.remove();
          }
        }
      }
      if (missing.isEmpty()) {
        return reports;
      }
      await(Phase.PIECES, round, lost, List.of());
    }
  }

  private byte[] before(int round, int slice) {
    return average.needsBefore() ? blocks.content(round, slice) : new byte[0];
  }

  private long pieceBytes() {
    return average.slices().pieceBytes(0);
  }

  /** The pieces of the other workers, in the order in which they are averaged. */
  private List<Request> requests(int round, List<Integer> slices) {
    List<Request> requests = new ArrayList<>();
    for (int slice : slices) {
      others()
          .forEach(
              other ->
                  requests.add(
                      new Request(
                          blocks.piece(round, slice, other), BlockPlace.decode(places.of(other)))));
    }
    return requests;
  }

  private IntStream others() {
    return IntStream.range(0, owners.workers()).filter(other -> other != worker);
  }

  /**
   * The pieces of a slice, in worker order.
   *
   * @param lost receives, by worker, the places that did not deliver a piece
   */
  private List<WorkerSlice> pieces(
      int round, int slice, FetchWindow window, Map<Integer, String> lost) {
    SortedMap<Integer, WorkerSlice> pieces = new TreeMap<>();
    for (int of = 0; of < owners.workers(); of++) {
      Block block = blocks.piece(round, slice, of);
      Optional<WorkerSlice> piece =
          (of == worker ? ownPiece(slice) : Optional.<WorkerSlice>empty())
              .or(() -> window.take(block).or(block::here).map(StageBlocks::readPiece));
      if (piece.isPresent()) {
        pieces.put(of, piece.get());
      } else {
        lost.put(of, places.of(of));
      }
    }
    return List.copyOf(pieces.values());
  }

  private Optional<WorkerSlice> ownPiece(int slice) {
    return Optional.ofNullable(own.get(slice)).map(SoftReference::get);
  }

  /** Loads the slices that other workers have averaged. */
  private void loadOthers(RoundExecution next) {
    List<Integer> missing = owners.averagedByOthers(worker);
    while (true) {
      missing =
          fetchStarts(next.round(), missing, slice -> places.of(owners.owner(slice)), next::load);
      if (missing.isEmpty()) {
        return;
      }
      Map<Integer, String> lost = new TreeMap<>();
      missing.forEach(slice -> lost.put(owners.owner(slice), places.of(owners.owner(slice))));
      await(Phase.RESULTS, next.round() - 1, lost, List.of());
    }
  }

  /** Takes a slice and its content, which must not be written to. */
  private interface Loader {
    void load(int slice, byte[] content);
  }

  /**
   * Copies slices with which a round begins to this executor, where they are not here.
   *
   * @param holder the executor of each slice
   * @param loader is called with each slice that is here then
   * @return the slices that their executors did not deliver
   */
  private List<Integer> fetchStarts(
      int round, List<Integer> slices, IntFunction<String> holder, Loader loader) {
    List<Request> requests =
        slices.stream()
            .filter(slice -> !blocks.start(round, slice).isHere())
            .map(
                slice ->
                    new Request(blocks.start(round, slice), BlockPlace.decode(holder.apply(slice))))
            .toList();
    List<Integer> missing = new ArrayList<>();
    try (FetchWindow window = new FetchWindow(requests, average.slices().bytes(0))) {
      for (int slice : slices) {
        Optional<FetchedBlock> arrived = window.take(blocks.start(round, slice));
        if (arrived.isPresent()) {
          byte[] content = blocks.readStart(round, slice, arrived.get());
          blocks.putStart(round, slice, content);
          loader.load(slice, content);
        } else if (blocks.start(round, slice).isHere()) {
          loader.load(slice, blocks.content(round, slice));
        } else {
          missing.add(slice);
        }
      }
      fetchedBytes += window.takenBytes();
    }
    return missing;
  }

  private void await(Phase phase, int round, Map<Integer, String> lost, List<Double> report) {
    places = places.updated(report(phase, round, lost, report));
  }

  private Object[] report(Phase phase, int round, Map<Integer, String> lost, List<Double> report) {
    Arrival arrival =
        new Arrival(
            stage,
            (long) context.stageId() << Integer.SIZE | context.stageAttemptNumber(),
            phase,
            round,
            worker,
            Blocks.here().encode(),
            places.version(),
            lost,
            report);
    Object answer = rendezvous.ask(arrival.message());
    if (Rendezvous.STRANDED.equals(answer)) {
      throw new StrandedException(worker, round);
    }
    return (Object[]) answer;
  }
}
