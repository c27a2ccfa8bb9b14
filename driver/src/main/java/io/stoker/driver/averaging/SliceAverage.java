package io.stoker.driver.averaging;

import io.stoker.driver.config.Wire;
import java.io.Serializable;
import java.util.List;
import java.util.Optional;
import org.apache.spark.SparkEnv;

/**
 * What becomes of the workers' pieces of a slice: their mean, and the outer step towards it. The
 * same pieces give the same bits, wherever and whenever it is.
 *
 * @param slices how the vectors are cut
 * @param outer the step
 * @param wire how what the workers have changed has travelled
 */
record SliceAverage(ParameterSlices slices, OuterStep outer, Wire wire) implements Serializable {
  /** Whether a new slice depends on the one before, and not on pieces alone. */
  boolean needsBefore() {
    return !outer.isPlain() || wire != Wire.FP32;
  }

  /**
   * Averages a slice.
   *
   * @param slice which slice
   * @param pieces one of each worker, in their order
   * @param before its content before the round, where that is needed; not changed
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

  /** The bytes of the pieces that other executors than this one have written. */
  static long moved(List<WorkerSlice> pieces) {
    String here = SparkEnv.get().executorId();
    return pieces.stream()
        .filter(piece -> !piece.executor().equals(here))
        .mapToLong(piece -> piece.content().length)
        .sum();
  }

  /** The pieces as their workers' values. */
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
