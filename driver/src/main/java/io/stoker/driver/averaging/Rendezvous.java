// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.stoker.driver.spark.DriverTraffic;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has the workers of a multi-round stage wait for each other, on the driver. A worker reports that
 * its piece of a round is stored on its executor. As soon as all workers have reported, each of
 * them is told on which executors the pieces are. The pieces do not pass through the driver.
 *
 * <p>What a worker computes is a function of the job, so Spark may run its task again, on this or
 * another executor. Such a task reports the stage's rounds from the first one on, and is told at
 * once where the pieces of past rounds are, while the other workers wait for it. When Spark runs
 * the whole stage again, the workers of the earlier attempt fail.
 *
 * <p>Workers may wait for a worker that never comes, for example when an executor is lost and the
 * remaining ones have too few slots. After some time their tasks fail with {@link
 * StrandedException}, and the driver trains these rounds in a stage each.
 */
final class Rendezvous {
  private static final Logger LOG = LoggerFactory.getLogger(Rendezvous.class);

  /** The bytes of an arrival and its answer as Spark sends them, without the names of executors. */
  private static final int MESSAGE_BYTES = 300;

  /** The answer to a worker that waits in vain. */
  static final String STRANDED = "stranded";

  /**
   * How long workers wait for the others.
   *
   * @param withSlots while the cluster has a slot for each worker
   * @param withoutSlots while it has fewer
   */
  record Patience(Duration withSlots, Duration withoutSlots) {
    static final Patience USUAL = new Patience(Duration.ofSeconds(20), Duration.ofSeconds(10));
  }

  private final int workers;
  private final IntSupplier slots;
  private final DriverTraffic traffic;
  private final Patience patience;
  private final LongSupplier nanoTime;

  @GuardedBy("this")
  private final Map<Integer, MultiRoundStage> stages = new HashMap<>();

  /**
   * @param workers how many workers wait for each other
   * @param slots how many tasks the cluster can run at the same time now
   * @param traffic where the bytes of arrivals and answers are counted
   * @param patience how long workers wait
   * @param nanoTime the clock, as {@link System#nanoTime}
   */
  Rendezvous(
      int workers,
      IntSupplier slots,
      DriverTraffic traffic,
      Patience patience,
      LongSupplier nanoTime) {
    this.workers = workers;
    this.slots = slots;
    this.traffic = traffic;
    this.patience = patience;
    this.nanoTime = nanoTime;
  }

  /** Admits the workers of a stage. */
  synchronized void open(int stage, int rounds) {
    stages.put(stage, new MultiRoundStage(rounds));
  }

  /** Fails workers that wait in a stage, and those that arrive from now on. */
  synchronized void close(int stage) {
    MultiRoundStage closed = stages.remove(stage);
    if (closed != null) {
      closed.strand();
    }
  }

  /**
   * When the pieces of a round were complete for the first time.
   *
   * @return as of the clock
   */
  synchronized long completed(int stage, int round) {
    return stages.get(stage).completed[round];
  }

  /**
   * What a worker reports.
   *
   * @param stage the stage's number here
   * @param attempt Spark's attempt of the stage; later attempts have larger numbers
   * @param round the round whose piece is stored, from 0 within the stage
   * @param worker the worker
   * @param place the executor that stores the piece
   * @param knownVersion the version of the {@link Places} that the worker has; 0 for none
   * @param lost by worker, places that did not deliver the worker's piece of this round
   */
  record Arrival(
      int stage,
      long attempt,
      int round,
      int worker,
      String place,
      int knownVersion,
      Map<Integer, String> lost) {
    @SuppressWarnings("unchecked") // the last element of a message
    static Arrival of(Object[] message) {
      return new Arrival(
          (int) message[0],
          (long) message[1],
          (int) message[2],
          (int) message[3],
          (String) message[4],
          (int) message[5],
          new TreeMap<>((Map<Integer, String>) message[6]));
    }

    /** The arrival in classes that Spark's endpoints can deserialize. */
    Object[] message() {
      return new Object[] {stage, attempt, round, worker, place, knownVersion, new TreeMap<>(lost)};
    }
  }

