// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.job;

import io.stoker.driver.metrics.RoundWorkers;
import io.stoker.failure.Check;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.stream.IntStream;

/**
 * How many of a round's local steps each worker takes: as many as a worker of median speed takes in
 * the time that this one needs for all of them. It is a function of the record of earlier rounds,
 * and of nothing else.
 *
 * <p>The speed of a worker is the median of its last {@value #WINDOW} known speeds. A worker that
 * was absent in a round has an unknown speed there, and is taken for half as fast as before. The
 * median over an even number of workers is the faster one of the two in the middle, so that of two
 * workers the slower one takes fewer steps. Workers that are nearly as fast as the median, or
 * faster, take all steps.
 */
public final class WorkBySpeed {
  static final int WINDOW = 5;

  /** A worker with at least this share of the median speed takes all steps. */
  static final double FAST_ENOUGH = 0.9;

  /** 0.29 of 100 steps are 29, and not a little less. */
  private static final double ROUNDING = 1e-6;

  /** For each worker its last speeds, the latest one at the end. */
  private final List<Deque<Double>> speeds;

  /** No round has been trained: all workers take all steps. */
  public WorkBySpeed(int workers) {
    this.speeds =
        IntStream.range(0, workers).<Deque<Double>>mapToObj(w -> new ArrayDeque<>()).toList();
  }

  /**
   * The parts of a round's steps that workers take.
   *
   * @param ofWorkers of each worker, above 0 and at most 1
   */
  public record Shares(List<Double> ofWorkers) {
    public Shares {
      ofWorkers = List.copyOf(ofWorkers);
    }

    /** How many of a round's steps each worker takes: rounded down, and at least one. */
    public List<Integer> of(int steps) {
      return ofWorkers.stream()
          .map(share -> Math.max(1, (int) Math.floor(share * steps + ROUNDING)))
          .toList();
    }
  }

  /**
   * Notes the speeds of a round.
   *
   * @throws io.stoker.failure.DamagedException if it had other workers
   */
  public void roundFinished(RoundWorkers round) {
    Check.undamaged(
        round.speeds().size() == speeds.size()
            && round.absent().stream().allMatch(worker -> worker >= 0 && worker < speeds.size()),
        "Invalid record of a round: it has the speeds of %d workers in place of %d, and %s are"
            + " absent",
        round.speeds().size(),
        speeds.size(),
        round.absent());
    for (int worker = 0; worker < speeds.size(); worker++) {
      double speed = round.speeds().get(worker);
      if (round.absent().contains(worker)) {
        speed = speed(worker) / 2;
      }
      if (speed > 0) {
        Deque<Double> known = speeds.get(worker);
        known.addLast(speed);
        if (known.size() > WINDOW) {
          known.removeFirst();
        }
      }
    }
  }

  /** 0 if it is not known. */
  private double speed(int worker) {
    return speeds.get(worker).isEmpty() ? 0 : upperMedian(new ArrayList<>(speeds.get(worker)));
  }

  private static double upperMedian(List<Double> values) {
    return values.stream().sorted().toList().get(values.size() / 2);
  }

  /** What follows from the rounds so far. A worker whose speed is not known takes all steps. */
  public Shares shares() {
    List<Double> all = IntStream.range(0, speeds.size()).mapToObj(this::speed).toList();
    List<Double> known = all.stream().filter(speed -> speed > 0).toList();
    double median = known.isEmpty() ? 0 : upperMedian(known);
    return new Shares(
        all.stream()
            .map(speed -> speed == 0 || speed >= FAST_ENOUGH * median ? 1 : speed / median)
            .toList());
  }
}
