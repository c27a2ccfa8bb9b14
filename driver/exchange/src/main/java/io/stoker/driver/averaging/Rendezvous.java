// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.stoker.driver.spark.DriverMessage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.stream.LongStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has the workers of a multi-round stage wait for each other, on the driver. A worker reports what
 * is stored on its executor: its pieces of a round, or the slices that it has averaged. As soon as
 * all workers have reported the same, each of them is told on which executors to find it. Pieces
 * and slices do not pass through the driver.
 *
 * <p>What a worker computes is a function of the job, so Spark may run its task again, on this or
 * another executor. Such a task is told the latest round with which it can begin, and the executor
 * that holds the slices of that round; the other workers wait for it meanwhile. When Spark runs the
 * whole stage again, the workers of the earlier attempt fail.
 *
 * <p>Workers may wait for a worker that never comes, for example when an executor is lost and the
 * remaining ones have too few slots. After some time their tasks fail with {@link
 * StrandedException}, and the driver trains these rounds in a stage each.
 */
final class Rendezvous {
  private static final Logger LOG = LoggerFactory.getLogger(Rendezvous.class);

  /** In {@link Arrival#lost}: an executor that did not deliver slices, whichever worker's. */
  static final int ANY_WORKER = -1;

  /** What a worker reports. */
  enum Phase {
    /** Its task begins, and asks for its first round: it is answered at once. */
    BEGIN,
    /** Its pieces of a round are stored, and all slices with which that round began. */
    PIECES,
    /** The slices that it has averaged after a round are stored. */
    RESULTS,
    /** All slices with which the last round begins are stored: it is answered at once. */
    LOADED
  }

  /** The answer to a worker that waits in vain. */
  static final byte[] STRANDED = {};

  /**
   * How long workers wait for the others.
   *
   * @param withSlots while the cluster has a slot for each worker
   * @param withoutSlots while it has fewer
   */
  record Patience(Duration withSlots, Duration withoutSlots) {
    static final Patience USUAL = new Patience(Duration.ofSeconds(20), Duration.ofSeconds(10));
  }

  private final IntSupplier slots;
  private final Patience patience;
  private final LongSupplier nanoTime;

  @GuardedBy("this") private final Map<Integer, MultiRoundStage> stages = new HashMap<>();

  /**
   * @param slots how many tasks the cluster can run at the same time now
   * @param patience how long workers wait
   * @param nanoTime the clock, as {@link System#nanoTime}
   */
  Rendezvous(IntSupplier slots, Patience patience, LongSupplier nanoTime) {
    this.slots = slots;
    this.patience = patience;
    this.nanoTime = nanoTime;
  }

  /**
   * Admits the workers of a stage.
   *
   * @param stage a number for the stage
   * @param workers how many workers wait for each other
   * @param rounds how many rounds it holds
   * @param round how long a round takes: a worker that begins again lets the others wait as long
   * @param overlap whether rounds overlap. Then each worker is admitted once: what it computes
   *     depends on its own values of the round before, which are lost when it begins again. All
   *     workers fail then
   */
  synchronized void open(int stage, int workers, int rounds, Duration round, boolean overlap) {
    stages.put(stage, new MultiRoundStage(workers, rounds, round, overlap));
  }

  /** Fails workers that wait in a stage, and those that arrive from now on. */
  synchronized void close(int stage) {
    MultiRoundStage closed = stages.remove(stage);
    if (closed != null) {
      closed.strand();
    }
  }

  /**
   * Notes that a stage is over, and what its workers have exchanged is deleted. Only the slices
   * with which the last round begins stay.
   */
  synchronized void over(int stage) {
    Optional.ofNullable(stages.get(stage)).ifPresent(MultiRoundStage::over);
  }

  /**
   * When the pieces of a round were complete for the first time.
   *
   * @return as of the clock; 0 if they are not complete yet
   */
  synchronized long completed(int stage, int round) {
    return stages.get(stage).completed[round];
  }

