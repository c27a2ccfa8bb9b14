// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.slice;

import io.stoker.base.Division;
import io.stoker.failure.Check;
import java.io.Serializable;
import java.util.Locale;

/**
 * How the vectors of a job are cut into slices: the parameters, and with them the updater state,
 * the outer momentum and the moving average of the parameters where these are kept. All slices have
 * the same number of values, but the last one may have fewer. The positions of the cuts have no
 * influence on any value.
 *
 * <p>The content of a slice is its range of the parameters, then the same range of the updater
 * state, of the outer momentum and of the moving average, where there are such vectors, as
 * little-endian fp32. A worker's piece is the same without the outer momentum and the average.
 *
 * @param first the first parameter that is in a slice; the ones before it are frozen
 * @param parameters the length of a vector
 * @param vectors how many vectors a worker sends: 1 for the parameters, and those of the updater
 *     state: 1 more for a velocity, 2 for the moments of AdamW
 * @param outerMomentum whether the slices also hold the momentum of an {@link OuterStep}
 * @param ema whether they also hold a {@link MovingAverage}
 * @param sliceLength values of a vector in each slice but the last
 */
public record ParameterSlices(
    long first, long parameters, int vectors, boolean outerMomentum, boolean ema, int sliceLength)
    implements Serializable {
  /**
   * The largest piece of one vector. Larger slices would be better, because a task of the average
   * stage costs some milliseconds for any size. But G1 stores an array of this size in regions of
   * its own (a humongous object), and this one fills whole regions together with its header. With
   * two vectors a slice has half as many values: the heap holds twice as many humongous objects
   * then, and G1 rather grows the heap than finds free neighbouring regions.
   */
  private static final long LARGEST_BYTES = (16 << 20) - 4096;

  private static final long SMALLEST_BYTES = 1 << 20;

  /** What a task of the average stage may hold in memory: the workers' pieces, and two slices. */
  private static final long TASK_BYTES = 256 << 20;

  /** What an array holds of a slice, with some room for what is stored next to it. */
  private static final long MOST_BYTES = Integer.MAX_VALUE - (1 << 20);

  public ParameterSlices {
    if (first < 0 || parameters <= first || vectors < 1 || vectors > 3 || sliceLength < 1) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "Cannot cut %d vectors of the values %d to %d into slices of %d",
              vectors,
              first,
              parameters,
              sliceLength));
    }
    int all = allVectors(vectors, outerMomentum, ema);
    long bytes = Math.min(sliceLength, parameters - first) * Float.BYTES * all;
    Check.input(
        bytes <= MOST_BYTES,
        "Invalid slice size: a slice of %d vectors would have %d bytes (must be <= %d: say fewer"
            + " slice-bytes)",
        all,
        bytes,
        MOST_BYTES);
    Math.toIntExact(Division.ceiling(parameters - first, sliceLength));
  }

  /** Slices without a moving average. */
  public ParameterSlices(
      long first, long parameters, int vectors, boolean outerMomentum, int sliceLength) {
    this(first, parameters, vectors, outerMomentum, false, sliceLength);
  }

  /** Slices of all parameters, for plain averaging. */
  public ParameterSlices(long parameters, int vectors, int sliceLength) {
    this(0, parameters, vectors, false, sliceLength);
  }

  private static int allVectors(int vectors, boolean outerMomentum, boolean ema) {
    return vectors + (outerMomentum ? 1 : 0) + (ema ? 1 : 0);
  }

  /**
   * How many values fit into some bytes, rounded down to a multiple of {@link DeltaCodec#BLOCK}.
   */
  public static int lengthOf(int bytes) {
    return Math.max(1, bytes / Float.BYTES / DeltaCodec.BLOCK) * DeltaCodec.BLOCK;
  }

  /**
   * How many values of a vector a slice should hold: as many as a task can average, but few enough
   * that there is a slice for the slot of each worker.
   *
   * @param parameters the length of a vector
   * @param vectors how many vectors a worker sends
   * @param workers how many workers' pieces a task holds
   */
  public static int fittingLength(long parameters, int vectors, int workers) {
    long block = (long) DeltaCodec.BLOCK * Float.BYTES * vectors;
    long each = parameters * vectors * Float.BYTES / workers + block - 1;
    long most = Math.min(LARGEST_BYTES / vectors, TASK_BYTES / (workers + 2));
    return lengthOf((int) (Math.max(SMALLEST_BYTES, Math.min(each, most)) / vectors));
  }

  /** Slices of the frozen parameters, those before the first, without other vectors. */
  public ParameterSlices prefix() {
    return new ParameterSlices(0, first, 1, false, sliceLength);
  }

  /** How many slices there are. */
  public int count() {
    return (int) Division.ceiling(parameters - first, sliceLength);
  }

  /** The number of the slice that holds a parameter. */
  public int sliceOf(long parameter) {
    return (int) ((parameter - first) / sliceLength);
  }

  /** The position in each vector at which a slice begins. */
  public long offset(int slice) {
    return first + (long) slice * sliceLength;
  }

  /** How many values of each vector a slice holds. */
  public int length(int slice) {
    return (int) Math.min(sliceLength, parameters - offset(slice));
  }

  /** How many bytes a slice's content has. */
  public int bytes(int slice) {
    return length(slice) * Float.BYTES * allVectors(vectors, outerMomentum, ema);
  }

  /** How many bytes the contents of all slices have. */
  public long bytes() {
    return (parameters - first) * Float.BYTES * allVectors(vectors, outerMomentum, ema);
  }

  /** How many bytes a worker sends of a slice. */
  public int pieceBytes(int slice) {
    return length(slice) * Float.BYTES * vectors;
  }

  /** How many bytes a worker sends of all slices. */
  public long pieceBytes() {
    return (parameters - first) * Float.BYTES * vectors;
  }

  /** The place of the moving average among the vectors of a slice, from 0, where there is one. */
  public int emaVector() {
    return outerMomentum ? vectors + 1 : vectors;
  }

  /** Whether workers send the updater state too. */
  public boolean carryUpdaterState() {
    return vectors > 1;
  }

  /**
   * The position in the updater state at which a slice's range of one of its vectors begins.
   *
   * @param vector the vector's number in the slice, from 1
   */
  public long stateOffset(int vector, int slice) {
    return (vector - 1) * parameters + offset(slice);
  }
}
