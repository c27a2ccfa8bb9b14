// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.bench;

import io.stoker.driver.averaging.RoundsPerStage;
import io.stoker.driver.job.RoundGroups;
import io.stoker.driver.slice.ParameterSlices;

/**
 * A model of how long rounds take and what passes through the driver, for clusters that are not at
 * hand. It is arithmetic: no random numbers, no events.
 *
 * <p>V is the size of the parameters in bytes, W the number of workers, S that of slices, B the
 * bandwidth of a link in bytes per second, T the local steps, x the seconds of a step, N the steps
 * that overlap. The busiest owner has ceil(S / W) slices, O bytes of them. All processor times are
 * divided by the share of a core that a worker has.
 *
 * <p>Between two rounds of a stage, workers exchange pieces (ADR 20):
 *
 * <ol>
 *   <li>Each reads its V bytes from the network and stores the pieces.
 *   <li>The owner of a slice fetches W - 1 pieces of it and averages W: O (W - 1) bytes arrive at
 *       the busiest owner, and V (W - 1) / W leave each worker.
 *   <li>Each worker fetches the slices that it does not own, V (W - 1) / W bytes, and O (W - 1)
 *       bytes leave the busiest owner. Then it has loaded V bytes into its network.
 * </ol>
 *
 * <p>Where each worker owns as much as any other, this is 2 V (W - 1) / W bytes into and out of
 * each. The network and the processors that send and receive work at the same time, so that moving
 * bytes takes the longer of both times. Averaging and loading are added to that: as measured, they
 * do not overlap with the network. Three times in a round a worker waits for an answer of the
 * driver: a round trip, after the driver has handled a message of each worker.
 *
 * <p>A model of one slice is averaged by each worker for itself: V (W - 1) bytes arrive in step 2,
 * after one answer of the driver, and step 3 only loads.
 *
 * <p>In the last round of a stage the pieces go through Spark's shuffle and the average stage
 * instead. As many bytes move, and the model adds what the two stages, their W + S tasks and the
 * shuffle files cost, divided by the rounds of a stage. Of these there are as many as in training
 * (ADR 20).
 *
 * <p>With overlap (ADR 24) steps 2 and 3 are hidden by the first N steps of the next round, and
 * workers wait for what is left. In place of loading, they correct V bytes. In each group of 16 or
 * 64 rounds the last one is exchanged as without overlap, and the group is a stage.
 *
 * <p>Left out are stragglers ({@link StragglerSimulation} has them), switches that carry less than
 * all links together, the opening of connections between all pairs of executors, lost packets,
 * garbage collection, checkpoints, and the steps' own need for processors and network.
 */
public final class RoundSimulation {
  /** Messages of a worker in a round: its pieces are stored, its averages, and it has them all. */
  private static final int MESSAGES = 3;

  private static final int MESSAGES_OF_ONE_SLICE = 1;

  private final ParameterSlices slices;
  private final int workers;
  private final WaitingSteps steps;
  private final int overlapSteps;
  private final int most;
  private final SimulatedCluster cluster;
  private final RoundCosts costs;

  /**
   * @param load the rounds, of which a stage has no more than there are; the wire is fp32
   * @param cluster the cluster
   * @param costs what each part costs
   */
  public RoundSimulation(AveragingLoad load, SimulatedCluster cluster, RoundCosts costs) {
    this.slices = load.slices();
    this.workers = load.workers();
    this.steps = load.steps();
    this.overlapSteps = load.overlapSteps();
    this.most = load.rounds();
    this.cluster = cluster;
    this.costs = costs;
  }

  /**
   * What a round takes, on average over the rounds of a stage.
   *
   * @param secondsPerRound all of it
   * @param stepsSeconds its steps
   * @param secondsInAddition the rest
   * @param hiddenShare how much of what a round without overlap takes in addition to its steps is
   *     saved by overlap, at most 1; negative where rounds with overlap take longer
   * @param roundsPerStage how many rounds a stage has
   * @param networkBytesPerWorker the bytes into the worker that receives the most
   * @param driverBytesPerRound bytes through the driver
   */
  public record Result(
      double secondsPerRound,
      double stepsSeconds,
      double secondsInAddition,
      double hiddenShare,
      int roundsPerStage,
      long networkBytesPerWorker,
      long driverBytesPerRound) {}

