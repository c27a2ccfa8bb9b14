// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.spec;

import static io.stoker.models.spec.ParameterSpec.Role.BIAS;
import static io.stoker.models.spec.ParameterSpec.Role.SCALE;
import static io.stoker.models.spec.ParameterSpec.Role.STATISTIC;
import static io.stoker.models.spec.ParameterSpec.Role.WEIGHT;

import io.stoker.failure.Check;
import java.io.Serializable;
import java.util.Collections;
import java.util.List;

/**
 * One layer of a model as data. A layer infers the shape of its output, lists its parameters in
 * canonical order (the order of Deeplearning4j's flattened vector: a convolution's bias before its
 * weights, a dense layer's after) and counts its arithmetic. Everything else that differs between
 * kinds of layers is a {@link LayerVisitor}.
 */
public sealed interface LayerSpec extends Serializable {
  /** Calls the visitor's case for this kind of layer. */
  <R> R accept(LayerVisitor<R> visitor);

  /**
   * The shape of one example after this layer.
   *
   * @throws io.stoker.failure.InputException if the layer cannot take this input
   */
  Shape outputShape(Shape input);

  /** The layer's parameter tensors in canonical order; empty for a layer without parameters. */
  List<ParameterSpec> parameters(Shape input);

  /** Floating-point operations of a forward pass over one example; a multiply-add counts as two. */
  long flops(Shape input);

  /** A short description for tables, such as {@code conv 96 @ 11x11 / 4}. */
  String label();

  /**
   * Convolution: {@code out[o,y,x] = bias[o] + sum over c,i,j of in[c, y*stride + i*dilation - top,
   * x*stride + j*dilation - left] * weight[o,c,i,j]}, a cross-correlation as everywhere in the
   * field. Output size: {@code (size + padding - span) / stride + 1}, rounded down.
   *
   * <p>With groups, the n-th part of the filters reads the n-th part of the input's channels only:
   * Krizhevsky et al., 2012, section 3.2, had a group on each of two GPUs. The parameters of the
   * groups follow each other, and each group has a bias and then weights.
   *
   * @param filters output channels
   * @param window the window
   * @param groups the number of parts into which channels and filters are split
   * @param weights first weights
   * @param bias first bias
   */
  record Convolution(int filters, Window window, int groups, Initializer weights, float bias)
      implements LayerSpec {
    public Convolution {
      Check.input(filters >= 1, "Invalid filters: %d (must be >= 1)", filters);
      Check.input(
          groups >= 1 && filters % groups == 0,
          "Invalid groups: %d (must divide the %d filters)",
          groups,
          filters);
    }

    @Override
    public <R> R accept(LayerVisitor<R> visitor) {
      return visitor.visitConvolution(this);
    }

    @Override
    public Shape outputShape(Shape input) {
      Check.input(
          input.channels() % groups == 0,
          "Invalid groups: %d (must divide the %d channels before %s)",
          groups,
          input.channels(),
          label());
      return window.over(label(), input, filters);
    }

    @Override
    public List<ParameterSpec> parameters(Shape input) {
      int area = window.kernel() * window.kernel();
      int channels = input.channels() / groups;
      int fanIn = Math.multiplyExact(channels, area);
      int fanOut = Math.multiplyExact(filters / groups, area);
      List<ParameterSpec> group =
          List.of(
              new ParameterSpec(
                  BIAS, List.of(filters / groups), fanIn, fanOut, new Initializer.Constant(bias)),
              new ParameterSpec(
                  WEIGHT,
                  List.of(filters / groups, channels, window.kernel(), window.kernel()),
                  fanIn,
                  fanOut,
                  weights));
      return Collections.nCopies(groups, group).stream().flatMap(List::stream).toList();
    }

    @Override
    public long flops(Shape input) {
      long products = (long) input.channels() / groups * window.kernel() * window.kernel();
      return 2 * products * outputShape(input).features();
    }

    @Override
    public String label() {
      return "conv " + filters + " @ " + window + (groups == 1 ? "" : " in " + groups + " groups");
    }
  }

