// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.bench;

/**
 * What a round costs in addition to its steps and its time on the network: the constants of {@link
 * RoundSimulation}. All processor times are those of one core.
 *
 * @param read seconds per byte that a worker reads from its network and stores as a piece
 * @param move seconds per byte that goes from one executor to another, at both ends together
 * @param average seconds per byte of pieces that an owner averages
 * @param load seconds per byte that a worker loads into its network
 * @param correct seconds per byte that a worker corrects where rounds overlap
 * @param write seconds per byte of the pieces of a stage's last round, in addition: they go through
 *     shuffle files
 * @param block seconds for each piece or slice that a worker fetches from another, at both ends
 *     together
 * @param message seconds of the driver for each message of a worker
 * @param stage seconds for a train stage and the average stage after it
 * @param task seconds for each task of both
 * @param roundBytes through the driver in each round for each worker
 * @param stageBytes through the driver in each stage
 * @param workerBytes through the driver in each stage for each worker
 * @param sliceBytes through the driver in each stage for each slice
 * @param placeBytes through the driver in each stage for each pair of workers: each is told where
 *     the pieces of each are
 */
public record RoundCosts(
    double read,
    double move,
    double average,
    double load,
    double correct,
    double write,
    double block,
    double message,
    double stage,
    double task,
    double roundBytes,
    double stageBytes,
    double workerBytes,
    double sliceBytes,
    double placeBytes) {
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
   *   <li>bytes: the same rounds; roundBytes from the length of three messages and their answers,
   *       placeBytes from that of the names of an executor.
   * </ul>
   */
  public static final RoundCosts MEASURED =
      new RoundCosts(
          0.35e-9, 1.35e-9, 0.7e-9, 0.8e-9, 0.6e-9, 1.9e-9, 0.75e-3, 52e-6, 0.14, 3e-3, 950, 16_700,
          1730, 1870, 30);
}