  /** Computes it. */
  public Result run() {
    int rounds =
        overlapSteps > 0 ? Math.min(most, RoundGroups.mostRounds(slices)) : roundsPerStage();
    double plain = exchange() + stage() / roundsPerStage();
    double beyond =
        overlapSteps > 0 ? ((rounds - 1) * visible() + exchange() + stage()) / rounds : plain;
    return new Result(
        steps.seconds() + beyond,
        steps.seconds(),
        beyond,
        plain > 0 ? 1 - beyond / plain : 0,
        rounds,
        Math.round(intoOwner() + intoAll()),
        Math.round(driverBytes(rounds)));
  }

  /** The rule by which training chooses it. */
  private int roundsPerStage() {
    return RoundsPerStage.fitting(steps.seconds() + exchange(), most);
  }

  /** The seconds between two rounds that do not overlap. */
  double exchange() {
    return processor((costs.perByte().read() + costs.perByte().load()) * bytes()) + transfer();
  }

  /** What a worker waits for between two rounds that overlap. */
  private double visible() {
    return processor((costs.perByte().read() + costs.perByte().correct()) * bytes())
        + Math.max(0, transfer() - steps.secondsOf(overlapSteps));
  }

  /** The part of the exchange that does not use the worker's network, and can be hidden. */
  private double transfer() {
    return workers == 1 ? average() : waiting() + reduce() + gather();
  }

  /** Step 2 of the exchange. */
  private double reduce() {
    double out = isOneSlice() ? intoOwner() : intoAll();
    return moving(intoOwner(), out, slicesOfOwner() * (workers - 1.0)) + average();
  }

  private double average() {
    return processor(costs.perByte().average() * bytesOfOwner() * workers);
  }

  /** Step 3, without loading. */
  private double gather() {
    return isOneSlice()
        ? 0
        : moving(intoAll(), intoOwner(), (double) slices.count() - slicesOfOwner());
  }

  /**
   * Moving bytes.
   *
   * @param in into the busiest worker
   * @param out out of it
   * @param blocks how many pieces or slices it fetches
   */
  private double moving(double in, double out, double blocks) {
    return Math.max(
        Math.max(in, out) / cluster.bytesPerSecond(),
        processor(costs.perByte().move() * (in + out) / 2 + costs.perEvent().block() * blocks));
  }

  /** Waiting for the driver. */
  private double waiting() {
    return messages() * (2 * cluster.latencySeconds() + costs.perEvent().message() * workers);
  }

  /** What the end of a stage and the beginning of the next one cost in addition to an exchange. */
  double stage() {
    return costs.perEvent().stage()
        + costs.perEvent().task() * (workers + slices.count())
        + processor(costs.perByte().write() * bytes())
        + costs.traffic().pair() * workers * workers / cluster.bytesPerSecond();
  }

  private double driverBytes(int rounds) {
    double stage =
        costs.traffic().stage()
            + costs.traffic().worker() * workers
            + costs.traffic().slice() * slices.count()
            + costs.traffic().pair() * workers * workers;
    return stage / rounds + costs.traffic().round() * workers;
  }

  private boolean isOneSlice() {
    return slices.count() == 1;
  }

  private int messages() {
    return isOneSlice() ? MESSAGES_OF_ONE_SLICE : MESSAGES;
  }

  private int slicesOfOwner() {
    return (slices.count() + workers - 1) / workers;
  }

  /** The bytes of the slices that the busiest owner averages. */
  private double bytesOfOwner() {
    return isOneSlice() ? bytes() : Math.min(bytes(), (double) slicesOfOwner() * slices.bytes(0));
  }

  private double intoOwner() {
    return bytesOfOwner() * (workers - 1);
  }

  /** The bytes of the slices that a worker fetches, and of the pieces that it sends. */
  private double intoAll() {
    return isOneSlice() ? 0 : bytes() * (workers - 1) / workers;
  }

  private double bytes() {
    return (double) slices.bytes();
  }

  private double processor(double seconds) {
    return seconds / Math.min(1, cluster.coresPerWorker());
  }
}