  /**
   * Pooling over windows of each channel. The maximum ignores the padding; the average divides by
   * the window's full area, padding included. The padding is the same on all sides, or the least
   * with which the windows cover the image, where an odd row or column is added below or on the
   * right.
   *
   * @param kind maximum or average
   * @param window the window, without dilation; with a stride below the kernel the windows overlap
   *     (Krizhevsky et al., 2012, section 3.4)
   */
  record Pooling(Kind kind, Window window) implements LayerSpec {
    /** What a window's output is. */
    public enum Kind {
      /** The largest pixel. */
      MAXIMUM("max pool"),
      /** The mean of the pixels. */
      AVERAGE("average pool");

      private final String label;

      Kind(String label) {
        this.label = label;
      }
    }

    public Pooling {
      Check.input(
          window.dilation() == 1, "Invalid dilation of pooling: %d (must be 1)", window.dilation());
      Check.input(
          window.padding().largest() < window.kernel(),
          "Invalid padding: %s (must be below the kernel, %d)",
          window.padding(),
          window.kernel());
    }

    @Override
    public <R> R accept(LayerVisitor<R> visitor) {
      return visitor.visitPooling(this);
    }

    @Override
    public Shape outputShape(Shape input) {
      Shape output = window.over(label(), input, input.channels());
      Check.input(
          window.padding().isEven() || window.padding().equals(window.paddingToCover(input)),
          "Invalid padding: %s (must be even, or for images of %s %s)",
          window.padding(),
          input,
          window.paddingToCover(input));
      return output;
    }

    @Override
    public List<ParameterSpec> parameters(Shape input) {
      return List.of();
    }

    @Override
    public long flops(Shape input) {
      return (long) outputShape(input).features() * window.kernel() * window.kernel();
    }

