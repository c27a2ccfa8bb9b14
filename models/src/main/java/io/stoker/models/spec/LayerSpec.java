package io.stoker.models.spec;

import static io.stoker.models.spec.ParameterSpec.Role.BIAS;
import static io.stoker.models.spec.ParameterSpec.Role.WEIGHT;

import io.stoker.failure.Check;
import java.util.List;

/**
 * One layer of a model as data. A layer infers its output shape, lists its parameters in canonical
 * order (that of Deeplearning4j's flattened vector: a convolution's bias before its weights, a
 * dense layer's after) and counts its arithmetic.
 */
public sealed interface LayerSpec {
  /**
   * The shape of one example behind this layer.
   *
   * @throws io.stoker.failure.InputException if the layer cannot follow such an input
   */
  Shape outputShape(Shape input);

  /** The layer's parameter tensors in canonical order. */
  default List<ParameterSpec> parameters(Shape input) {
    return List.of();
  }

  /** Floating-point operations of a forward pass over one example; a multiply-add counts as two. */
  long flops(Shape input);

  /** A short description for tables, such as {@code conv 96 @ 11x11 / 4}. */
  String label();

  /**
   * Convolution: {@code out[o,y,x] = bias[o] + sum over c,i,j of in[c, y*stride+i-padding,
   * x*stride+j-padding] * weight[o,c,i,j]}, a cross-correlation as everywhere in the field. Output
   * size: {@code (size + 2 padding - kernel) / stride + 1}, rounded down.
   *
   * @param filters output channels
   * @param kernel rows and columns of the window
   * @param stride step of the window in both directions
   * @param padding zeros around the input on each side
   * @param weights first weights
   * @param bias first bias
   */
  record Convolution(
      int filters, int kernel, int stride, int padding, Initializer weights, float bias)
      implements LayerSpec {
    public Convolution {
      Check.input(filters >= 1, "Invalid filters: %d (must be >= 1)", filters);
      Window.check(kernel, stride, padding);
    }

    @Override
    public Shape outputShape(Shape input) {
      return new Shape(
          Window.outputSize(label(), input.height(), kernel, stride, padding),
          Window.outputSize(label(), input.width(), kernel, stride, padding),
          filters);
    }

    @Override
    public List<ParameterSpec> parameters(Shape input) {
      int area = kernel * kernel;
      int fanIn = Math.multiplyExact(input.channels(), area);
      int fanOut = Math.multiplyExact(filters, area);
      return List.of(
          new ParameterSpec(BIAS, List.of(filters), fanIn, fanOut, new Initializer.Constant(bias)),
          new ParameterSpec(
              WEIGHT, List.of(filters, input.channels(), kernel, kernel), fanIn, fanOut, weights));
    }

    @Override
    public long flops(Shape input) {
      return 2L * outputShape(input).features() * input.channels() * kernel * kernel;
    }

    @Override
    public String label() {
      return "conv " + filters + " @ " + Window.label(kernel, stride, padding);
    }
  }

  /**
   * Pooling over windows of each channel. Windows do not reach beyond the padded input; the average
   * counts the window's full area, padding included.
   *
   * @param kind maximum or average
   * @param kernel rows and columns of the window
   * @param stride step of the window; below the kernel the windows overlap (Krizhevsky et al.,
   *     2012, section 3.4)
   * @param padding around the input on each side
   */
  record Pooling(Kind kind, int kernel, int stride, int padding) implements LayerSpec {
    /** What a window gives. */
    public enum Kind {
      MAXIMUM,
      AVERAGE
    }

    public Pooling {
      Window.check(kernel, stride, padding);
      Check.input(
          padding < kernel, "Invalid padding: %d (must be below the kernel, %d)", padding, kernel);
    }

    @Override
    public Shape outputShape(Shape input) {
      return new Shape(
          Window.outputSize(label(), input.height(), kernel, stride, padding),
          Window.outputSize(label(), input.width(), kernel, stride, padding),
          input.channels());
    }

    @Override
    public long flops(Shape input) {
      return (long) outputShape(input).features() * kernel * kernel;
    }

    @Override
    public String label() {
      return (kind == Kind.MAXIMUM ? "max pool " : "average pool ")
          + Window.label(kernel, stride, padding);
    }
  }

  /**
   * Local response normalization across channels (Krizhevsky et al., 2012, section 3.3): {@code
   * b[i] = a[i] / (k + alpha * sum of a[j]^2 over the size channels around i) ^ beta}. Alpha is not
   * divided by the size.
   *
   * @param size neighbouring channels in the sum, odd
   * @param k the constant
   * @param alpha the sum's factor
   * @param beta the exponent
   */
  record LocalResponseNormalization(int size, float k, float alpha, float beta)
      implements LayerSpec {
    public LocalResponseNormalization {
      Check.input(size >= 1 && size % 2 == 1, "Invalid LRN size: %d (must be odd and >= 1)", size);
      Check.input(k > 0, "Invalid LRN k: %s (must be > 0)", k);
      Check.input(alpha >= 0, "Invalid LRN alpha: %s (must be >= 0)", alpha);
      Check.input(beta > 0, "Invalid LRN beta: %s (must be > 0)", beta);
    }

    @Override
    public Shape outputShape(Shape input) {
      return input;
    }

    @Override
    public long flops(Shape input) {
      return (long) input.features() * (2L * size + 4);
    }

    @Override
    public String label() {
      return "LRN " + size;
    }
  }

  /**
   * A unit's non-linearity, on each value for itself.
   *
   * @param function which one
   */
  record Activation(ActivationFunction function) implements LayerSpec {
    @Override
    public Shape outputShape(Shape input) {
      return input;
    }

    @Override
    public long flops(Shape input) {
      return input.features();
    }

    @Override
    public String label() {
      return function.label();
    }
  }

  /**
   * Dropout (Srivastava et al., 2014), inverted: in training each value is zero with the given
   * probability, else divided by one minus it; in inference nothing happens.
   *
   * @param probability of being dropped, 0 to below 1
   */
  record Dropout(float probability) implements LayerSpec {
    public Dropout {
      Check.input(
          probability >= 0 && probability < 1,
          "Invalid dropout: %s (must be >= 0 and < 1)",
          probability);
    }

    @Override
    public Shape outputShape(Shape input) {
      return input;
    }

    @Override
    public long flops(Shape input) {
      return input.features();
    }

    @Override
    public String label() {
      return "dropout " + probability;
    }
  }

  /**
   * A fully connected layer: {@code out = weight * in + bias}. An image before it is flattened
   * channel by channel, row by row. The weight is {@code [units, inputs]} row-major, which is
   * Deeplearning4j's {@code [inputs, units]} in 'f' order.
   *
   * @param units outputs
   * @param weights first weights
   * @param bias first bias
   */
  record Dense(int units, Initializer weights, float bias) implements LayerSpec {
    public Dense {
      Check.input(units >= 1, "Invalid units: %d (must be >= 1)", units);
    }

    @Override
    public Shape outputShape(Shape input) {
      return Shape.vector(units);
    }

    @Override
    public List<ParameterSpec> parameters(Shape input) {
      int inputs = input.features();
      return List.of(
          new ParameterSpec(WEIGHT, List.of(units, inputs), inputs, units, weights),
          new ParameterSpec(BIAS, List.of(units), inputs, units, new Initializer.Constant(bias)));
    }

    @Override
    public long flops(Shape input) {
      return 2L * input.features() * units;
    }

    @Override
    public String label() {
      return "dense " + units;
    }
  }
}
