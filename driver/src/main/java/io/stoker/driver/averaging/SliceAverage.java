// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import io.stoker.driver.config.Wire;
import io.stoker.driver.wire.DeltaCodec;
import io.stoker.driver.wire.Deltas;
import java.io.Serializable;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.spark.SparkEnv;

/**
 * Averages the workers' pieces of a slice, and takes the outer step in the direction of the mean.
 * The same pieces give the same bits on every executor and in every attempt.
 *
 * @param slices how the vectors are cut
 * @param outer the outer step
 * @param wire the format in which workers have sent what they have changed
 */
record SliceAverage(ParameterSlices slices, OuterStep outer, Wire wire) implements Serializable {
  /** Whether a new slice depends on the slice before the round, and not on pieces alone. */
  boolean needsBefore() {
    return !outer.isPlain() || wire != Wire.FP32;
  }

  /**
   * Averages a slice.
   *
   * @param slice the slice's number
   * @param pieces one of each worker, in worker order
   * @param before the slice's content before the round, where {@link #needsBefore}; not written to
   */
  WeightedMean.Averaged of(int slice, List<WorkerSlice> pieces, byte[] before) {
    WeightedMean.Averaged mean = WeightedMean.of(decoded(pieces, before), slices.length(slice));
    if (outer.isPlain()) {
      return mean;
    }
    return new WeightedMean.Averaged(
        outer.apply(slices, slice, before, mean.content()),
        mean.driftSquared(),
        mean.normSquared());
  }

  /**
   * A worker's values of a slice in the format in which they travel.
   *
   * @param content as {@link RoundExecution#content} returns it
   * @param before the slice's content before the round; asked for where the format needs it
   */
  byte[] encoded(int slice, byte[] content, Supplier<byte[]> before) {
    Optional<DeltaCodec> codec = DeltaCodec.of(wire);
    return codec.isEmpty() || content.length == 0
        ? content
        : Deltas.encode(codec.get(), slices.length(slice), slices.vectors(), before.get(), content);
  }

  /** The bytes of the pieces that other executors than this one have written. */
  static long bytesFromOtherExecutors(List<WorkerSlice> pieces) {
    String here = SparkEnv.get().executorId();
    return pieces.stream()
        .filter(piece -> !piece.executor().equals(here))
        .mapToLong(piece -> piece.content().length)
        .sum();
  }

  /** The pieces with the workers' values as content, decoded from what was sent. */
  private List<WorkerSlice> decoded(List<WorkerSlice> pieces, byte[] before) {
    Optional<DeltaCodec> codec = DeltaCodec.of(wire);
    if (codec.isEmpty()) {
      return pieces;
    }
    return pieces.stream()
        .map(
            piece ->
                piece.examples() == 0
                    ? piece
                    : piece.with(
                        Deltas.decode(
                            codec.get(),
                            slices.length(piece.slice()),
                            slices.vectors(),
                            before,
                            piece.content())))
        .toList();
  }
}
