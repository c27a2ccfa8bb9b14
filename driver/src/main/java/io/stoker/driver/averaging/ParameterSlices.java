package io.stoker.driver.averaging;

import java.io.Serializable;

/**
 * How what travels between workers is cut: one vector (the parameters) or two (parameters and
 * updater state), each of the same length, into slices of equally many values; the last slice may
 * be shorter. Where the cuts are has no influence on any value.
 *
 * <p>A slice's content is its range of the parameters, then the same range of the updater state
 * where that travels, as little-endian fp32.
 *
 * @param parameters the length of a vector
 * @param vectors 1 or 2
 * @param sliceLength values of a vector in each slice but the last
 */
public record ParameterSlices(long parameters, int vectors, int sliceLength)
    implements Serializable {
  public ParameterSlices {
    if (parameters < 1 || vectors < 1 || vectors > 2 || sliceLength < 1) {
      throw new IllegalArgumentException(
          "Cannot cut %d vectors of %d values into slices of %d"
              .formatted(vectors, parameters, sliceLength));
    }
    Math.multiplyExact(sliceLength, Float.BYTES * vectors);
    Math.toIntExact((parameters + sliceLength - 1) / sliceLength);
  }

  /** How many slices there are. */
  public int count() {
    return (int) ((parameters + sliceLength - 1) / sliceLength);
  }

  /** Where a slice begins in each vector. */
  public long offset(int slice) {
    return (long) slice * sliceLength;
  }

  /** How many values of each vector a slice holds. */
  public int length(int slice) {
    return (int) Math.min(sliceLength, parameters - offset(slice));
  }

  /** How many bytes a slice's content has. */
  public int bytes(int slice) {
    return length(slice) * Float.BYTES * vectors;
  }

  /** Whether the updater state travels too. */
  public boolean carryUpdaterState() {
    return vectors == 2;
  }
}
