// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.bench;

import io.stoker.driver.averaging.RoundMembers;
import io.stoker.driver.averaging.RoundsPerStage;
import io.stoker.driver.job.WorkBySpeed;
import io.stoker.driver.metrics.RoundWorkers;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;

/**
 * Computes how many examples a second a cluster with {@link Stragglers} trains on. Rounds end as in
 * training: {@link RoundMembers} says which workers take part in a round with a quorum, {@link
 * WorkBySpeed} how many steps a worker takes, and {@link RoundsPerStage} how many rounds a stage
 * has. The exchange after a round, and the end of a stage, take the time of {@link
 * RoundSimulation}.
 *
 * <p>A worker that fails is away for some time, and then takes the steps of its round again. The
 * others wait for it, unless the round ends without it. Failures in an exchange count as failures
 * in the steps after it, and what a worker has delivered is not lost.
 */
public final class StragglerSimulation {
  private static final double NANOS = 1e9;

  private final AveragingLoad load;
  private final Stragglers stragglers;
  private final double exchange;
  private final double stage;

  /**
   * @param load the model, the workers and their steps, which take some time and do not overlap
   * @param cluster the cluster
   * @param costs what each part of an exchange costs
   * @param stragglers why some workers are slower than others
   */
  public StragglerSimulation(
      AveragingLoad load, SimulatedCluster cluster, RoundCosts costs, Stragglers stragglers) {
    RoundSimulation rounds = new RoundSimulation(load, cluster, costs);
    this.load = load;
    this.stragglers = stragglers;
    this.exchange = rounds.exchange();
    this.stage = rounds.stage();
  }

  /**
   * How rounds end.
   *
   * @param quorum the share of the workers with which a round may end; 1 for all
   * @param bySpeed whether slower workers take fewer steps
   */
  public record Rule(double quorum, boolean bySpeed) {
    /** All workers take all steps, and wait for each other. */
    public static final Rule SYNCHRONOUS = new Rule(1, false);
  }

  /**
   * What was computed.
   *
   * @param secondsPerRound the mean over all rounds
   * @param trainedShare the share of all examples of these rounds that counts in their averages
   * @param goodput examples that count a second, as a share of those of the same cluster without
   *     stragglers
   */
  public record Result(double secondsPerRound, double trainedShare, double goodput) {}

  /**
   * Computes some rounds, from the first one of a job.
   *
   * @param rounds how many
   */
  public Result run(Rule rule, int rounds) {
    Job ideal = new Job(Rule.SYNCHRONOUS, Stragglers.NONE);
    Job job = new Job(rule, stragglers);
    ideal.train(rounds);
    job.train(rounds);
    return new Result(
        job.now / rounds, job.steps / ideal.steps, job.steps / job.now * ideal.now / ideal.steps);
  }

  /** The end of a worker's steps in a round of a stage. */
  private record Delivery(double seconds, int worker, int round) implements Comparable<Delivery> {
    @Override
    public int compareTo(Delivery other) {
      return Double.compare(seconds, other.seconds);
    }
  }

  /** A job that is trained. */
  private final class Job {
    private final int workers = load.workers();
    private final Rule rule;
    private final Stragglers reasons;
    private final WorkBySpeed speeds = new WorkBySpeed(workers);
    private final RoundsPerStage stages = new RoundsPerStage();

    /** The next failure of each worker, and its number. */
    private final double[] failure = new double[workers];

    private final long[] failures = new long[workers];

    /** The rounds of earlier stages. */
    private int done;

    /** How many steps each worker takes in the rounds of this stage. */
    private List<Integer> planned = List.of();

    private double now;

    /** All steps that count in an average. */
    private double steps;

    Job(Rule rule, Stragglers reasons) {
      this.rule = rule;
      this.reasons = reasons;
      for (int worker = 0; worker < workers; worker++) {
        failure[worker] = reasons.untilFailure(worker, 0);
      }
    }

    void train(int rounds) {
      while (done < rounds) {
        int size = stages.next(Math.min(load.rounds(), rounds - done));
        planned =
            rule.bySpeed()
                ? speeds.shares().of(load.steps().count())
                : Collections.nCopies(workers, load.steps().count());
        double began = now;
        trainStage(size);
        done += size;
        now += stage;
        stages.completed(size, (long) size * load.steps().count(), now - began);
      }
    }

