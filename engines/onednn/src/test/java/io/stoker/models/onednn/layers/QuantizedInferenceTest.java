// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.layers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.stoker.failure.InputException;
import io.stoker.models.engine.Arithmetic;
import io.stoker.models.engine.ConvolutionAlgorithm;
import io.stoker.models.engine.Network;
import io.stoker.models.engine.Precision;
import io.stoker.models.onednn.OneDnnEngine;
import io.stoker.models.spec.ActivationFunction;
import io.stoker.models.spec.CompositeSpec;
import io.stoker.models.spec.CompositeSpec.Sequence;
import io.stoker.models.spec.Initializer;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Quantization;
import io.stoker.models.spec.Shape;
import io.stoker.models.spec.Window;
import io.stoker.testing.Instructions;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Networks with layers in int8, compared with loops over integers and with fp32. */
class QuantizedInferenceTest {
  private static final int EXAMPLES = InferenceTest.EXAMPLES;
  private static final int CLASSES = InferenceTest.CLASSES;
  private static final Initializer HE = Initializer.Rule.HE;
  private static final LayerSpec RELU = new LayerSpec.Activation(ActivationFunction.RELU);
  private static final LayerSpec POOL =
      new LayerSpec.Pooling(LayerSpec.Pooling.Kind.MAXIMUM, Window.of(3).by(2));

  private static final LayerSpec BLOCK =
      block(Sequence.IDENTITY, Sequence.of(RELU), conv(16), RELU, conv(16));

  @BeforeEach
  void needsTheInstructions() {
    Instructions.AVX512_VNNI.assume();
  }

  static Stream<ModelSpec> models() {
    return InferenceTest.models();
  }

  private static ModelSpec chain(LayerSpec... layers) {
    return new ModelSpec(
        "chain",
        new Shape(11, 9, 3),
        Stream.concat(
                Stream.of(layers), Stream.of((LayerSpec) new LayerSpec.Dense(CLASSES, HE, 0.1f)))
            .toList());
  }

  private static LayerSpec conv(int filters) {
    return new LayerSpec.Convolution(filters, Window.of(3).padded(1), 1, HE, 0.1f);
  }

  private static LayerSpec block(Sequence shortcut, Sequence after, LayerSpec... body) {
    return new CompositeSpec.Residual("", Sequence.of(body), shortcut, after);
  }

  /**
   * Images, and values between layers, go to integers; then through a pooling, a dense layer, and
   * residual blocks, whose sums are integers of the type of the input, of another type, or fp32.
   */
  static Stream<ModelSpec> chains() {
    return Stream.of(
        chain(),
        chain(RELU),
        chain(conv(16)),
        chain(conv(5), RELU),
        chain(conv(16), RELU, POOL, conv(33), RELU),
        chain(conv(7), POOL, conv(16)),
        chain(
            conv(16),
            RELU,
            POOL,
            new LayerSpec.Dropout(0.5f),
            new LayerSpec.Dense(20, HE, 0),
            RELU),
        chain(conv(16), RELU, POOL, BLOCK, BLOCK, conv(7), RELU),
        chain(conv(16), BLOCK, BLOCK, POOL),
        chain(conv(16), RELU, block(Sequence.IDENTITY, Sequence.IDENTITY, conv(16)), conv(16)),
        chain(
            conv(16),
            RELU,
            block(Sequence.of(conv(32)), Sequence.of(RELU), conv(5), RELU, conv(32)),
            block(Sequence.IDENTITY, Sequence.of(RELU, POOL), conv(32), RELU, conv(32)),
            conv(16),
            RELU),
        chain(
            conv(16),
            RELU,
            Sequence.of(BLOCK, block(Sequence.IDENTITY, Sequence.of(RELU), BLOCK, conv(16))),
            BLOCK));
  }

