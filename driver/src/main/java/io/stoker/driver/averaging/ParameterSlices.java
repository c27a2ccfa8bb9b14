package io.stoker.driver.averaging;

import io.stoker.base.Division;
import java.io.Serializable;

/**
 * How the parameters are cut: the vectors (the parameters, and what goes with them) into slices of
 * equally many values; the last slice may be shorter. Where the cuts are has no influence on any
 * value.
 *
 * <p>A slice's content is its range of the parameters, then the same range of the updater state and
 * of the outer momentum where there are such, as little-endian fp32. What a worker sends is the
 * same without the outer momentum.
 *
 * @param first the first parameter that is in a slice; those before it never change
 * @param parameters the length of a vector
 * @param vectors what a worker sends: 1 for parameters, 2 with the updater state
 * @param outerMomentum whether the slices hold the momentum of an {@link OuterStep} too
 * @param sliceLength values of a vector in each slice but the last
 */
public record ParameterSlices(
    long first, long parameters, int vectors, boolean outerMomentum, int sliceLength)
    implements Serializable {
  /**
   * A task of the average stage costs some milliseconds, whatever it averages. With the header of
   * an array it still fits into whole regions of Java's heap, which large arrays have to
   * themselves. Where two vectors travel it is half of that: the heap holds twice as much then, and
   * grows rather than find room for large arrays between others.
   */
  private static final long LARGEST_BYTES = (16 << 20) - 4096;

  private static final long SMALLEST_BYTES = 1 << 20;

  /** What a task of the average stage may hold: the workers' pieces, and two slices. */
  private static final long TASK_BYTES = 256 << 20;

  public ParameterSlices {
    if (first < 0 || parameters <= first || vectors < 1 || vectors > 2 || sliceLength < 1) {
      throw new IllegalArgumentException(
          "Cannot cut %d vectors of the values %d to %d into slices of %d"
              .formatted(vectors, first, parameters, sliceLength));
    }
    Math.multiplyExact(sliceLength, Float.BYTES * (outerMomentum ? vectors + 1 : vectors));
    Math.toIntExact(Division.ceiling(parameters - first, sliceLength));
  }

  /** Slices of all parameters, for plain averaging. */
  public ParameterSlices(long parameters, int vectors, int sliceLength) {
    this(0, parameters, vectors, false, sliceLength);
  }

  /** How many values of a vector fit into that many bytes, as a multiple of what shares a scale. */
  public static int lengthOf(int bytes) {
    return Math.max(1, bytes / Float.BYTES / DeltaCodec.BLOCK) * DeltaCodec.BLOCK;
  }

  /**
   * How many values of a vector a slice should hold: as much as a task can average, and yet a slice
   * for each worker's slot.
   *
   * @param parameters the length of a vector
   * @param vectors how many vectors travel
   * @param workers whose pieces a task holds
   */
  public static int fittingLength(long parameters, int vectors, int workers) {
    long block = (long) DeltaCodec.BLOCK * Float.BYTES * vectors;
    long each = parameters * vectors * Float.BYTES / workers + block - 1;
    long most = Math.min(LARGEST_BYTES / vectors, TASK_BYTES / (workers + 2));
    return lengthOf((int) (Math.max(SMALLEST_BYTES, Math.min(each, most)) / vectors));
  }

  /** Slices of the parameters before the first, alone. */
  public ParameterSlices prefix() {
    return new ParameterSlices(0, first, 1, false, sliceLength);
  }

  /** How many slices there are. */
  public int count() {
    return (int) Division.ceiling(parameters - first, sliceLength);
  }

  /** Which slice a parameter is in. */
  public int sliceOf(long parameter) {
    return (int) ((parameter - first) / sliceLength);
  }

  /** Where a slice begins in each vector. */
  public long offset(int slice) {
    return first + (long) slice * sliceLength;
  }

  /** How many values of each vector a slice holds. */
  public int length(int slice) {
    return (int) Math.min(sliceLength, parameters - offset(slice));
  }

  /** How many bytes a slice's content has. */
  public int bytes(int slice) {
    return length(slice) * Float.BYTES * (outerMomentum ? vectors + 1 : vectors);
  }

  /** How many bytes a worker sends of a slice. */
  public int pieceBytes(int slice) {
    return length(slice) * Float.BYTES * vectors;
  }

  /** Whether the updater state travels too. */
  public boolean carryUpdaterState() {
    return vectors == 2;
  }
}
