// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.engine;

import io.stoker.models.spec.CompositeSpec;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.LayerVisitor;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.ModelSpec.Placed;
import io.stoker.models.spec.Shape;
import io.stoker.models.spec.Window;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/**
 * A model computed in double precision by naive loops straight from the formulas in {@link
 * LayerSpec}: what engines are compared with. Gradients are central differences of its loss.
 * Dropout is the identity, so models with dropout are compared in inference only.
 */
public final class ReferenceNetwork {
  private static final double STEP = 1e-5;

  private final ModelSpec model;
  private final List<Placed> placed;

  public ReferenceNetwork(ModelSpec model) {
    this.model = model;
    this.placed = model.placed();
  }

  /** Class probabilities in inference {@code [examples][classes]}. */
  public double[][] probabilities(double[] parameters, float[] images, int examples) {
    return probabilities(parameters, images, examples, false);
  }

  /** Class probabilities in training, with the batch's own statistics. */
  public double[][] trainingProbabilities(double[] parameters, float[] images, int examples) {
    return probabilities(parameters, images, examples, true);
  }

  private double[][] probabilities(
      double[] parameters, float[] images, int examples, boolean training) {
    double[][] probabilities =
        forward(parameters, inputs(images, examples), training, new Unmoved());
    for (int example = 0; example < examples; example++) {
      probabilities[example] = softmax(probabilities[example]);
    }
    return probabilities;
  }

  /** The mean cross-entropy in training, in nats. */
  public double loss(double[] parameters, float[] images, int[] labels, int examples) {
    return loss(parameters, images, labels, ones(examples));
  }

  /** The weighted mean of the cross-entropy in training, in nats. */
  public double loss(double[] parameters, float[] images, int[] labels, float[] weights) {
    return loss(parameters, inputs(images, weights.length), labels, weights, new Unmoved());
  }

  private double loss(
      double[] parameters, double[][] inputs, int[] labels, float[] weights, Unmoved unmoved) {
    int examples = weights.length;
    double[][] logits = forward(parameters, inputs, true, unmoved);
    double sum = 0;
    double weightSum = 0;
    for (int example = 0; example < examples; example++) {
      double maximum = Double.NEGATIVE_INFINITY;
      for (double logit : logits[example]) {
        maximum = Math.max(maximum, logit);
      }
      double total = 0;
      for (double logit : logits[example]) {
        total += Math.exp(logit - maximum);
      }
      sum += weights[example] * (Math.log(total) + maximum - logits[example][labels[example]]);
      weightSum += weights[example];
    }
    return sum / weightSum;
  }

  private static float[] ones(int examples) {
    float[] ones = new float[examples];
    Arrays.fill(ones, 1);
    return ones;
  }

  /** The gradient of the mean loss; see the one of the weighted mean. */
  public double[] gradients(double[] parameters, float[] images, int[] labels, int examples) {
    return gradients(parameters, images, labels, ones(examples));
  }

  /**
   * The gradient of the weighted mean of the loss, by central differences; of a running statistic,
   * the value that one step subtracts from it.
   */
  public double[] gradients(double[] parameters, float[] images, int[] labels, float[] weights) {
    double[][] inputs = inputs(images, weights.length);
    double[] gradients = new double[parameters.length];
    Unmoved unmoved = new Unmoved();
    forward(parameters, inputs, true, unmoved);
    double[] moved = parameters.clone();
    for (int i = 0; i < parameters.length; i++) {
      unmoved.moved = i;
      moved[i] = parameters[i] + STEP;
      double above = loss(moved, inputs, labels, weights, unmoved);
      moved[i] = parameters[i] - STEP;
      double below = loss(moved, inputs, labels, weights, unmoved);
      moved[i] = parameters[i];
      gradients[i] = (above - below) / (2 * STEP);
    }
    unmoved.computed.forEach(
        (layer, values) -> {
          if (layer.layer() instanceof LayerSpec.BatchNormalization normalization) {
            statisticSteps(layer, normalization, values.in, parameters, gradients);
          }
        });
    return gradients;
  }