  /** The reports of the rounds that workers have sent so far. */
  synchronized List<TaskReport> reports(int stage) {
    MultiRoundStage found = stages.get(stage);
    return found == null ? List.of() : List.copyOf(found.reports);
  }

  /**
   * What a worker reports.
   *
   * @param stage the stage's number here
   * @param attempt Spark's attempt of the stage; later attempts have larger numbers
   * @param phase what is reported
   * @param round the round that it is reported of, from 0 within the stage
   * @param worker the worker
   * @param place the worker's executor
   * @param knownVersion the version of the {@link Places} that the worker has; 0 for none
   * @param lost by worker, places that did not deliver blocks of the worker
   * @param report the numbers of a {@link TaskReport}, or none
   */
  record Arrival(
      int stage,
      long attempt,
      Phase phase,
      int round,
      int worker,
      String place,
      int knownVersion,
      Map<Integer, String> lost,
      List<Double> report) {
    static Arrival of(byte[] bytes) {
      DriverMessage message = DriverMessage.decode(bytes);
      List<Integer> numbers = message.numbers().stream().map(Long::intValue).toList();
      Map<Integer, String> lost = new TreeMap<>();
      for (int i = 0; i < numbers.size() - 5; i++) {
        lost.put(numbers.get(5 + i), message.texts().get(2 + i));
      }
      return new Arrival(
          numbers.get(0),
          message.numbers().get(1),
          Phase.valueOf(message.texts().get(0)),
          numbers.get(2),
          numbers.get(3),
          message.texts().get(1),
          numbers.get(4),
          lost,
          message.measures());
    }

    /** The arrival as {@link #of} reads it. */
    byte[] message() {
      List<Long> numbers = new ArrayList<>();
      List<String> texts = new ArrayList<>(List.of(phase.name(), place));
      LongStream.of(stage, attempt, round, worker, knownVersion).forEach(numbers::add);
      lost.forEach(
          (of, where) -> {
            numbers.add((long) of);
            texts.add(where);
          });
      return new DriverMessage(numbers, texts, report).encode();
    }
  }

  /**
   * On which executor the blocks of each worker are.
   *
   * @param version counts the different places that the rendezvous has sent to workers of the stage
   * @param byWorker a place for each worker
   */
  record Places(int version, List<String> byWorker) {
    static final Places UNKNOWN = new Places(0, List.of());

    Places {
      byWorker = List.copyOf(byWorker);
    }

    String of(int worker) {
      return byWorker.get(worker);
    }

    /**
     * The answer to a worker.
     *
     * @param knownVersion what the worker has: the places themselves are left out if it has them
     */
    byte[] message(int knownVersion) {
      List<String> places = knownVersion == version ? List.of() : byWorker;
      return new DriverMessage(List.of((long) version), places, List.of()).encode();
    }

    /** The places after an answer. */
    Places updated(byte[] answer) {
      DriverMessage message = DriverMessage.decode(answer);
      int sent = message.numbers().get(0).intValue();
      return sent == version ? this : new Places(sent, message.texts());
    }
  }

  /**
   * The answer to a task that begins.
   *
   * @param round the latest round with which it can begin
   * @param holder the executor that holds the slices of that round
   */
  record Beginning(int round, String holder) {
    static Beginning of(byte[] answer) {
      DriverMessage message = DriverMessage.decode(answer);
      return new Beginning(message.numbers().get(0).intValue(), message.texts().get(0));
    }

    byte[] message() {
      return new DriverMessage(List.of((long) round), List.of(holder), List.of()).encode();
    }
  }

