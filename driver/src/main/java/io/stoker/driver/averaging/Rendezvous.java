package io.stoker.driver.averaging;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Timer;
import java.util.TimerTask;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;
import org.apache.spark.rpc.RpcCallContext;
import org.apache.spark.rpc.RpcEndpointRef;
import org.apache.spark.rpc.RpcEnv;
import org.apache.spark.rpc.ThreadSafeRpcEndpoint;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.Function1;
import scala.PartialFunction;
import scala.runtime.AbstractPartialFunction;
import scala.runtime.BoxedUnit;

/**
 * Where the workers of a stage of several rounds wait for one another: an endpoint of Spark's on
 * the driver. A worker says that its piece of a round is on its executor, and hears, as soon as all
 * have said so, on which executors those of the others are. No value passes here.
 *
 * <p>What a worker makes in a round is a function of the job. So one that Spark starts anew, here
 * or there, says the same again from the stage's first round on, while the others wait for it, and
 * is told at once where the pieces are that it has missed. When Spark begins the stage again, those
 * of the attempt before are sent away.
 *
 * <p>Workers that wait while nobody comes, such as after the loss of an executor whose slots were
 * needed, would wait forever: after a while they are told that they are stranded, and their tasks
 * fail for that reason. The rounds are then to be done one a stage.
 */