  private static void statisticSteps(
      Placed placed,
      LayerSpec.BatchNormalization normalization,
      double[][] values,
      double[] parameters,
      double[] gradients) {
    int channels = placed.input().channels();
    int statistics = Math.toIntExact(placed.parameterOffset()) + 2 * channels;
    for (int c = 0; c < channels; c++) {
      double mean = mean(placed.input(), values, c);
      double variance = variance(placed.input(), values, c, mean);
      gradients[statistics + c] =
          (1 - (double) normalization.decay()) * (parameters[statistics + c] - mean);
      double deviation = parameters[statistics + channels + c];
      gradients[statistics + channels + c] =
          deviation
              - Math.log10(
                      normalization.decay() * Math.pow(10, 2 * deviation)
                          + (1 - normalization.decay()) * variance)
                  / 2;
    }
  }

  /**
   * What each layer computed from the parameters as they are. Where one parameter is moved, layers
   * that neither have it nor see other inputs have the same outputs, and are not computed again.
   */
  private static final class Unmoved {
    private final IdentityHashMap<Placed, Values> computed = new IdentityHashMap<>();

    /** The one that is moved; -1 while the layers are computed for the first time. */
    private int moved = -1;

    double[][] of(Placed layer, double[][] in, UnaryOperator<double[][]> compute) {
      Values values = computed.get(layer);
      if (values != null && values.in == in && !has(layer, moved)) {
        return values.out;
      }
      double[][] out = compute.apply(in);
      if (moved < 0) {
        computed.put(layer, new Values(in, out));
      }
      return out;
    }

    private static boolean has(Placed layer, int parameter) {
      return parameter >= layer.parameterOffset()
          && parameter < layer.parameterOffset() + layer.parameterCount();
    }
  }

  /** The inputs and outputs of a layer for a batch. */
  @SuppressWarnings("ArrayRecordComponent") // compared as objects
  private record Values(double[][] in, double[][] out) {}

  private double[][] forward(
      double[] parameters, double[][] inputs, boolean training, Unmoved unmoved) {
    double[][] values = inputs;
    for (Placed layer : placed) {
      values = compute(layer, parameters, values, training, unmoved);
    }
    return values;
  }

  private static double[][] compute(
      Placed layer, double[] parameters, double[][] in, boolean training, Unmoved unmoved) {
    return unmoved.of(
        layer,
        in,
        values -> layer.layer().accept(new Forward(layer, parameters, values, training, unmoved)));
  }

  private double[][] inputs(float[] images, int examples) {
    double[][] values = new double[examples][model.input().features()];
    for (int example = 0; example < examples; example++) {
      for (int i = 0; i < values[example].length; i++) {
        values[example][i] = images[example * values[example].length + i];
      }
    }
    return values;
  }