    private void trainStage(int size) {
      RoundMembers members =
          RoundMembers.opened(
              workers, rule.quorum(), Math.max(2, size), stages.roundTime(load.steps().count()));
      if (size > 1 && members.isOn()) {
        new QuorumStage(members, size).train();
        return;
      }
      List<Integer> all = IntStream.range(0, workers).boxed().toList();
      for (int round = 0; round < size; round++) {
        trainRound(round, all);
      }
    }

    /** All of some workers begin now, and the others have nothing to do. */
    private void trainRound(int round, List<Integer> members) {
      double start = now;
      for (int worker : members) {
        now = Math.max(now, delivery(worker, round, start).seconds());
      }
      roundFinished(round, members);
      now += exchange;
    }

    /** When a worker delivers that begins at some time. */
    private Delivery delivery(int worker, int round, double start) {
      while (failure[worker] + reasons.restartSeconds() <= start) {
        failure[worker] = nextFailure(worker, failure[worker], ++failures[worker]);
      }
      double seconds =
          planned.get(worker)
              * load.steps().secondsOf(1)
              * reasons.factor(worker, workers, (long) done + round);
      double begun = start;
      double fails = failure[worker];
      long number = failures[worker];
      while (fails < begun + seconds) {
        begun = Math.max(begun, fails + reasons.restartSeconds());
        fails = nextFailure(worker, fails, ++number);
      }
      return new Delivery(begun + seconds, worker, round);
    }

    private double nextFailure(int worker, double before, long number) {
      return before + reasons.restartSeconds() + reasons.untilFailure(worker, number);
    }

    private void roundFinished(int round, List<Integer> members) {
      members.forEach(worker -> steps += planned.get(worker));
      if (!rule.bySpeed()) {
        return;
      }
      Set<Integer> absent = new TreeSet<>(IntStream.range(0, workers).boxed().toList());
      members.forEach(absent::remove);
      List<Double> measured = new ArrayList<>(Collections.nCopies(workers, 0.0));
      for (int worker : members) {
        measured.set(worker, 1 / reasons.factor(worker, workers, (long) done + round));
      }
      speeds.roundFinished(new RoundWorkers(List.copyOf(absent), planned, measured));
    }

    /** A stage of several rounds that end with a quorum. */
    private final class QuorumStage {
      private final RoundMembers members;
      private final int size;
      private final double opened = now;
      private final PriorityQueue<Delivery> deliveries = new PriorityQueue<>();
      private final Set<Integer> delivered = new HashSet<>();

      /** Late workers that wait for the next round. */
      private final List<Integer> joining = new ArrayList<>();

      QuorumStage(RoundMembers members, int size) {
        this.members = members;
        this.size = size;
      }

      void train() {
        begin(IntStream.range(0, workers).boxed().toList(), now);
        while (members.open() < size - 1) {
          next();
        }
        trainRound(size - 1, members.of(size - 1).orElseThrow());
      }

      private void begin(List<Integer> which, double start) {
        which.forEach(worker -> deliveries.add(delivery(worker, members.open(), start)));
      }

      /** A worker delivers, or the grace time is over. */
      private void next() {
        int open = members.open();
        OptionalLong end = members.end();
        if (deliveries.isEmpty() && end.isEmpty()) { // Those that wait may be in time after all.
          begin(joining, now);
          joining.clear();
        }
        if (end.isPresent()
            && (deliveries.isEmpty() || nanos(deliveries.peek().seconds()) > end.getAsLong())) {
          now = opened + end.getAsLong() / NANOS;
          members.delivered(delivered, end.getAsLong());
        } else {
          delivers(deliveries.remove());
        }
        if (members.open() > open) {
          roundFinished(open, members.of(open).orElseThrow());
          List<Integer> beginning = new ArrayList<>(delivered);
          beginning.addAll(joining);
          joining.clear();
          delivered.clear();
          now += exchange;
          begin(beginning, now);
        }
      }

      private void delivers(Delivery delivery) {
        // A round begins when its slices are there.
        now = Math.max(now, delivery.seconds());
        if (delivery.round() == members.open()) {
          delivered.add(delivery.worker());
          members.delivered(delivered, nanos(delivery.seconds()));
        } else if (members.isUnderWay(members.open(), nanos(delivery.seconds()))) {
          joining.add(delivery.worker());
        } else {
          begin(List.of(delivery.worker()), now);
        }
      }

      private long nanos(double seconds) {
        return Math.round((seconds - opened) * NANOS);
      }
    }
  }
}