final class Rendezvous implements ThreadSafeRpcEndpoint, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Rendezvous.class);

  /** How long workers wait while there are slots for all; and where there are not. */
  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(20);

  private static final long PATIENCE_WITHOUT_SLOTS = TimeUnit.SECONDS.toNanos(5);
  private static final long LOOK_MILLISECONDS = 500;

  /** An arrival and its answer as Spark sends them, without the names of executors. */
  private static final int MESSAGE_BYTES = 300;

  /** What a stranded worker hears. */
  static final String STRANDED = "stranded";

  private final String name = "stoker-rendezvous-" + UUID.randomUUID();
  private final RpcEnv environment;
  private final RpcEndpointRef reference;
  private final int workers;
  private final IntSupplier slots;
  private final DriverTraffic traffic;
  private final Timer watch = new Timer("stoker-rendezvous", true);

  @GuardedBy("this")
  private final Map<Integer, MultiRoundStage> stages = new HashMap<>();

  /**
   * Opens it.
   *
   * @param environment the driver's
   * @param workers how many meet
   * @param slots how many tasks can run at once now
   * @param traffic where the bytes are counted that pass here
   */
  Rendezvous(RpcEnv environment, int workers, IntSupplier slots, DriverTraffic traffic) {
    this.environment = environment;
    this.workers = workers;
    this.slots = slots;
    this.traffic = traffic;
    this.reference = environment.setupEndpoint(name, this);
    watch.schedule(
        new TimerTask() {
          @Override
          public void run() {
            look();
          }
        },
        LOOK_MILLISECONDS,
        LOOK_MILLISECONDS);
  }

  /** How executors find it. */
  String name() {
    return name;
  }

  /** Admits the workers of a stage. */
  synchronized void open(int stage, int rounds) {
    stages.put(stage, new MultiRoundStage(workers, rounds));
  }

  /** Tells those who still come that there is nobody, and that their work is not wanted. */
  synchronized void forget(int stage) {
    MultiRoundStage forgotten = stages.remove(stage);
    if (forgotten != null) {
      forgotten.strand();
    }
  }

  /**
   * When the pieces of a round were all there for the first time.
   *
   * @return as of {@link System#nanoTime}
   */
  synchronized long completed(int stage, int round) {
    return stages.get(stage).completed[round];
  }

  @Override
  public RpcEnv rpcEnv() {
    return environment;
  }

  @Override
  public PartialFunction<Object, BoxedUnit> receiveAndReply(RpcCallContext caller) {
    return new AbstractPartialFunction<>() {
      @Override
      public boolean isDefinedAt(Object message) {
        return message instanceof Object[];
      }

      @Override
      public <A, B> B applyOrElse(A message, Function1<A, B> otherwise) {
        if (!isDefinedAt(message)) {
          return otherwise.apply(message);
        }
        arrived(Arrival.of((Object[]) message), caller);
        return null; // Scala's unit, which nobody looks at.
      }
    };
  }

  /**
   * What a worker says. It travels as an array of classes of Java's own, since Spark's endpoints do
   * not know the class loader of a job's.
   *
   * @param stage the stage's number here
   * @param attempt Spark's attempt of the stage; later ones have larger numbers
   * @param round whose piece is ready, from 0 within the stage
   * @param worker who
   * @param place the executor that has the piece
   * @param known the hash of the places that it has heard last
   * @param lost of whom the piece could not be had, and from where
   */
  @SuppressWarnings("unchecked") // the last element of a message
  record Arrival(
      int stage,
      long attempt,
      int round,
      int worker,
      String place,
      int known,
      Map<Integer, String> lost) {
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

    Object[] message() {
      return new Object[] {stage, attempt, round, worker, place, known, new TreeMap<>(lost)};
    }
  }

  private synchronized void arrived(Arrival arrival, RpcCallContext caller) {
    traffic.add(MESSAGE_BYTES + arrival.place().length());
    MultiRoundStage stage = stages.get(arrival.stage());
    if (stage == null || stage.stranded || arrival.attempt() < stage.attempt) {
      caller.reply(STRANDED);
      return;
    }
    stage.arrived(arrival);
    stage.waiting.add(new Waiting(arrival, caller));
    stage.answer(traffic);
  }

  private synchronized void look() {
    long now = System.nanoTime();
    for (MultiRoundStage stage : stages.values()) {
      long waited = stage.waiting.isEmpty() ? 0 : now - stage.lastArrival;
      if (waited > PATIENCE || (waited > PATIENCE_WITHOUT_SLOTS && slots.getAsInt() < workers)) {
        LOG.warn(
            "{} of {} workers have waited {} s for the others: rounds go on one by one",
            stage.waiting.size(),
            workers,
            TimeUnit.NANOSECONDS.toSeconds(waited));
        stage.strand();
      }
    }
  }

  private record Waiting(Arrival arrival, RpcCallContext caller) {}

  /** The workers of one stage. */
  private static final class MultiRoundStage {
    /** Of each worker, how many rounds' pieces are where. */
    private final List<Map<String, Integer>> places = new ArrayList<>();

    private final List<Waiting> waiting = new ArrayList<>();
    private final long[] completed;
    private long attempt;
    private long lastArrival;
    private boolean stranded;

    MultiRoundStage(int workers, int rounds) {
      for (int worker = 0; worker < workers; worker++) {
        places.add(new LinkedHashMap<>());
      }
      completed = new long[rounds];
    }

    void arrived(Arrival arrival) {
      if (arrival.attempt() > attempt) {
        attempt = arrival.attempt();
        dismiss(); // Workers of an earlier attempt have a slot that this one may need.
      }
      lastArrival = System.nanoTime();
      arrival.lost().forEach((worker, place) -> places.get(worker).remove(place));
      places.get(arrival.worker()).merge(arrival.place(), arrival.round() + 1, Math::max);
    }

    void answer(DriverTraffic traffic) {
      for (Iterator<Waiting> each = waiting.iterator(); each.hasNext(); ) {
        Waiting next = each.next();
        Optional<String[]> all = all(next.arrival().round());
        if (all.isPresent()) {
          boolean known = Arrays.hashCode(all.get()) == next.arrival().known();
          String[] reply = known ? new String[0] : all.get();
          traffic.add(Arrays.stream(reply).mapToInt(String::length).sum());
          next.caller().reply(reply);
          each.remove();
        }
      }
    }

    private Optional<String[]> all(int round) {
      String[] found = new String[places.size()];
      for (int worker = 0; worker < found.length; worker++) {
        for (Map.Entry<String, Integer> place : places.get(worker).entrySet()) {
          if (found[worker] == null && place.getValue() > round) {
            found[worker] = place.getKey();
          }
        }
        if (found[worker] == null) {
          return Optional.empty();
        }
      }
      if (completed[round] == 0) {
        completed[round] = System.nanoTime();
      }
      return Optional.of(found);
    }

    void strand() {
      stranded = true;
      dismiss();
    }

    private void dismiss() {
      waiting.forEach(each -> each.caller().reply(STRANDED));
      waiting.clear();
    }
  }

  @Override
  public void close() {
    watch.cancel();
    environment.stop(reference);
  }
}
