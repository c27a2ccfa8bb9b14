// SPDX-License-Identifier: Apache-2.0
package io.stoker.worker.sgd;

/**
 * A number that is measured on executors in a round, and adds up over steps, workers and slices.
 */
public enum Measure {
  /** Examples that a worker trained on. */
  EXAMPLES,
  /** The sum of these examples' cross-entropies, each before its own step, in nats. */
  LOSS_SUM,
  /** How many of these examples were classified correctly. */
  CORRECT,
  /** Seconds of a worker: fetching and loading the parameters. */
  GATHER_SECONDS,
  /** Seconds of a worker: waiting for data. */
  WAIT_SECONDS,
  /** Seconds of a worker: forward, backward and update. */
  COMPUTE_SECONDS,
  /** Seconds of a worker: cutting the result into pieces, and writing them. */
  SCATTER_SECONDS,
  /** Seconds of the owner of a slice: fetching and averaging its pieces. */
  AVERAGE_SECONDS,
  /** Bytes of slices and pieces that came from other executors. */
  MOVED_BYTES,
  /** Of a slice, the example-weighted mean of the workers' squared distances from the average. */
  DRIFT_SQUARED,
  /** Of a slice, the squared length of the average. */
  NORM_SQUARED;

  /** Its place in an array of all numbers. */
  @SuppressWarnings("EnumOrdinal") // A step adds to an array without an object.
  int index() {
    return ordinal();
  }
}
