// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.slice;

import java.io.Serializable;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/**
 * Averages the workers' pieces of a slice, takes the outer step in the direction of the mean, and
 * moves the average of the parameters over the steps of the job. Averages pieces to the same bits
 * on every executor and in every attempt.
 *
 * @param slices how the vectors are cut
 * @param outer the outer step
 * @param wire the format in which workers have sent what they have changed
 * @param overlapSteps after how many steps of the next round workers take the result; 0 if they
 *     begin that round with it
 * @param ema the moving average of the parameters
 */
public record SliceAverage(
    ParameterSlices slices, OuterStep outer, Wire wire, int overlapSteps, MovingAverage ema)
    implements Serializable {
  /**
   * What pieces have become, and how far they were from their mean.
   *
   * @param content begins with the mean, or with what the outer step makes of it
   * @param driftSquared the example-weighted mean of the pieces' squared distances from the mean; 0
   *     for a single piece
   * @param normSquared the squared length of the mean; 0, which is not its length, for a single
   *     piece, which has no drift
   */
  @SuppressWarnings("ArrayRecordComponent") // The receiver owns the content.
  public record Averaged(byte[] content, double driftSquared, double normSquared) {}

  /** The mean itself, of values in fp32, with which workers begin the next round. */
  public static SliceAverage plain(ParameterSlices slices) {
    return new SliceAverage(slices, OuterStep.PLAIN, Wire.FP32, 0, MovingAverage.NONE);
  }

  /** Whether workers begin a round before they have the result of the round before. */
  public boolean overlaps() {
    return overlapSteps > 0;
  }

  /** Whether a new slice depends on the slice before the round, and not on pieces alone. */
  public boolean needsBefore() {
    return !outer.isPlain() || wire != Wire.FP32 || ema.isOn();
  }

  /**
   * Averages a slice.
   *
   * @param slice the slice's number
   * @param pieces one of each worker, in worker order
   * @param before the slice's content before the round, where {@link #needsBefore}; not written to
   * @param kept how much of the moving average the round keeps, see {@link MovingAverage#kept}
   * @param target of {@link ParameterSlices#bytes} bytes or more, receives the slice's new content
   */
  public Averaged of(
      int slice, List<WorkerSlice> pieces, ByteBuffer before, double kept, byte[] target) {
    Averaged mean = WeightedMean.of(decoded(pieces, before), slices.length(slice), target);
    if (!outer.isPlain()) {
      outer.apply(slices, slice, before.asFloatBuffer(), target);
    }
    if (ema.isOn()) {
      ema.apply(slices, slice, before.asFloatBuffer(), target, kept);
    }
    return mean;
  }

  /**
   * What a worker has changed of a slice, in the format in which it travels; not with fp32.
   *
   * @param values the worker's
   * @param before the slice's content before the round
   */
  public ByteBuffer encoded(int slice, ByteBuffer values, ByteBuffer before) {
    return ByteBuffer.wrap(
        Deltas.encode(
            DeltaCodec.of(wire).orElseThrow(),
            slices.length(slice),
            slices.vectors(),
            before.asFloatBuffer(),
            values.asFloatBuffer()));
  }

  /** The pieces with the workers' values as content, decoded from what was sent. */
  private List<WorkerSlice> decoded(List<WorkerSlice> pieces, ByteBuffer before) {
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
                        ByteBuffer.wrap(
                            Deltas.decode(
                                codec.get(),
                                slices.length(piece.slice()),
                                slices.vectors(),
                                before.asFloatBuffer(),
                                piece.content()))))
        .toList();
  }
}
