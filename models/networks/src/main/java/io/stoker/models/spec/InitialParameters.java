// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.spec;

import io.stoker.base.SplitMix64;
import io.stoker.models.spec.ModelSpec.Placed;
import java.nio.FloatBuffer;
import java.util.Locale;

/**
 * A model's first parameters as a pure function of a seed: value i of the canonical vector depends
 * on the seed, on i and on its tensor's {@link Initializer}, and on nothing else. So each task
 * computes only the range that it needs. All machines get the same bits, because the arithmetic is
 * limited to operations whose result the Java language defines exactly.
 */
public final class InitialParameters {
  /** Separates these random numbers from those that the same seed gives elsewhere. */
  private static final long USE = 0x496e697450617261L;

  private final ModelSpec model;
  private final long key;

  /**
   * @param model the model
   * @param seed the root seed
   */
  public InitialParameters(ModelSpec model, long seed) {
    this.model = model;
    this.key = SplitMix64.scramble(seed ^ USE);
  }

  /**
   * Writes parameters {@code [offset, offset + target.remaining())} of the canonical vector.
   *
   * @throws IndexOutOfBoundsException if the range is not within the vector
   */
  public void fill(long offset, FloatBuffer target) {
    long end = offset + target.remaining();
    if (offset < 0 || end > model.parameterCount()) {
      throw new IndexOutOfBoundsException(
          String.format(
              Locale.ROOT, "Parameters %d to %d of %d", offset, end, model.parameterCount()));
    }
    for (Placed placed : model.placed()) {
      long start = placed.parameterOffset();
      for (ParameterSpec tensor : placed.parameters()) {
        fill(tensor, start, Math.max(start, offset), Math.min(start + tensor.size(), end), target);
        start += tensor.size();
      }
    }
  }

  private void fill(ParameterSpec tensor, long start, long from, long to, FloatBuffer target) {
    if (from >= to) {
      return;
    }
    tensor.initializer().accept(new Filling(tensor, start, from, to, target));
  }

  /** Writes values {@code [from, to)} of the canonical vector, all of the tensor from start on. */
  private final class Filling implements Initializer.Visitor<Void> {
    private final ParameterSpec tensor;
    private final long start;
    private final long from;
    private final long to;
    private final FloatBuffer target;

    Filling(ParameterSpec tensor, long start, long from, long to, FloatBuffer target) {
      this.tensor = tensor;
      this.start = start;
      this.from = from;
      this.to = to;
      this.target = target;
    }

    @Override
    public Void visitConstant(Initializer.Constant initializer) {
      for (long i = from; i < to; i++) {
        target.put(initializer.value());
      }
      return null;
    }

    @Override
    public Void visitGaussian(Initializer.Gaussian initializer) {
      return fillNormal(initializer.standardDeviation());
    }

    @Override
    public Void visitRule(Initializer.Rule initializer) {
      return switch (initializer) {
        case HE -> fillNormal(StrictMath.sqrt(2.0 / tensor.fanIn()));
        case HE_FAN_OUT -> fillNormal(StrictMath.sqrt(2.0 / tensor.fanOut()));
        case GLOROT ->
            fillUniform(StrictMath.sqrt(6 / ((double) tensor.fanIn() + tensor.fanOut())));
        case LECUN -> fillUniform(2.4 / tensor.fanIn());
        case DIRAC -> fillDirac();
        case WHITEN -> fillWhiten();
      };
    }

    private Void fillDirac() {
      long channels = tensor.dimensions().get(1);
      long area = tensor.size() / tensor.dimensions().get(0) / channels;
      // The middle of a kernel of an odd size; of an even one, the pixel after it.
      int side = tensor.dimensions().size() == 4 ? tensor.dimensions().get(3) : 1;
      long middle = (long) (side / 2) * side + side / 2;
      double bound = 1 / StrictMath.sqrt(tensor.fanIn());
      for (long i = from; i < to; i++) {
        long filter = (i - start) / area / channels;
        boolean passed = (i - start) == (filter * channels + filter) * area + middle;
        double identity = passed ? 1 : 0;
        target.put((float) (filter < channels ? identity : (2 * uniform(i) - 1) * bound));
      }
      return null;
    }

    private Void fillWhiten() {
      long values = tensor.fanIn();
      for (long i = from; i < to; i++) {
        long filter = (i - start) / values;
        float sign = filter < values ? 1 : -1;
        target.put((i - start) % values == filter % values ? sign : 0);
      }
      return null;
    }

    private Void fillUniform(double bound) {
      for (long i = from; i < to; i++) {
        target.put((float) ((2 * uniform(i) - 1) * bound));
      }
      return null;
    }

    private Void fillNormal(double standardDeviation) {
      for (long i = from; i < to; i++) {
        target.put((float) (normalQuantile(uniform(i)) * standardDeviation));
      }
      return null;
    }
  }

  /** The uniform variate of value i, strictly between 0 and 1. */
  private double uniform(long i) {
    return ((SplitMix64.scramble(key + (i + 1) * SplitMix64.GOLDEN_GAMMA) >>> 11) + 0.5) * 0x1p-53;
  }

  /**
   * The inverse of the standard normal distribution function to about 7 digits, the precision of
   * fp32: Wichura, 1988, "Algorithm AS 241: The Percentage Points of the Normal Distribution",
   * PPND7. Each value needs one variate of its own, which allows random access, and six of seven
   * values need no logarithm.
   */
  static double normalQuantile(double p) {
    double q = p - 0.5;
    if (Math.abs(q) <= 0.425) {
      double r = 0.180625 - q * q;
      return q
          * (((59.109374720 * r + 159.29113202) * r + 50.434271938) * r + 3.3871327179)
          / (((67.187563600 * r + 78.757757664) * r + 17.895169469) * r + 1);
    }
    double r = StrictMath.sqrt(-StrictMath.log(q < 0 ? p : 1 - p));
    double tail;
    if (r <= 5) {
      r -= 1.6;
      tail =
          (((0.17023821103 * r + 1.3067284816) * r + 2.7568153900) * r + 1.4234372777)
              / ((0.12021132975 * r + 0.73700164250) * r + 1);
    } else {
      r -= 5;
      tail =
          (((0.017337203997 * r + 0.42868294337) * r + 3.0812263860) * r + 6.6579051150)
              / ((0.012258202635 * r + 0.24197894225) * r + 1);
    }
    return q < 0 ? -tail : tail;
  }
}
