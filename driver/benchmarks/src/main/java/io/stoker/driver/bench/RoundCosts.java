// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.bench;

/**
 * What a round costs in addition to its steps and its time on the network: the constants of {@link
 * RoundSimulation}. All processor times are those of one core.
 *
 * @param perByte of a worker's parameters
 * @param perEvent of a round or stage
 * @param traffic through the driver
 */
public record RoundCosts(PerByte perByte, PerEvent perEvent, Traffic traffic) {
  /**
   * Seconds per byte.
   *
   * @param read that a worker reads from its network and stores as a piece
   * @param move that goes from one executor to another, at both ends together
   * @param average of pieces that an owner averages
   * @param load that a worker loads into its network
   * @param correct that a worker corrects where rounds overlap
   * @param write of the pieces of a stage's last round, in addition: they go through shuffle files
   */
  public record PerByte(
      double read, double move, double average, double load, double correct, double write) {}

  /**
   * Seconds for each event.
   *
   * @param block a piece or slice that a worker fetches from another, at both ends together
   * @param message a message of a worker, on the driver
   * @param stage a train stage and the average stage after it
   * @param task a task of both
   */
  public record PerEvent(double block, double message, double stage, double task) {}

  /**
   * Bytes through the driver.
   *
   * @param round in each round for each worker
   * @param stage in each stage
   * @param worker in each stage for each worker
   * @param slice in each stage for each slice
   * @param pair in each stage for each pair of workers: each is told where the pieces of each are
   */
  public record Traffic(double round, double stage, double worker, double slice, double pair) {}

  /**
   * Measured on two cores of an Intel Xeon; see docs/scaling.md. The seconds per byte are fitted to
   * rounds of 62,000,000 parameters on two hosts of one core each, at 1 and at 10 Gb/s, with and
   * without overlap, while nothing else ran. Of the others, which were measured while other jobs
   * ran, so that they are rather too large:
   *
   * <ul>
   *   <li>block: 32 and 256 slices of the same parameters.
   *   <li>message: processor time of the driver in rounds of 64 workers, 1 kB of parameters each.
   *   <li>stage and task: 2 to 64 workers and 2 to 256 slices with a stage for each round, driver
   *       and executors on the same two cores. On a cluster a task costs less.
   *   <li>traffic: the same rounds; that of a round from the length of three messages and their
   *       answers, that of a pair from that of the names of an executor.
   * </ul>
   */
  public static final RoundCosts MEASURED =
      new RoundCosts(
          new PerByte(0.35e-9, 1.35e-9, 0.7e-9, 0.8e-9, 0.6e-9, 1.9e-9),
          new PerEvent(0.75e-3, 52e-6, 0.14, 3e-3),
          new Traffic(950, 16_700, 1730, 1870, 30));
}