    @Override
    public String label() {
      return kind.label + " " + window;
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
    public <R> R accept(LayerVisitor<R> visitor) {
      return visitor.visitLocalResponseNormalization(this);
    }

    @Override
    public Shape outputShape(Shape input) {
      return input;
    }

    @Override
    public List<ParameterSpec> parameters(Shape input) {
      return List.of();
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
   * Batch normalization (Ioffe and Szegedy, 2015): {@code out = scale * (in - mean) / sqrt(variance
   * + epsilon) + shift}, each per channel. In training, mean and (biased) variance are those of the
   * batch, and the running statistics move towards them: {@code running = decay * running + (1 -
   * decay) * batch}. In inference, mean and variance are the running statistics. These count as
   * parameters: they are averaged, saved and restored with the others, and have no gradient. The
   * running variance is stored as {@code log10(sqrt(variance))}, the only form that Deeplearning4j
   * reads back from a file.
   *
   * @param epsilon keeps the divisor above zero
   * @param decay the share of the running statistics that a step keeps
   */
  record BatchNormalization(float epsilon, float decay) implements LayerSpec {
    public BatchNormalization {
      Check.input(epsilon > 0, "Invalid epsilon: %s (must be > 0)", epsilon);
      Check.input(decay >= 0 && decay < 1, "Invalid decay: %s (must be >= 0 and < 1)", decay);
    }

    @Override
    public <R> R accept(LayerVisitor<R> visitor) {
      return visitor.visitBatchNormalization(this);
    }

    @Override
    public Shape outputShape(Shape input) {
      return input;
    }

    @Override
    public List<ParameterSpec> parameters(Shape input) {
      return List.of(
          perChannel(SCALE, input, 1),
          perChannel(BIAS, input, 0),
          perChannel(STATISTIC, input, 0),
          perChannel(STATISTIC, input, 0));
    }

    private static ParameterSpec perChannel(ParameterSpec.Role role, Shape input, float first) {
      return new ParameterSpec(
          role, List.of(input.channels()), 1, 1, new Initializer.Constant(first));
    }

    @Override
    public long flops(Shape input) {
      return 2L * input.features();
    }

    @Override
    public String label() {
      return "batch norm";
    }
  }

  /**
   * A non-linearity, applied to each value.
   *
   * @param function the non-linearity
   */
  record Activation(ActivationFunction function) implements LayerSpec {
    @Override
    public <R> R accept(LayerVisitor<R> visitor) {
      return visitor.visitActivation(this);
    }

    @Override
    public Shape outputShape(Shape input) {
      return input;
    }

    @Override
    public List<ParameterSpec> parameters(Shape input) {
      return List.of();
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
   * Inverted dropout (Srivastava et al., 2014): in training, each value is set to zero with the
   * given probability and otherwise divided by one minus that probability; in inference, the layer
   * changes nothing.
   *
   * @param probability the probability that a value is dropped, 0 to below 1
   */
  record Dropout(float probability) implements LayerSpec {
    public Dropout {
      Check.input(
          probability >= 0 && probability < 1,
          "Invalid dropout: %s (must be >= 0 and < 1)",
          probability);
    }

    @Override
    public <R> R accept(LayerVisitor<R> visitor) {
      return visitor.visitDropout(this);
    }

    @Override
    public Shape outputShape(Shape input) {
      return input;
    }

    @Override
    public List<ParameterSpec> parameters(Shape input) {
      return List.of();
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
   * Long short-term memory (Hochreiter and Schmidhuber, 1997, "Long Short-Term Memory"; with the
   * forget gate of Gers et al., 2000, without peepholes) that reads an image row by row from the
   * top, as in Graves et al., 2007 and Le, Jaitly and Hinton, 2015; a colour image one channel
   * after the other. A step reads a row x of width pixels and the hidden state h of the previous
   * step, and the layer's output is the hidden state after the last step:
   *
   * <pre>{@code
   * a = tanh(Wa x + Ua h + ba)        the candidate
   * f, o, i = sigmoid(W x + U h + b)  the forget, output and input gates, each with its own
   * c = f c + i a
   * h = o tanh(c)
   * }</pre>
   *
   * <p>c and h are 0 before the first step. The parameters are W {@code [4 units, width]} in the
   * order a, f, o, i, U {@code [4 units, units]} and b, which are Deeplearning4j's matrices in 'f'
   * order.
   *
   * @param units size of the hidden state
   * @param weights first weights
   * @param forgetBias first bias of the forget gate; a positive one lets the gate begin open
   *     (Jozefowicz et al., 2015). The other biases begin with 0
   */
  record Lstm(int units, Initializer weights, float forgetBias) implements LayerSpec {
    private static final int GATES = 4;

    public Lstm {
      Check.input(
          units >= 1 && units <= Shape.MAXIMUM_FEATURES / GATES,
          "Invalid units: %d (must be between 1 and %d)",
          units,
          Shape.MAXIMUM_FEATURES / GATES);
    }

    /** The number of rows that the layer reads from an image. */
    public int steps(Shape input) {
      return input.height() * input.channels();
    }

    @Override
    public <R> R accept(LayerVisitor<R> visitor) {
      return visitor.visitLstm(this);
    }

    @Override
    public Shape outputShape(Shape input) {
      return Shape.vector(units);
    }

    @Override
    public List<ParameterSpec> parameters(Shape input) {
      int inputs = input.width();
      return List.of(
          new ParameterSpec(WEIGHT, List.of(GATES * units, inputs), inputs, units, weights),
          new ParameterSpec(WEIGHT, List.of(GATES * units, units), units, units, weights),
          bias(units, inputs, 0),
          bias(units, inputs, forgetBias),
          bias(2 * units, inputs, 0));
    }

    private ParameterSpec bias(int size, int inputs, float value) {
      return new ParameterSpec(BIAS, List.of(size), inputs, units, new Initializer.Constant(value));
    }

    @Override
    public long flops(Shape input) {
      long products = (long) GATES * units * (input.width() + units);
      return steps(input) * (2 * products + 4L * units);
    }

    @Override
    public String label() {
      return "LSTM " + units;
    }
  }

  /**
   * A fully connected layer: {@code out = weight * in + bias}. An image is flattened channel by
   * channel, row by row. The weight is {@code [units, inputs]} row-major, which is Deeplearning4j's
   * {@code [inputs, units]} in 'f' order.
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
    public <R> R accept(LayerVisitor<R> visitor) {
      return visitor.visitDense(this);
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
