package io.stoker.models.engine;

import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.ModelSpec.Placed;
import io.stoker.models.spec.Shape;

/**
 * A model computed in double precision by naive loops straight from the formulas in {@link
 * LayerSpec}: what engines are compared with. Gradients are central differences of its loss.
 * Dropout is the identity, so models with dropout are compared in inference only.
 */
public final class ReferenceNetwork {
  private static final double STEP = 1e-5;

  private final ModelSpec model;

  public ReferenceNetwork(ModelSpec model) {
    this.model = model;
  }

  /** Class probabilities {@code [examples][classes]}. */
  public double[][] probabilities(double[] parameters, float[] images, int examples) {
    double[][] probabilities = new double[examples][];
    for (int example = 0; example < examples; example++) {
      probabilities[example] = softmax(logits(parameters, images, example));
    }
    return probabilities;
  }

  /** The mean cross-entropy, in nats. */
  public double loss(double[] parameters, float[] images, int[] labels, int examples) {
    double sum = 0;
    for (int example = 0; example < examples; example++) {
      double[] logits = logits(parameters, images, example);
      double maximum = Double.NEGATIVE_INFINITY;
      for (double logit : logits) {
        maximum = Math.max(maximum, logit);
      }
      double total = 0;
      for (double logit : logits) {
        total += Math.exp(logit - maximum);
      }
      sum += Math.log(total) + maximum - logits[labels[example]];
    }
    return sum / examples;
  }

  /** The gradient of the mean loss, by central differences. */
  public double[] gradients(double[] parameters, float[] images, int[] labels, int examples) {
    double[] gradients = new double[parameters.length];
    double[] moved = parameters.clone();
    for (int i = 0; i < parameters.length; i++) {
      moved[i] = parameters[i] + STEP;
      double above = loss(moved, images, labels, examples);
      moved[i] = parameters[i] - STEP;
      double below = loss(moved, images, labels, examples);
      moved[i] = parameters[i];
      gradients[i] = (above - below) / (2 * STEP);
    }
    return gradients;
  }

  private double[] logits(double[] parameters, float[] images, int example) {
    double[] values = new double[model.input().features()];
    for (int i = 0; i < values.length; i++) {
      values[i] = images[example * values.length + i];
    }
    for (Placed placed : model.placed()) {
      values = forward(placed, parameters, values);
    }
    return values;
  }

  private static double[] forward(Placed placed, double[] parameters, double[] in) {
    int offset = Math.toIntExact(placed.parameterOffset());
    if (placed.layer() instanceof LayerSpec.Convolution convolution) {
      return convolve(convolution, placed.input(), placed.output(), parameters, offset, in);
    }
    if (placed.layer() instanceof LayerSpec.Pooling pooling) {
      return pool(pooling, placed.input(), placed.output(), in);
    }
    if (placed.layer() instanceof LayerSpec.LocalResponseNormalization lrn) {
      return normalize(lrn, placed.input(), in);
    }
    if (placed.layer() instanceof LayerSpec.Activation activation) {
      return activate(activation, in);
    }
    if (placed.layer() instanceof LayerSpec.Dense dense) {
      return multiply(dense.units(), parameters, offset, in);
    }
    return in;
  }

  private static double[] convolve(
      LayerSpec.Convolution layer,
      Shape input,
      Shape output,
      double[] parameters,
      int biases,
      double[] in) {
    int kernel = layer.kernel();
    int weights = biases + layer.filters();
    double[] out = new double[output.features()];
    for (int o = 0; o < output.channels(); o++) {
      for (int y = 0; y < output.height(); y++) {
        for (int x = 0; x < output.width(); x++) {
          double sum = parameters[biases + o];
          for (int c = 0; c < input.channels(); c++) {
            for (int i = 0; i < kernel; i++) {
              for (int j = 0; j < kernel; j++) {
                int row = y * layer.stride() + i - layer.padding();
                int column = x * layer.stride() + j - layer.padding();
                if (inside(input, row, column)) {
                  sum +=
                      in[index(input, c, row, column)]
                          * parameters[
                              weights + ((o * input.channels() + c) * kernel + i) * kernel + j];
                }
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
    boolean maximum = layer.kind() == LayerSpec.Pooling.Kind.MAXIMUM;
    double[] out = new double[output.features()];
    for (int c = 0; c < output.channels(); c++) {
      for (int y = 0; y < output.height(); y++) {
        for (int x = 0; x < output.width(); x++) {
          double best = Double.NEGATIVE_INFINITY;
          double sum = 0;
          for (int i = 0; i < layer.kernel(); i++) {
            for (int j = 0; j < layer.kernel(); j++) {
              int row = y * layer.stride() + i - layer.padding();
              int column = x * layer.stride() + j - layer.padding();
              if (inside(input, row, column)) {
                best = Math.max(best, in[index(input, c, row, column)]);
                sum += in[index(input, c, row, column)];
              }
            }
          }
          out[index(output, c, y, x)] = maximum ? best : sum / (layer.kernel() * layer.kernel());
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
          };
    }
    return out;
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