  /** Computes one layer for a batch. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Forward(
      Placed placed, double[] parameters, double[][] in, boolean training, Unmoved unmoved)
      implements LayerVisitor<double[][]> {
    private double[][] forEachExample(UnaryOperator<double[]> layer) {
      return Arrays.stream(in).map(layer).toArray(double[][]::new);
    }

    private int offset() {
      return Math.toIntExact(placed.parameterOffset());
    }

    @Override
    public double[][] visitConvolution(LayerSpec.Convolution layer) {
      return forEachExample(
          example ->
              convolve(layer, placed.input(), placed.output(), parameters, offset(), example));
    }

    @Override
    public double[][] visitDepthwiseConvolution(LayerSpec.DepthwiseConvolution layer) {
      return forEachExample(
          example ->
              convolve(layer, placed.input(), placed.output(), parameters, offset(), example));
    }

    @Override
    public double[][] visitChannelPadding(LayerSpec.ChannelPadding layer) {
      return forEachExample(example -> Arrays.copyOf(example, placed.output().features()));
    }

    @Override
    public double[][] visitGlobalAveragePooling(LayerSpec.GlobalAveragePooling layer) {
      int area = placed.input().height() * placed.input().width();
      return forEachExample(
          example ->
              IntStream.range(0, placed.input().channels())
                  .mapToDouble(
                      c -> Arrays.stream(example, c * area, (c + 1) * area).average().orElseThrow())
                  .toArray());
    }

    @Override
    public double[][] visitPooling(LayerSpec.Pooling layer) {
      return forEachExample(example -> pool(layer, placed.input(), placed.output(), example));
    }

    @Override
    public double[][] visitLocalResponseNormalization(LayerSpec.LocalResponseNormalization layer) {
      return forEachExample(example -> normalize(layer, placed.input(), example));
    }

    @Override
    public double[][] visitBatchNormalization(LayerSpec.BatchNormalization layer) {
      return normalize(layer, placed, parameters, in, training);
    }

    @Override
    public double[][] visitActivation(LayerSpec.Activation layer) {
      return forEachExample(example -> activate(layer, example));
    }

    @Override
    public double[][] visitScaling(LayerSpec.Scaling layer) {
      return forEachExample(
          example -> Arrays.stream(example).map(value -> value * layer.factor()).toArray());
    }

    @Override
    public double[][] visitDropout(LayerSpec.Dropout layer) {
      return in;
    }

    @Override
    public double[][] visitLstm(LayerSpec.Lstm layer) {
      return forEachExample(example -> read(layer, placed.input(), parameters, offset(), example));
    }

    @Override
    public double[][] visitDense(LayerSpec.Dense layer) {
      return forEachExample(example -> multiply(layer.units(), parameters, offset(), example));
    }

    private double[][] inside(Placed inner, double[][] values) {
      return compute(inner, parameters, values, training, unmoved);
    }

    @Override
    public double[][] visitSequence(CompositeSpec.Sequence layer) {
      double[][] values = in;
      for (Placed inner : placed.inner()) {
        values = inside(inner, values);
      }
      return values;
    }

    @Override
    public double[][] visitResidual(CompositeSpec.Residual layer) {
      double[][] body = inside(placed.inner().get(0), in);
      double[][] shortcut = inside(placed.inner().get(1), in);
      double[][] sum = new double[in.length][body[0].length];
      for (int example = 0; example < in.length; example++) {
        for (int i = 0; i < sum[example].length; i++) {
          sum[example][i] = body[example][i] + shortcut[example][i];
        }
      }
      return inside(placed.inner().get(2), sum);
    }

    /** Channels lie one after the other, so those of all branches do. */
    @Override
    public double[][] visitBranches(CompositeSpec.Branches layer) {
      List<double[][]> outputs = placed.inner().stream().map(branch -> inside(branch, in)).toList();
      double[][] all = new double[in.length][];
      for (int i = 0; i < in.length; i++) {
        int example = i;
        all[i] =
            outputs.stream().flatMapToDouble(output -> Arrays.stream(output[example])).toArray();
      }
      return all;
    }

