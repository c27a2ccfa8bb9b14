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
 *
 * <p>A {@link CompositeSpec} consists of layers, so that a model is a tree.
 */
public sealed interface LayerSpec extends Serializable
    permits LayerSpec.Convolution,
        LayerSpec.DepthwiseConvolution,
        LayerSpec.Pooling,
        LayerSpec.GlobalAveragePooling,
        LayerSpec.ChannelPadding,
        LayerSpec.LocalResponseNormalization,
        LayerSpec.BatchNormalization,
        LayerSpec.Activation,
        LayerSpec.Scaling,
        LayerSpec.Dropout,
        LayerSpec.Lstm,
        LayerSpec.Dense,
        CompositeSpec {
  /** Calls the visitor's case for this kind of layer. */
  <R> R accept(LayerVisitor<R> visitor);

  /**
   * The shape of one example after this layer; by default that of the input.
   *
   * @throws io.stoker.failure.InputException if the layer cannot take this input
   */
  default Shape outputShape(Shape input) {
    return input;
  }

  /** The layer's parameter tensors in canonical order; empty for a layer without parameters. */
  default List<ParameterSpec> parameters(Shape input) {
    return parts(input).stream()
        .flatMap(part -> part.layer().parameters(part.input()).stream())
        .toList();
  }

  /** Floating-point operations of a forward pass over one example; a multiply-add counts as two. */
  default long flops(Shape input) {
    return parts(input).stream().mapToLong(part -> part.layer().flops(part.input())).sum();
  }

  /**
   * Floating-point operations of a backward pass over one example. The gradients by weights and by
   * input are two products, each as large as the one forward.
   *
   * @param first whether no layer before this one has parameters; then the pass leaves out the
   *     gradient by the input
   */
  default double backwardFlops(Shape input, boolean first) {
    return flops(input) * ((first ? 0.0 : 1.0) + (parameters(input).isEmpty() ? 0 : 1));
  }

  /** A short description for tables, such as {@code conv 96 @ 11x11 / 4}. */
  String label();

  /**
   * The layers that this one consists of, in the order of their parameters; none for a plain layer.
   *
   * @param input the shape of one example before this layer
   */
  default List<Part> parts(Shape input) {
    return List.of();
  }

  /** The layers of {@link #parts}, without shapes. */
  default List<LayerSpec> children() {
    return List.of();
  }

  /** The name that the user gave a layer of layers; blank for none, and for plain layers. */
  default String name() {
    return "";
  }

  /**
   * A layer inside of another.
   *
   * @param layer the inner layer
   * @param input the shape of one example before it
   */
  record Part(LayerSpec layer, Shape input) {}

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
   * @param bias first bias; 0 without biases
   * @param biased whether there are biases; a batch normalization that follows has its own
   */
  record Convolution(
      int filters, Window window, int groups, Initializer weights, float bias, boolean biased)
      implements LayerSpec {
    public Convolution {
      Check.input(filters >= 1, "Invalid filters: %d (must be >= 1)", filters);
      Check.input(biased || bias == 0, "Invalid bias: %s (there are no biases)", bias);
      Check.input(
          groups >= 1 && filters % groups == 0,
          "Invalid groups: %d (must divide the %d filters)",
          groups,
          filters);
    }

    /** A convolution with biases. */
    public Convolution(int filters, Window window, int groups, Initializer weights, float bias) {
      this(filters, window, groups, weights, bias, true);
    }

    /** This convolution without biases. */
    public Convolution withoutBias() {
      return new Convolution(filters, window, groups, weights, 0, false);
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
      ParameterSpec biases =
          new ParameterSpec(
              BIAS, List.of(filters / groups), fanIn, fanOut, new Initializer.Constant(bias));
      ParameterSpec products =
          new ParameterSpec(
              WEIGHT,
              List.of(filters / groups, channels, window.kernel(), window.kernel()),
              fanIn,
              fanOut,
              weights);
      List<ParameterSpec> group = biased ? List.of(biases, products) : List.of(products);
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
   * Depthwise convolution (Howard et al., 2017, "MobileNets", section 3.1): each channel has its
   * own filters, and no filter sees another channel. {@code out[c * multiplier + m]} is the
   * convolution of channel c with its m-th filter. It computes the same as a {@link Convolution}
   * with as many groups as channels, whose parameters lie group by group; here, they lie as
   * Deeplearning4j's layer has them: the biases, and then the weights {@code [kernel, kernel,
   * channels, multiplier]}.
   *
   * @param multiplier the number of filters of each channel
   * @param window the window, without dilation, which Deeplearning4j's layer cannot compute
   * @param weights first weights
   * @param bias first bias; 0 without biases
   * @param biased whether there are biases
   */
  record DepthwiseConvolution(
      int multiplier, Window window, Initializer weights, float bias, boolean biased)
      implements LayerSpec {
    public DepthwiseConvolution {
      Check.input(
          multiplier >= 1 && multiplier <= Shape.MAXIMUM_FEATURES,
          "Invalid multiplier: %d (must be between 1 and %d)",
          multiplier,
          Shape.MAXIMUM_FEATURES);
      Check.input(
          window.dilation() == 1,
          "Invalid dilation of a depthwise convolution: %d (must be 1)",
          window.dilation());
      Check.input(
          weights != Initializer.Rule.DIRAC,
          "Invalid weights of a depthwise convolution: dirac (for conv and dense only)");
      Check.input(biased || bias == 0, "Invalid bias: %s (there are no biases)", bias);
    }

    @Override
    public <R> R accept(LayerVisitor<R> visitor) {
      return visitor.visitDepthwiseConvolution(this);
    }

    @Override
    public Shape outputShape(Shape input) {
      Check.input(
          input.channels() <= Shape.MAXIMUM_FEATURES / multiplier,
          "Invalid multiplier of %s: %d (%d channels times it are more than %d)",
          label(),
          multiplier,
          input.channels(),
          Shape.MAXIMUM_FEATURES);
      return window.over(label(), input, input.channels() * multiplier);
    }

    @Override
    public List<ParameterSpec> parameters(Shape input) {
      int area = window.kernel() * window.kernel();
      int fanOut = Math.multiplyExact(multiplier, area);
      ParameterSpec products =
          new ParameterSpec(
              WEIGHT,
              List.of(window.kernel(), window.kernel(), input.channels(), multiplier),
              area,
              fanOut,
              weights);
      ParameterSpec biases =
          new ParameterSpec(
              BIAS,
              List.of(input.channels() * multiplier),
              area,
              fanOut,
              new Initializer.Constant(bias));
      return biased ? List.of(biases, products) : List.of(products);
    }

    @Override
    public long flops(Shape input) {
      return 2L * window.kernel() * window.kernel() * outputShape(input).features();
    }

    @Override
    public String label() {
      return "depthwise conv " + (multiplier == 1 ? "" : multiplier + " ") + "@ " + window;
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
    public long flops(Shape input) {
      return (long) outputShape(input).features() * window.kernel() * window.kernel();
    }

    @Override
    public String label() {
      return kind.label + " " + window;
    }
  }

  /**
   * The mean of each channel over the whole image (Lin et al., 2014, "Network In Network", section
   * 3.2): a vector with a value for each channel. As the last layer of a model, its channels are
   * the classes.
   */
  record GlobalAveragePooling() implements LayerSpec {
    @Override
    public <R> R accept(LayerVisitor<R> visitor) {
      return visitor.visitGlobalAveragePooling(this);
    }

    @Override
    public Shape outputShape(Shape input) {
      return Shape.vector(input.channels());
    }

    @Override
    public long flops(Shape input) {
      return input.features();
    }

    @Override
    public String label() {
      return "global average pool";
    }
  }

  /**
   * More channels, whose pixels are zero, after those of the input: with a pooling window of one
   * pixel and a stride of 2 before it, the shortcut without parameters over a change of width (He
   * et al., 2016, "Deep Residual Learning for Image Recognition", section 3.3, option A).
   *
   * @param channels the number of channels of the output, above that of the input
   */
  record ChannelPadding(int channels) implements LayerSpec {
    public ChannelPadding {
      Check.input(
          channels >= 2 && channels <= Shape.MAXIMUM_FEATURES,
          "Invalid channels: %d (must be between 2 and %d)",
          channels,
          Shape.MAXIMUM_FEATURES);
    }

    @Override
    public <R> R accept(LayerVisitor<R> visitor) {
      return visitor.visitChannelPadding(this);
    }

    @Override
    public Shape outputShape(Shape input) {
      Check.input(
          channels > input.channels(),
          "Invalid channels of %s: %d (must be more than the %d before it)",
          label(),
          channels,
          input.channels());
      return new Shape(input.height(), input.width(), channels);
    }

    @Override
    public long flops(Shape input) {
      return 0;
    }

    @Override
    public String label() {
      return "pad channels to " + channels;
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

    /** One pass over the values computes all gradients. */
    @Override
    public double backwardFlops(Shape input, boolean first) {
      return flops(input);
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
    public long flops(Shape input) {
      return input.features();
    }

    @Override
    public String label() {
      return function.label();
    }
  }

  /**
   * Multiplies all values by a constant. Before a last dense layer, it scales the scores and the
   * gradients by that layer's weights: the scaled logits of Jordan, 2024, "94% on CIFAR-10 in 3.29
   * Seconds on a Single GPU", whose last layer has no biases.
   *
   * @param factor the constant, above 0
   */
  record Scaling(float factor) implements LayerSpec {
    public Scaling {
      Check.input(factor > 0 && Float.isFinite(factor), "Invalid factor: %s (must be > 0)", factor);
    }

    @Override
    public <R> R accept(LayerVisitor<R> visitor) {
      return visitor.visitScaling(this);
    }

    @Override
    public long flops(Shape input) {
      return input.features();
    }

    @Override
    public String label() {
      return "scale " + factor;
    }
  }

  /**
   * Inverted dropout (Srivastava et al., 2014): in training, each value is set to zero with the
   * given probability and otherwise divided by one minus that probability; in inference, the layer
   * changes nothing. At the end of a residual block's body, dropout of whole examples is stochastic
   * depth (Huang et al., 2016, "Deep Networks with Stochastic Depth"), as torchvision scales it.
   *
   * @param probability the probability that a value is dropped, 0 to below 1
   * @param unit what is dropped or kept as a whole
   */
  record Dropout(float probability, Unit unit) implements LayerSpec {
    /** What is dropped or kept as a whole. */
    public enum Unit {
      /** A value. */
      VALUE("dropout"),
      /** All values of an example. */
      EXAMPLE("stochastic-depth");

      private final String keyword;

      Unit(String keyword) {
        this.keyword = keyword;
      }

      /** The layer's name in YAML files and tables. */
      String keyword() {
        return keyword;
      }
    }

    /** Dropout of single values. */
    public Dropout(float probability) {
      this(probability, Unit.VALUE);
    }

    public Dropout {
      Check.input(
          probability >= 0 && probability < 1,
          "Invalid %s: %s (must be >= 0 and < 1)",
          unit.keyword(),
          probability);
    }

    @Override
    public <R> R accept(LayerVisitor<R> visitor) {
      return visitor.visitDropout(this);
    }

    @Override
    public long flops(Shape input) {
      return input.features();
    }

    @Override
    public String label() {
      return unit.keyword() + " " + probability;
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
          weights != Initializer.Rule.DIRAC,
          "Invalid weights of an LSTM: dirac (for conv and dense only)");
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
