// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import io.stoker.base.LittleEndian;
import io.stoker.driver.averaging.Rendezvous.Arrival;
import io.stoker.driver.averaging.Rendezvous.Phase;
import io.stoker.driver.averaging.Rendezvous.Places;
import io.stoker.driver.config.Wire;
import io.stoker.driver.spark.BlockPlace;
import io.stoker.driver.spark.Blocks;
import io.stoker.driver.spark.DriverQuestions;
import io.stoker.driver.spark.FetchWindow;
import io.stoker.driver.spark.FetchWindow.Block;
import io.stoker.driver.spark.FetchWindow.Request;
import io.stoker.driver.spark.FetchedBlock;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
 *   <li>When all owners have reported that, the worker fetches the other results, and deletes its
 *       pieces. The results stay on its executor until all workers have stored their pieces of the
 *       next round, for workers whose task begins again.
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

  /** This worker's pieces of the slices that it averages, after the last round. */
  private final Map<Integer, WorkerSlice> own = new HashMap<>();

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
      boolean isHere =
          round == 0
              || (blocks.isLast(round)
                  ? blocks.copyLast(BlockPlace.decode(place), all)
                  : fetchStarts(round, all, slice -> place, (s, content) -> {}).isEmpty());
      if (isHere) {
        return round;
      }
      lost = Map.of(Rendezvous.ANY_WORKER, place);
    }
  }

  /**
   * Says that this worker begins a stage whose rounds overlap. A worker that begins a second time
   * makes the stage fail, since its values are lost.
   */
  void beginOnce() {
    report(Phase.BEGIN, 0, Map.of(), List.of());
  }

  /** Loads the slices with which a round begins from the blocks of this executor. */
  void load(RoundExecution round) {
    long start = System.nanoTime();
    for (int slice : owners.order(worker)) {
      try (FetchedBlock content = blocks.content(round.round(), slice)) {
        round.load(slice, content.bytes());
      }
    }
    round.resetUpdaterStateUnlessCarried();
    round.loaded((System.nanoTime() - start) / 1e9, fetchedBytes, List.of());
    if (!blocks.isLast(round.round())) { // Of these it may hold Spark's blocks alone.
      report(Phase.LOADED, round.round(), Map.of(), List.of());
    }
  }

  /** Stores this worker's pieces of a round for the others, and keeps those that it averages. */
  void publish(RoundExecution done) {
    for (int slice = 0; slice < average.slices().count(); slice++) {
      boolean averages = owners.averages(worker, slice);
      if (averages) {
        own.put(slice, piece(done, slice));
      }
      if (!averages || owners.isEveryWorker()) {
        blocks.putPiece(done.round(), piece(done, slice));
      }
    }
  }

  private WorkerSlice piece(RoundExecution done, int slice) {
    byte[] array = blocks.takeArray();
    ByteBuffer content =
        average.overlaps() ? done.values(slice, array) : done.content(slice, array);
    if (average.wire() == Wire.FP32) {
      return done.piece(slice, content);
    }
    try (FetchedBlock before = blocks.content(done.round(), slice)) {
      WorkerSlice values = done.piece(slice, content);
      WorkerSlice piece = values.with(average.encoded(slice, content, before.bytes()));
      if (piece.backing() != array) {
        blocks.giveBack(array);
      }
      return piece;
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
    blocks.deleteStarts(done.round() - 1);
    if (owners.isEveryWorker()) { // All have averaged the pieces of the round before.
      blocks.deletePieces(done.round() - 1, worker);
    }
  }

  /**
   * Averages this worker's slices of the round before, and loads all slices into the network.
   *
   * @throws StrandedException if a worker does not do the same in time
   */
  void begin(RoundExecution next) {
    long start = System.nanoTime();
    List<SliceReport> averages = averageOwn(next.round() - 1, next::load);
    long waiting = System.nanoTime();
    awaitResults(next.round() - 1, averages);
    long complete = System.nanoTime();
    loadOthers(next.round() - 1, next::load);
    next.resetUpdaterStateUnlessCarried();
    double averaging = averages.stream().mapToDouble(SliceReport::seconds).sum();
    next.loaded(
        (System.nanoTime() - complete + waiting - start) / 1e9 - averaging,
        fetchedBytes,
        owners.isEveryWorker() ? averages : List.of());
    if (!owners.isEveryWorker() || blocks.isLast(next.round())) {
      // From now on a task that begins again begins with this round, and copies its slices from
      // here, so that no worker needs the pieces of the round before.
      report(Phase.LOADED, next.round(), Map.of(), List.of());
    }
    if (!owners.isEveryWorker()) {
      blocks.deletePieces(next.round() - 1, worker);
    }
  }

  /**
   * Exchanges the pieces of a round that this worker has published, up to the results of all slices
   * on this executor.
   *
   * @param done this worker's report of the round
   * @return the reports of the slices that this worker has averaged
   * @throws StrandedException if a worker does not do the same in time
   */
  List<SliceReport> run(TaskReport done) {
    awaitPieces(done);
    List<SliceReport> averages = averageOwn(done.round(), (slice, content) -> {});
    awaitResults(done.round(), averages);
    loadOthers(done.round(), (slice, content) -> {});
    return averages;
  }

  /** Corrects a worker's values with the results of the round before, which are here. */
  void correct(RoundExecution next, Correction correction) {
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
    own.values().forEach(piece -> blocks.giveBack(piece.backing()));
    own.clear();
    if (!owners.isEveryWorker()) {
      blocks.deletePieces(done, worker);
    }
  }

  /**
   * Notes what a correction took.
   *
   * @param start when the worker began to wait for it, as of {@link System#nanoTime}
   */
  void loaded(RoundExecution next, long start, List<SliceReport> averages) {
    next.loaded(
        (System.nanoTime() - start) / 1e9,
        fetchedBytes,
        owners.isEveryWorker() ? averages : List.of());
  }

  private void awaitResults(int round, List<SliceReport> averages) {
    if (!owners.isEveryWorker()) {
      TaskReport report = new TaskReport(round + 1, List.of(), sum(averages));
      await(Phase.RESULTS, round, Map.of(), report.numbers());
    }
  }

  private static List<SliceReport> sum(List<SliceReport> reports) {
    return reports.stream().reduce(SliceReport::plus).stream().toList();
  }

  private List<SliceReport> averageOwn(int round, Loader loader) {
    List<SliceReport> reports = new ArrayList<>();
    List<Integer> missing = new ArrayList<>(owners.averagedBy(worker));
    while (true) {
      Map<Integer, String> lost = new TreeMap<>();
      try (FetchWindow window = blocks.fetch(requests(round, missing))) {
        for (Iterator<Integer> each = missing.iterator(); each.hasNext(); ) {
          Optional<SliceReport> report = averageOne(round, each.next(), loader, window, lost);
          report.ifPresent(reports::add);
          if (report.isPresent()) {
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

  /**
   * Averages the pieces of a slice after a round, and stores the result.
   *
   * @param loader is called with the result before it is stored
   * @param lost receives, by worker, the places that did not deliver a piece
   * @return empty if a piece is missing
   */
  private Optional<SliceReport> averageOne(
      int round, int slice, Loader loader, FetchWindow window, Map<Integer, String> lost) {
    long start = System.nanoTime();
    byte[] content = blocks.takeArray();
    SliceReport report;
    try (OpenPieces pieces = new OpenPieces(round, slice, window);
        FetchedBlock before = before(round, slice)) {
      if (!pieces.openThoseHere(lost)) {
        blocks.giveBack(content);
        return Optional.empty();
      }
      List<WorkerSlice> inOrder = pieces.inWorkerOrder();
      WeightedMean.Averaged mean = average.of(slice, inOrder, before.bytes(), content);
      report = SliceReport.of(slice, start, inOrder, mean);
    }
    // From here on no block is open: other tasks may wait to delete one.
    loader.load(slice, LittleEndian.bytes(content));
    blocks.putStart(round + 1, slice, content);
    if (!average.overlaps()) {
      blocks.giveBack(own.remove(slice).backing());
    }
    return Optional.of(report);
  }

  private FetchedBlock before(int round, int slice) {
    return average.needsBefore() ? blocks.content(round, slice) : FetchedBlock.of(new byte[0]);
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
   * The pieces of a slice, until they are averaged. Those of other executors are waited for before
   * blocks of this one are opened.
   */
  private final class OpenPieces implements AutoCloseable {
    private final int round;
    private final int slice;
    private final Map<Integer, FetchedBlock> byWorker = new TreeMap<>();

    OpenPieces(int round, int slice, FetchWindow window) {
      this.round = round;
      this.slice = slice;
      others()
          .forEach(
              other ->
                  window
                      .take(blocks.piece(round, slice, other))
                      .ifPresent(block -> byWorker.put(other, block)));
    }

    /** Opens the others; returns whether all pieces are open now. */
    boolean openThoseHere(Map<Integer, String> lost) {
      others()
          .filter(other -> !byWorker.containsKey(other))
          .forEach(
              other ->
                  blocks
                      .piece(round, slice, other)
                      .here()
                      .ifPresentOrElse(
                          block -> byWorker.put(other, block),
                          () -> lost.put(other, places.of(other))));
      return byWorker.size() == owners.workers() - 1;
    }

    List<WorkerSlice> inWorkerOrder() {
      return IntStream.range(0, owners.workers())
          .mapToObj(of -> of == worker ? own.get(slice) : read(of, byWorker.get(of)))
          .toList();
    }

    private WorkerSlice read(int of, FetchedBlock block) {
      return StageBlocks.readPiece(slice, of, BlockPlace.decode(places.of(of)).executor(), block);
    }

    @Override
    public void close() {
      byWorker.values().forEach(FetchedBlock::close);
    }
  }

  /** Fetches the slices that other workers have averaged after a round, and loads them. */
  private void loadOthers(int round, Loader loader) {
    fetchedBytes = 0;
    List<Integer> missing = owners.averagedByOthers(worker);
    while (true) {
      missing = fetchStarts(round + 1, missing, slice -> places.of(owners.owner(slice)), loader);
      if (missing.isEmpty()) {
        return;
      }
      Map<Integer, String> lost = new TreeMap<>();
      missing.forEach(slice -> lost.put(owners.owner(slice), places.of(owners.owner(slice))));
      await(Phase.RESULTS, round, lost, List.of());
    }
  }

  /** Takes a slice and its content, which must not be written to. */
  private interface Loader {
    void load(int slice, ByteBuffer content);
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
    try (FetchWindow window = blocks.fetch(requests)) {
      for (int slice : slices) {
        Block block = blocks.start(round, slice);
        Optional<FetchedBlock> arrived = window.take(block).or(block::here);
        if (arrived.isEmpty()) {
          missing.add(slice);
          continue;
        }
        try (FetchedBlock content = arrived.get()) {
          loader.load(slice, content.bytes());
          content.detachArray().ifPresent(array -> blocks.putStart(round, slice, array));
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