    @Override
    public double[][] visitChannelGate(CompositeSpec.ChannelGate layer) {
      double[][] factors = inside(placed.inner().get(0), in);
      int area = placed.input().height() * placed.input().width();
      double[][] out = new double[in.length][placed.input().features()];
      for (int example = 0; example < in.length; example++) {
        for (int i = 0; i < out[example].length; i++) {
          out[example][i] = in[example][i] * factors[example][i / area];
        }
      }
      return out;
    }
  }

  private static double[][] normalize(
      LayerSpec.BatchNormalization layer,
      Placed placed,
      double[] parameters,
      double[][] in,
      boolean training) {
    Shape shape = placed.input();
    int channels = shape.channels();
    int area = shape.height() * shape.width();
    int offset = Math.toIntExact(placed.parameterOffset());
    double[][] out = new double[in.length][shape.features()];
    for (int c = 0; c < channels; c++) {
      double mean = training ? mean(shape, in, c) : parameters[offset + 2 * channels + c];
      double variance =
          training
              ? variance(shape, in, c, mean)
              : Math.pow(10, 2 * parameters[offset + 3 * channels + c]);
      for (int example = 0; example < in.length; example++) {
        for (int i = c * area; i < (c + 1) * area; i++) {
          out[example][i] =
              parameters[offset + c]
                      * (in[example][i] - mean)
                      / Math.sqrt(variance + layer.epsilon())
                  + parameters[offset + channels + c];
        }
      }
    }
    return out;
  }

  private static double mean(Shape shape, double[][] values, int channel) {
    int area = shape.height() * shape.width();
    double sum = 0;
    for (double[] example : values) {
      for (int i = channel * area; i < (channel + 1) * area; i++) {
        sum += example[i];
      }
    }
    return sum / area / values.length;
  }

  private static double variance(Shape shape, double[][] values, int channel, double mean) {
    int area = shape.height() * shape.width();
    double sum = 0;
    for (double[] example : values) {
      for (int i = channel * area; i < (channel + 1) * area; i++) {
        sum += (example[i] - mean) * (example[i] - mean);
      }
    }
    return sum / area / values.length;
  }

  private static double[] convolve(
      LayerSpec.Convolution layer,
      Shape input,
      Shape output,
      double[] parameters,
      int offset,
      double[] in) {
    Window window = layer.window();
    int kernel = window.kernel();
    int filters = layer.filters() / layer.groups();
    int channels = input.channels() / layer.groups();
    int biased = layer.biased() ? filters : 0;
    int groupSize = biased + filters * channels * kernel * kernel;
    double[] out = new double[output.features()];
    for (int o = 0; o < output.channels(); o++) {
      int group = o / filters;
      int biases = offset + group * groupSize;
      int weights = biases + biased;
      int plane = index(output, o, 0, 0);
      double bias = layer.biased() ? parameters[biases + o % filters] : 0;
      Arrays.fill(out, plane, plane + output.height() * output.width(), bias);
      for (int c = 0; c < channels; c++) {
        int image = index(input, group * channels + c, 0, 0);
        for (int i = 0; i < kernel; i++) {
          for (int j = 0; j < kernel; j++) {
            double weight =
                parameters[weights + ((o % filters * channels + c) * kernel + i) * kernel + j];
            addShifted(window, i, j, weight, in, image, input, out, plane, output);
          }
        }
      }
    }
    return out;
  }

  /**
   * Adds one weight's part to all pixels of a channel. Each pixel is a sum in the order of the
   * weights, but sums of different pixels do not wait for each other.
   */
  private static void addShifted(
      Window window,
      int i,
      int j,
      double weight,
      double[] in,
      int image,
      Shape input,
      double[] out,
      int plane,
      Shape output) {
    int stride = window.stride();
    int top = i * window.dilation() - window.padding().top();
    int left = j * window.dilation() - window.padding().left();
    int height = input.height();
    int width = input.width();
    for (int y = 0; y < output.height(); y++) {
      int row = y * stride + top;
      if (row >= 0 && row < height) {
        int source = image + row * width;
        int target = plane + y * output.width();
        for (int x = 0; x < output.width(); x++) {
          int column = x * stride + left;
          if (column >= 0 && column < width) {
            out[target + x] += in[source + column] * weight;
          }
        }
      }
    }
  }

  private static double[] convolve(
      LayerSpec.DepthwiseConvolution layer,
      Shape input,
      Shape output,
      double[] parameters,
      int biases,
      double[] in) {
    Window window = layer.window();
    int kernel = window.kernel();
    int weights = biases + (layer.biased() ? output.channels() : 0);
    double[] out = new double[output.features()];
    for (int o = 0; o < output.channels(); o++) {
      for (int y = 0; y < output.height(); y++) {
        for (int x = 0; x < output.width(); x++) {
          double sum = layer.biased() ? parameters[biases + o] : 0;
          for (int i = 0; i < kernel; i++) {
            for (int j = 0; j < kernel; j++) {
              int row = y * window.stride() + i - window.padding().top();
              int column = x * window.stride() + j - window.padding().left();
              if (inside(input, row, column)) {
                sum +=
                    in[index(input, o / layer.multiplier(), row, column)]
                        * parameters[weights + (i * kernel + j) * output.channels() + o];
              }
            }
          }
          out[index(output, o, y, x)] = sum;
        }
      }
    }
    return out;
  }

  private static double[] pool(LayerSpec.Pooling layer, Shape input, Shape output, double[] in) {
    Window window = layer.window();
    double[] out = new double[output.features()];
    for (int c = 0; c < output.channels(); c++) {
      for (int y = 0; y < output.height(); y++) {
        for (int x = 0; x < output.width(); x++) {
          double best = Double.NEGATIVE_INFINITY;
          double sum = 0;
          for (int i = 0; i < window.kernel(); i++) {
            for (int j = 0; j < window.kernel(); j++) {
              int row = y * window.stride() + i - window.padding().top();
              int column = x * window.stride() + j - window.padding().left();
              if (inside(input, row, column)) {
                best = Math.max(best, in[index(input, c, row, column)]);
                sum += in[index(input, c, row, column)];
              }
            }
          }
          out[index(output, c, y, x)] =
              switch (layer.kind()) {
                case MAXIMUM -> best;
                case AVERAGE -> sum / (window.kernel() * window.kernel());
              };
        }
      }
    }
    return out;
  }

  private static double[] normalize(
      LayerSpec.LocalResponseNormalization layer, Shape shape, double[] in) {
    double[] out = new double[in.length];
    int area = shape.height() * shape.width();
    for (int c = 0; c < shape.channels(); c++) {
      for (int position = 0; position < area; position++) {
        double squares = 0;
        int reach = layer.size() / 2;
        for (int near = Math.max(0, c - reach);
            near <= Math.min(shape.channels() - 1, c + reach);
            near++) {
          squares += in[near * area + position] * in[near * area + position];
        }
        out[c * area + position] =
            in[c * area + position]
                / Math.pow((double) layer.k() + layer.alpha() * squares, layer.beta());
      }
    }
    return out;
  }

  private static double[] activate(LayerSpec.Activation layer, double[] in) {
    double[] out = new double[in.length];
    for (int i = 0; i < in.length; i++) {
      double x = in[i];
      out[i] =
          switch (layer.function()) {
            case THRESHOLD -> x > 0 ? 1 : 0;
            case SIGMOID -> 1 / (1 + Math.exp(-x));
            case TANH -> Math.tanh(x);
            case SCALED_TANH -> 1.7159 * Math.tanh(2 * x / 3);
            case RELU -> Math.max(0, x);
            case LEAKY_RELU -> x > 0 ? x : 0.01 * x;
            case GELU ->
                x / 2 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
            case SILU -> x / (1 + Math.exp(-x));
          };
    }
    return out;
  }

  /** Rows one after the other lie so in memory, a colour image's channel by channel. */
  private static double[] read(
      LayerSpec.Lstm layer, Shape image, double[] parameters, int offset, double[] in) {
    int units = layer.units();
    int width = image.width();
    double[] hidden = new double[units];
    double[] cell = new double[units];
    for (int row = 0; row < in.length; row += width) {
      double[][] gates = new double[4][units];
      for (int gate = 0; gate < 4; gate++) {
        for (int unit = 0; unit < units; unit++) {
          int n = gate * units + unit;
          double sum = parameters[offset + 4 * units * (width + units) + n];
          for (int x = 0; x < width; x++) {
            sum += parameters[offset + n * width + x] * in[row + x];
          }
          for (int from = 0; from < units; from++) {
            sum += parameters[offset + 4 * units * width + n * units + from] * hidden[from];
          }
          gates[gate][unit] = gate == 0 ? Math.tanh(sum) : 1 / (1 + Math.exp(-sum));
        }
      }
      for (int unit = 0; unit < units; unit++) {
        cell[unit] = gates[1][unit] * cell[unit] + gates[3][unit] * gates[0][unit];
        hidden[unit] = gates[2][unit] * Math.tanh(cell[unit]);
      }
    }
    return hidden;
  }

  private static double[] multiply(int units, double[] parameters, int weights, double[] in) {
    int biases = weights + units * in.length;
    double[] out = new double[units];
    for (int unit = 0; unit < units; unit++) {
      out[unit] = parameters[biases + unit];
      for (int i = 0; i < in.length; i++) {
        out[unit] += parameters[weights + unit * in.length + i] * in[i];
      }
    }
    return out;
  }

  private static double[] softmax(double[] logits) {
    double maximum = Double.NEGATIVE_INFINITY;
    for (double logit : logits) {
      maximum = Math.max(maximum, logit);
    }
    double[] probabilities = new double[logits.length];
    double total = 0;
    for (int i = 0; i < logits.length; i++) {
      probabilities[i] = Math.exp(logits[i] - maximum);
      total += probabilities[i];
    }
    for (int i = 0; i < logits.length; i++) {
      probabilities[i] /= total;
    }
    return probabilities;
  }

  private static boolean inside(Shape shape, int row, int column) {
    return row >= 0 && row < shape.height() && column >= 0 && column < shape.width();
  }

  private static int index(Shape shape, int channel, int row, int column) {
    return (channel * shape.height() + row) * shape.width() + column;
  }
}