  /**
   * On which executor the piece of each worker is.
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
     * The answer to a worker, in classes that Spark can deserialize for it.
     *
     * @param knownVersion what the worker has: the places themselves are left out if it has them
     */
    Object[] message(int knownVersion) {
      return new Object[] {
        version, knownVersion == version ? new String[0] : byWorker.toArray(String[]::new)
      };
    }

    /** The places after an answer. */
    Places updated(Object[] message) {
      int sent = (int) message[0];
      return sent == version ? this : new Places(sent, Arrays.asList((String[]) message[1]));
    }
  }

  /**
   * Takes the report of a worker.
   *
   * @param arrival the report
   * @param reply answers the worker, now or when all workers have reported
   */
  synchronized void arrived(Arrival arrival, Consumer<Object> reply) {
    traffic.add(MESSAGE_BYTES + arrival.place().length());
    MultiRoundStage stage = stages.get(arrival.stage());
    if (stage == null || stage.stranded || arrival.attempt() < stage.attempt) {
      reply.accept(STRANDED);
      return;
    }
    stage.arrived(arrival);
    stage.waiting.add(new Waiting(arrival, reply));
    stage.answer();
  }

  /** Fails the workers of stages in which no worker has arrived for too long; called regularly. */
  synchronized void failStalledStages() {
    long now = nanoTime.getAsLong();
    for (MultiRoundStage stage : stages.values()) {
      long waited = stage.waiting.isEmpty() ? 0 : now - stage.lastArrival;
      if (waited > patience.withSlots().toNanos()
          || (waited > patience.withoutSlots().toNanos() && slots.getAsInt() < workers)) {
        LOG.warn(
            "{} of {} workers have waited {} s for the others: the rounds are trained one by one",
            stage.waiting.size(),
            workers,
            TimeUnit.NANOSECONDS.toSeconds(waited));
        stage.strand();
      }
    }
  }

  private record Waiting(Arrival arrival, Consumer<Object> reply) {}

  /** The workers of one stage; guarded by the rendezvous. */
  private final class MultiRoundStage {
    /** For each worker, up to which round its pieces are stored, by place. */
    private final List<Map<String, Integer>> roundsByPlace = new ArrayList<>();

    private final List<Waiting> waiting = new ArrayList<>();
    private final long[] completed;
    private Places sent = Places.UNKNOWN;
    private long attempt;
    private long lastArrival;
    private boolean stranded;

    MultiRoundStage(int rounds) {
      for (int worker = 0; worker < workers; worker++) {
        roundsByPlace.add(new LinkedHashMap<>());
      }
      completed = new long[rounds];
    }

    void arrived(Arrival arrival) {
      if (arrival.attempt() > attempt) {
        attempt = arrival.attempt();
        failWaiting(); // Workers of an earlier attempt hold slots that this one may need.
      }
      lastArrival = nanoTime.getAsLong();
      arrival.lost().forEach((worker, place) -> roundsByPlace.get(worker).remove(place));
      roundsByPlace.get(arrival.worker()).merge(arrival.place(), arrival.round() + 1, Math::max);
    }

    /** Answers the workers whose round is complete. */
    void answer() {
      for (Iterator<Waiting> each = waiting.iterator(); each.hasNext(); ) {
        Waiting next = each.next();
        Optional<List<String>> places = places(next.arrival().round());
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
      if (to.arrival().knownVersion() != sent.version()) {
        traffic.add(places.stream().mapToInt(String::length).sum());
      }
      to.reply().accept(sent.message(to.arrival().knownVersion()));
    }

    /** The places of all workers' pieces of a round; empty while one is missing. */
    private Optional<List<String>> places(int round) {
      List<String> places = new ArrayList<>();
      for (Map<String, Integer> worker : roundsByPlace) {
        worker.entrySet().stream()
            .filter(place -> place.getValue() > round)
            .findFirst()
            .ifPresent(place -> places.add(place.getKey()));
      }
      if (places.size() < workers) {
        return Optional.empty();
      }
      if (completed[round] == 0) {
        completed[round] = nanoTime.getAsLong();
      }
      return Optional.of(places);
    }

    void strand() {
      stranded = true;
      failWaiting();
    }

    private void failWaiting() {
      waiting.forEach(each -> each.reply().accept(STRANDED));
      waiting.clear();
    }
  }
}