  /**
   * Takes the report of a worker.
   *
   * @param arrival the report
   * @param reply answers the worker, now or when all workers have reported
   */
  synchronized void arrived(Arrival arrival, Consumer<byte[]> reply) {
    MultiRoundStage stage = stages.get(arrival.stage());
    if (stage == null || stage.stranded || arrival.attempt() < stage.attempt) {
      reply.accept(STRANDED);
      return;
    }
    boolean hadBegun = stage.begun.contains(arrival.worker());
    stage.arrived(arrival);
    if (arrival.phase() == Phase.BEGIN && hadBegun && stage.overlap) {
      LOG.warn(
          "Worker {} began again while rounds overlap: these rounds are trained again",
          arrival.worker());
      stage.strand();
      reply.accept(STRANDED);
      return;
    }
    switch (arrival.phase()) {
      case BEGIN -> reply.accept(stage.beginning(arrival.place()).message());
      case LOADED -> reply.accept(Places.UNKNOWN.message(0));
      case PIECES, RESULTS -> stage.waiting.add(new Waiting(arrival, reply));
    }
    stage.answer();
  }

  /** Fails the workers of stages in which no worker has arrived for too long; called regularly. */
  synchronized void failStalledStages() {
    long now = nanoTime.getAsLong();
    for (MultiRoundStage stage : stages.values()) {
      long waited = stage.waiting.isEmpty() ? 0 : now - stage.lastArrival - stage.allowance;
      if (waited > patience.withSlots().toNanos()
          || (waited > patience.withoutSlots().toNanos() && lacksSlots(stage))) {
        LOG.warn(
            "{} of {} workers have waited {} s for the others: the rounds are trained one by one",
            stage.waiting.size(),
            stage.workers,
            TimeUnit.NANOSECONDS.toSeconds(waited + stage.allowance));
        stage.strand();
      }
    }
  }

  /** A cluster that cannot say how many slots it has may have enough. */
  private boolean lacksSlots(MultiRoundStage stage) {
    try {
      return slots.getAsInt() < stage.workers;
    } catch (RuntimeException e) {
      LOG.debug("Cannot find the slots of the cluster", e);
      return false;
    }
  }

  /** A worker that waits, and how it is answered. */
  private record Waiting(Arrival arrival, Consumer<byte[]> reply) {
    /** One worker that cannot be reached must not keep the answers from the others. */
    void answer(byte[] answer) {
      try {
        reply.accept(answer);
      } catch (RuntimeException e) {
        LOG.warn("Cannot answer worker {}: {}", arrival.worker(), e.toString());
      }
    }
  }

  /** What a worker has stored on an executor. */
  private static final class Stored {
    /** Up to which round its pieces are there; -1 for none. */
    private int pieces = -1;

    /** Up to which round the slices that it has averaged are there; -1 for none. */
    private int results = -1;

    /** The latest round of which all slices are there; a stage begins with those of round 0. */
    private int start;
  }

  /** The workers of one stage; guarded by the rendezvous. */
  private final class MultiRoundStage {
    private final int workers;
    private final boolean overlap;

    /** For each worker, what it has stored, by place. */
    private final List<Map<String, Stored>> storedByPlace = new ArrayList<>();

    private final List<Waiting> waiting = new ArrayList<>();
    private final List<TaskReport> reports = new ArrayList<>();
    private final Set<Integer> begun = new HashSet<>();
    private final long[] completed;
    private final long allowance;

    private Places sent = Places.UNKNOWN;
    private long attempt;
    private long lastArrival;
    private boolean stranded;

    MultiRoundStage(int workers, int rounds, Duration round, boolean overlap) {
      this.workers = workers;
      this.overlap = overlap;
      for (int worker = 0; worker < workers; worker++) {
        storedByPlace.add(new LinkedHashMap<>());
      }
      completed = new long[rounds];
      allowance = 2 * round.toNanos();
    }