  @ParameterizedTest
  @MethodSource("chains")
  void computesWhatLoopsOverIntegersCompute(ModelSpec model) {
    float[] images = InferenceTest.images(model);
    float[] parameters = InferenceTest.parameters(model, 3);
    Quantization quantization = maxima(model, images, parameters);

    double[] expected =
        new IntegerReference(model, parameters, quantization).logits(images, EXAMPLES);
    float[] actual = predict(model, images, parameters, quantization);

    // Softmax takes a summand that all classes share away. A value that lies between two integers
    // may become either one, as fp32 rounds: a step of an input times a weight.
    for (int i = 0; i < EXAMPLES * CLASSES; i++) {
      int first = i / CLASSES * CLASSES;
      assertThat(Math.log(actual[i]) - Math.log(actual[first]))
          .isCloseTo(expected[i] - expected[first], within(0.004));
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void agreesWithFp32UpToItsSteps(ModelSpec model) {
    float[] images = InferenceTest.images(model);
    float[] parameters = InferenceTest.parameters(model, 1);

    Quantization quantization = maxima(model, images, parameters);

    float[] expected = predict(model, images, parameters, Quantization.NONE);

    assertThat(predict(model, images, parameters, quantization))
        .containsExactly(expected, within(0.05f));
    assertThat(quantization.ranges().keySet())
        .allSatisfy(
            layer ->
                assertThat(predict(model, images, parameters, quantization.only(layer)))
                    .isNotEqualTo(expected));
  }

  @ParameterizedTest
  @ValueSource(floats = {0, 1e-39f, 1e-30f, 1e-16f, 1e-14f})
  void weightsMayBeTiny(float weight) {
    ModelSpec model = chain(conv(5), RELU, conv(7), RELU);
    float[] images = InferenceTest.images(model);
    float[] parameters = InferenceTest.parameters(model, 1);
    for (int layer : new int[] {0, 2}) { // the weights of the first filter come after the biases
      ModelSpec.Placed conv = model.placed().get(layer);
      int filters = conv.output().channels();
      int first = Math.toIntExact(conv.parameterOffset()) + filters;
      int each = Math.toIntExact(conv.parameterCount()) / filters - 1;
      Arrays.fill(parameters, first, first + each, weight);
    }
    Quantization found = maxima(model, images, parameters);
    TreeMap<String, Quantization.Range> ranges = new TreeMap<>(found.ranges());

    assertThat(predict(model, images, parameters, found))
        .containsExactly(predict(model, images, parameters, Quantization.NONE), within(0.04f));
    ranges.replaceAll((layer, range) -> new Quantization.Range(1e-15f, range.signed()));
    for (float probability : predict(model, images, parameters, new Quantization(ranges))) {
      assertThat(probability).isFinite();
    }
  }

  @Test
  void predictionsFollowTheParameters() {
    ModelSpec model = chain(conv(16), RELU, POOL, conv(16), RELU);
    float[] images = InferenceTest.images(model);
    float[] second = InferenceTest.parameters(model, 2);
    Quantization quantization = maxima(model, images, second);
    float[] actual = new float[EXAMPLES * CLASSES];
    try (Network network = network(model, quantization)) {
      network.writeParameters(0, FloatBuffer.wrap(InferenceTest.parameters(model, 1)));
      network.predict(images, EXAMPLES, actual);
      network.writeParameters(0, FloatBuffer.wrap(second));
      network.predict(images, EXAMPLES, actual);
    }

    assertThat(actual).isEqualTo(predict(model, images, second, quantization));
  }

  @Test
  void refusesALayerThatTheModelDoesNotHave() {
    Quantization other =
        new Quantization(new TreeMap<>(Map.of("2", new Quantization.Range(1, true))));

    assertThatThrownBy(() -> network(chain(conv(5), RELU), other))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("Invalid layer in int8: 2 (model chain has no such");
  }

  /** The largest magnitude of each layer's input. */
  private static Quantization maxima(ModelSpec model, float[] images, float[] parameters) {
    TreeMap<String, Quantization.Range> ranges = new TreeMap<>();
    try (Network network = network(model, Quantization.NONE)) {
      network.writeParameters(0, FloatBuffer.wrap(parameters));
      network.observeInputs(
          images,
          EXAMPLES,
          (layer, input) -> {
            float least = 0;
            float most = 0;
            for (int i = 0; i < input.remaining(); i++) {
              least = Math.min(least, input.get(i));
              most = Math.max(most, input.get(i));
            }
            ranges.put(layer, new Quantization.Range(Math.max(most, -least), least < 0));
          });
    }
    assertThat(ranges.keySet())
        .containsExactlyInAnyOrderElementsOf(
            model.leaves().stream()
                .filter(Quantization::isPossible)
                .map(ModelSpec.Placed::path)
                .toList());
    return new Quantization(ranges);
  }

  private static Network network(ModelSpec model, Quantization quantization) {
    return new OneDnnEngine()
        .create(
            model,
            EXAMPLES,
            new Arithmetic(Precision.FP32, ConvolutionAlgorithm.DIRECT),
            quantization);
  }

  private static float[] predict(
      ModelSpec model, float[] images, float[] parameters, Quantization quantization) {
    float[] probabilities = new float[EXAMPLES * CLASSES];
    try (Network network = network(model, quantization)) {
      network.writeParameters(0, FloatBuffer.wrap(parameters));
      network.predict(images, EXAMPLES, probabilities);
    }
    return probabilities;
  }

  /** Chains of convolutions, dense layers, rectifiers and poolings, loop by loop. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record IntegerReference(ModelSpec model, float[] parameters, Quantization quantization) {
    double[] logits(float[] images, int examples) {
      double[] logits = new double[examples * CLASSES];
      int features = model.input().features();
      for (int example = 0; example < examples; example++) {
        double[] values = new double[features];
        for (int i = 0; i < features; i++) {
          values[i] = images[example * features + i];
        }
        values = compute(model.placed(), values);
        System.arraycopy(values, 0, logits, example * CLASSES, CLASSES);
      }
      return logits;
    }

    private double[] compute(List<ModelSpec.Placed> layers, double[] in) {
      double[] values = in;
      for (ModelSpec.Placed layer : layers) {
        values = compute(layer, values);
      }
      return values;
    }

    private double[] compute(ModelSpec.Placed placed, double[] in) {
      if (placed.layer() instanceof Sequence) {
        return compute(placed.inner(), in);
      } else if (placed.layer() instanceof CompositeSpec.Residual) {
        double[] read =
            quantization
                .rangeOfBlock(placed)
                .map(range -> times(range.scale(), integers(in, range)))
                .orElse(in);
        double[] sum = compute(placed.inner().get(0), read);
        double[] shortcut = compute(placed.inner().get(1), read);
        for (int i = 0; i < sum.length; i++) {
          sum[i] += shortcut[i];
        }
        return compute(placed.inner().get(2), sum);
      } else if (placed.layer() instanceof LayerSpec.Activation) {
        return Arrays.stream(in).map(value -> Math.max(0, value)).toArray();
      } else if (placed.layer() instanceof LayerSpec.Dropout) {
        return in;
      } else if (placed.layer() instanceof LayerSpec.Pooling pooling) {
        return maxima(placed, pooling.window(), in);
      } else if (placed.layer() instanceof LayerSpec.Convolution convolution) {
        int biases = Math.toIntExact(placed.parameterOffset());
        return products(placed, in, convolution.window(), biases + convolution.filters(), biases);
      }
      int weights = Math.toIntExact(placed.parameterOffset());
      int units = placed.output().features();
      return products(placed, in, null, weights, weights + units * placed.input().features());
    }

    private static double[] integers(double[] in, Quantization.Range range) {
      double scale = (double) range.largest() / (range.signed() ? 127 : 255);
      return Arrays.stream(in)
          .map(value -> Math.rint(value / scale))
          .map(value -> Math.max(range.signed() ? -128 : 0, value))
          .map(value -> Math.min(range.signed() ? 127 : 255, value))
          .toArray();
    }

    private static double[] times(double factor, double[] values) {
      return Arrays.stream(values).map(value -> factor * value).toArray();
    }

    /** Integers times integers, and then the scales. Without a window, all inputs are in it. */
    private double[] products(
        ModelSpec.Placed placed, double[] in, Window window, int weights, int biases) {
      Quantization.Range range = quantization.ranges().get(placed.path());
      double scale = (double) range.largest() / (range.signed() ? 127 : 255);
      double[] integers = integers(in, range);
      int filters = placed.output().channels();
      int each = (int) (placed.parameterCount() - filters) / filters;
      double[] out = new double[placed.output().features()];
      int area = placed.output().height() * placed.output().width();
      for (int filter = 0; filter < filters; filter++) {
        double largest = 0;
        for (int i = 0; i < each; i++) {
          largest = Math.max(largest, Math.abs(parameters[weights + filter * each + i]));
        }
        double step = largest / 127;
        double[] row = new double[each];
        for (int i = 0; i < each; i++) {
          row[i] = Math.rint(parameters[weights + filter * each + i] / step);
        }
        for (int pixel = 0; pixel < area; pixel++) {
          long sum = 0;
          for (int i = 0; i < each; i++) {
            int from = window == null ? i : source(placed, window, pixel, i);
            sum += from < 0 ? 0 : (long) (row[i] * integers[from]);
          }
          out[filter * area + pixel] = sum * scale * step + parameters[biases + filter];
        }
      }
      return out;
    }

    /** Which input a weight of a window is multiplied with; -1 for the padding. */
    private static int source(ModelSpec.Placed placed, Window window, int pixel, int weight) {
      int kernel = window.kernel();
      int width = placed.output().width();
      int y = pixel / width * window.stride() + weight / kernel % kernel - window.padding().top();
      int x = pixel % width * window.stride() + weight % kernel - window.padding().left();
      Shape input = placed.input();
      return y < 0 || x < 0 || y >= input.height() || x >= input.width()
          ? -1
          : (weight / kernel / kernel * input.height() + y) * input.width() + x;
    }

    /** The largest value of each window; there is no padding. */
    private static double[] maxima(ModelSpec.Placed placed, Window window, double[] in) {
      int area = placed.output().height() * placed.output().width();
      int pixels = window.kernel() * window.kernel();
      double[] out = new double[placed.output().features()];
      for (int i = 0; i < out.length; i++) {
        out[i] = Double.NEGATIVE_INFINITY;
        for (int pixel = 0; pixel < pixels; pixel++) {
          int from = source(placed, window, i % area, i / area * pixels + pixel);
          out[i] = Math.max(out[i], in[from]);
        }
      }
      return out;
    }
  }
}