    void arrived(Arrival arrival) {
      if (arrival.attempt() > attempt) {
        attempt = arrival.attempt();
        failWaiting(); // Workers of an earlier attempt hold slots that this one may need.
      }
      lastArrival = nanoTime.getAsLong();
      arrival.lost().forEach(this::forget);
      if (!arrival.report().isEmpty()) {
        reports.add(TaskReport.of(arrival.report()));
      }
      Stored stored =
          storedByPlace
              .get(arrival.worker())
              .computeIfAbsent(arrival.place(), place -> new Stored());
      int round = arrival.round();
      switch (arrival.phase()) {
        case BEGIN -> begun.add(arrival.worker());
        case PIECES -> {
          stored.pieces = Math.max(stored.pieces, round);
          stored.start = Math.max(stored.start, round);
        }
        case RESULTS -> stored.results = Math.max(stored.results, round);
        case LOADED -> stored.start = Math.max(stored.start, round);
      }
    }

    /** Of workers that begin again, none must be sent to a block that is deleted. */
    void over() {
      int last = completed.length - 1;
      for (Map<String, Stored> worker : storedByPlace) {
        for (Stored each : worker.values()) {
          each.pieces = -1;
          each.results = -1;
          each.start = each.start == last ? last : 0;
        }
      }
    }

    private void forget(int worker, String place) {
      if (worker != ANY_WORKER) {
        storedByPlace.get(worker).remove(place);
      }
      for (Map<String, Stored> each : storedByPlace) {
        if (each.containsKey(place)) {
          each.get(place).start = 0;
        }
      }
    }

    /**
     * The answer to a task that begins.
     *
     * @param here its executor, which is preferred
     */
    Beginning beginning(String here) {
      int latest = 0;
      String holder = here;
      for (Map<String, Stored> worker : storedByPlace) {
        for (Map.Entry<String, Stored> each : worker.entrySet()) {
          int start = each.getValue().start;
          if (start > latest || (start == latest && each.getKey().equals(here))) {
            latest = start;
            holder = each.getKey();
          }
        }
      }
      return new Beginning(latest, holder);
    }

    /** Answers the workers for which all is stored that they wait for. */
    void answer() {
      for (Iterator<Waiting> each = waiting.iterator(); each.hasNext(); ) {
        Waiting next = each.next();
        Optional<List<String>> places = places(next.arrival());
        if (places.isPresent()) {
          send(places.get(), next);
          each.remove();
        }
      }
    }

    private void send(List<String> places, Waiting to) {
      if (!places.equals(sent.byWorker())) {
        sent = new Places(sent.version() + 1, places);
      }
      to.answer(sent.message(to.arrival().knownVersion()));
    }

    /** The places of what a worker waits for; empty while some of it is missing. */
    private Optional<List<String>> places(Arrival arrival) {
      int round = arrival.round();
      boolean ofPieces = arrival.phase() == Phase.PIECES;
      Optional<String> allResults =
          ofPieces ? Optional.empty() : place(stored -> stored.start > round);
      List<String> places = new ArrayList<>();
      for (Map<String, Stored> worker : storedByPlace) {
        place(worker, stored -> (ofPieces ? stored.pieces : stored.results) >= round)
            .or(() -> allResults)
            .ifPresent(places::add);
      }
      if (places.size() < workers) {
        return Optional.empty();
      }
      if (ofPieces && completed[round] == 0) {
        completed[round] = nanoTime.getAsLong();
      }
      return Optional.of(places);
    }

    private Optional<String> place(Predicate<Stored> condition) {
      return storedByPlace.stream()
          .flatMap(worker -> place(worker, condition).stream())
          .findFirst();
    }

    private static Optional<String> place(Map<String, Stored> worker, Predicate<Stored> condition) {
      return worker.entrySet().stream()
          .filter(each -> condition.test(each.getValue()))
          .map(Map.Entry::getKey)
          .findFirst();
    }

    void strand() {
      stranded = true;
      failWaiting();
    }

    private void failWaiting() {
      waiting.forEach(each -> each.answer(STRANDED));
      waiting.clear();
    }
  }
}
