// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.layers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.stoker.models.engine.Network;
import io.stoker.models.engine.RateMultipliers;
import io.stoker.models.engine.StepSettings;
import io.stoker.models.onednn.OneDnnEngine;
import io.stoker.models.onednn.rules.Kernel;
import io.stoker.models.onednn.rules.KernelRule;
import io.stoker.models.onednn.rules.Purpose;
import io.stoker.models.onednn.rules.Rearrangement;
import io.stoker.models.spec.ActivationFunction;
import io.stoker.models.spec.CompositeSpec;
import io.stoker.models.spec.CompositeSpec.Sequence;
import io.stoker.models.spec.InitialParameters;
import io.stoker.models.spec.Initializer;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Padding;
import io.stoker.models.spec.Shape;
import io.stoker.models.spec.Window;
import io.stoker.models.zoo.Zoo;
import io.stoker.testing.Instructions;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Models compiled for inference, compared with the same models where no layers are fused. */
class InferenceTest {
  static final int EXAMPLES = 5;
  static final int CLASSES = 3;
  private static final Initializer HE = Initializer.Rule.HE;
  private static final LayerSpec RELU = new LayerSpec.Activation(ActivationFunction.RELU);
  private static final Sequence RELU_ONLY = Sequence.of(RELU);
  private static final Sequence NOTHING = Sequence.IDENTITY;
  private static final LayerSpec NORM = new LayerSpec.BatchNormalization(1e-3f, 0.9f);

  static Stream<ModelSpec> models() {
    Padding uneven = new Padding(0, 1, 2, 1);
    return Stream.concat(
        IntStream.of(3, 4, 5, 16, 17, 33)
            .boxed()
            .flatMap(
                channels ->
                    Stream.of(
                        model("even", channels, conv(channels, Padding.of(1)), NORM, RELU),
                        model("uneven", channels, conv(channels, uneven), NORM, RELU),
                        model("unbiased", channels, conv(channels, Padding.of(1)), RELU),
                        model("no rectifier", channels, conv(channels, Padding.of(1)), NORM),
                        model("depthwise", channels, depthwise(2), NORM, RELU),
                        model("dropout", channels, new LayerSpec.Dropout(0.5f), RELU, NORM, RELU),
                        model("residual", channels, block(channels, Sequence.of(RELU))),
                        model("bare residual", channels, block(channels, Sequence.IDENTITY)),
                        model("dense", channels, dense(channels), NORM, RELU, dense(channels)))),
        Stream.of(
            model("groups", 32, grouped(2), NORM, RELU),
            model("odd groups", 6, grouped(3), NORM, RELU),
            model("winograd", 64, conv(64, Padding.of(1)), NORM, RELU, conv(64, Padding.of(1))),
            model("rearranged", 32, rearranged(), NORM, RELU, grouped(2)),
            model("branches", 16, branches(), NORM, RELU),
            model(
                "nested",
                17,
                new CompositeSpec.Residual("", dropped(), Sequence.IDENTITY, dropped())),
            model("blocks", 16, block(16, RELU_ONLY), block(16, RELU_ONLY), block(16, NOTHING)),
            model("other shortcuts", 16, RELU, projected(32), padded(48), block(48, RELU_ONLY)),
            model("block in a branch", 16, RELU, around(block(16, RELU_ONLY)), RELU),
            model("block in a block", 16, RELU, residual(residual(conv16()), conv16(), NORM)),
            model("one convolution", 16, RELU, residual(conv16()), residual(conv16(), NORM)),
            model("no-op", 16, RELU, residual(new LayerSpec.Dropout(0.5f), conv16(), NORM)),
            model("depthwise block", 16, RELU, residual(depthwise(1), NORM), conv16()),
            model("rectified body", 16, RELU, residual(conv16(), NORM, RELU), conv16()),
            model("first", 3, NORM, RELU, conv(5, Padding.NONE), NORM, NORM)));
  }

  private static ModelSpec model(String name, int channels, LayerSpec... middle) {
    Stream<LayerSpec> all =
        Stream.concat(
            Stream.of(conv(channels, Padding.of(1))),
            Stream.concat(Stream.of(middle), Stream.of(dense(CLASSES))));
    return new ModelSpec(name + " of " + channels, new Shape(9, 8, 3), all.toList());
  }

  private static LayerSpec.Convolution conv(int filters, Padding padding) {
    return new LayerSpec.Convolution(filters, new Window(3, 1, 1, padding), 1, HE, 0).withoutBias();
  }

  private static LayerSpec grouped(int groups) {
    return new LayerSpec.Convolution(groups * 16, Window.of(3), groups, HE, 0.1f);
  }

  private static LayerSpec rearranged() {
    return new LayerSpec.Convolution(32, Window.of(5).padded(2), 2, HE, 0.1f);
  }

  private static LayerSpec depthwise(int multiplier) {
    return new LayerSpec.DepthwiseConvolution(multiplier, Window.of(3).padded(1), HE, 0.1f, true);
  }

  private static LayerSpec dense(int units) {
    return new LayerSpec.Dense(units, HE, 0.1f);
  }

  private static LayerSpec block(int channels, Sequence after) {
    return new CompositeSpec.Residual(
        "",
        Sequence.of(conv(channels, Padding.of(1)), NORM, RELU, conv(channels, Padding.of(1)), NORM),
        Sequence.IDENTITY,
        after);
  }

  private static LayerSpec conv16() {
    return conv(16, Padding.of(1));
  }

  private static LayerSpec residual(LayerSpec... body) {
    return new CompositeSpec.Residual("", Sequence.of(body), Sequence.IDENTITY, Sequence.IDENTITY);
  }

  private static LayerSpec around(LayerSpec block) {
    return new CompositeSpec.Branches("", List.of(Sequence.of(block), Sequence.IDENTITY));
  }

  /** A block whose shortcut is a convolution. */
  private static LayerSpec projected(int filters) {
    LayerSpec.Convolution shortcut =
        new LayerSpec.Convolution(filters, Window.of(1).by(2), 1, HE, 0).withoutBias();
    return new CompositeSpec.Residual(
        "", strided(filters), Sequence.of(shortcut, NORM), Sequence.of(RELU));
  }

  /** A block whose shortcut takes every second pixel, and zeros in further channels. */
  private static LayerSpec padded(int filters) {
    LayerSpec pixels = new LayerSpec.Pooling(LayerSpec.Pooling.Kind.AVERAGE, Window.of(1).by(2));
    return new CompositeSpec.Residual(
        "",
        strided(filters),
        Sequence.of(pixels, new LayerSpec.ChannelPadding(filters)),
        Sequence.of(RELU));
  }

  private static Sequence strided(int filters) {
    LayerSpec strided =
        new LayerSpec.Convolution(filters, Window.of(3).by(2).padded(1), 1, HE, 0).withoutBias();
    return Sequence.of(strided, NORM, RELU, conv(filters, Padding.of(1)), NORM);
  }

  /** A body that keeps its input, whose first rectifier must not overwrite it. */
  private static Sequence dropped() {
    return Sequence.of(new LayerSpec.Dropout(0.5f), RELU, new LayerSpec.Dropout(0.5f));
  }

  private static LayerSpec branches() {
    return new CompositeSpec.Branches(
        "",
        List.of(
            Sequence.of(conv(16, Padding.of(1)), NORM, RELU),
            Sequence.of(new LayerSpec.Dropout(0.5f), RELU),
            Sequence.of(conv(5, Padding.of(1)), NORM)));
  }

  @ParameterizedTest
  @MethodSource("models")
  void fusedLayersGiveTheOutputsOfSingleLayers(ModelSpec model) {
    assertAgree(model, layer -> Kernel.DIRECT, 1e-5f);
  }

  @ParameterizedTest
  @MethodSource("models")
  void winogradToo(ModelSpec model) {
    Instructions.AVX512.assume();

    assertAgree(
        model,
        layer ->
            layer.layer() instanceof LayerSpec.Convolution convolution
                    && convolution.groups() == 1
                    && convolution.window().kernel() == 3
                    && convolution.window().stride() == 1
                    && convolution.window().padding().isEven()
                ? Kernel.WINOGRAD
                : Kernel.DIRECT,
        1e-5f);
  }

  @ParameterizedTest
  @MethodSource("models")
  void rearrangedConvolutionsToo(ModelSpec model) {
    Instructions.AVX512.assume();

    assertAgree(
        model,
        layer ->
            layer.layer() instanceof LayerSpec.Convolution convolution
                    && Rearrangement.of(layer, convolution).isPossible()
                ? Kernel.REARRANGED
                : Kernel.DIRECT,
        1e-5f);
  }

  @ParameterizedTest
  @MethodSource("models")
  void inBf16UpToItsRounding(ModelSpec model) {
    Instructions.AVX512_BF16.assume();

    assertAgree(model, layer -> Kernel.BF16, 0.02f);
  }

  /** In inference, the first convolution writes bfloat16 here; then the pooling does. */
  @Test
  void roundingBeforePoolingIsRoundingAfterIt() {
    Instructions.AVX512_BF16.assume();
    LayerSpec pooling = new LayerSpec.Pooling(LayerSpec.Pooling.Kind.MAXIMUM, Window.of(3).by(2));

    assertAgree(
        model(
            "pooled",
            32,
            RELU,
            pooling,
            new LayerSpec.Dropout(0.5f),
            conv(32, Padding.of(1)),
            RELU),
        layer -> Kernel.BF16,
        1e-6f);
  }

  private static void assertAgree(ModelSpec model, KernelRule rule, float tolerance) {
    float[] images = images(model);
    try (Workspace owner = new Workspace()) {
      FlatVectors vectors = new FlatVectors(owner, model.parameterCount());
      vectors.parameterBuffer().put(0, parameters(model, 1));
      float[] expected = new float[EXAMPLES * CLASSES];
      try (CompiledModel single =
          CompiledModel.compile(
              model, CompiledModel.TO_THE_IMAGES, vectors, EXAMPLES, new Workspace(rule))) {
        single.predict(images, expected);
      }
      float[] actual = new float[EXAMPLES * CLASSES];
      Workspace workspace = new Workspace(rule, owner.arena(), Purpose.INFERENCE);
      try (CompiledModel fused = CompiledModel.compile(model, 0, vectors, EXAMPLES, workspace)) {
        fused.predict(images, new float[EXAMPLES * CLASSES]);
        fused.predict(images, actual);
      }

      assertThat(actual).containsExactly(expected, within(tolerance));
    }
  }

  @Test
  void predictionsFollowTheParameters() {
    ModelSpec model = Zoo.model("resnet-20", CLASSES);
    float[] images = images(model);
    try (Network used = network(model);
        Network fresh = network(model)) {
      used.writeParameters(0, FloatBuffer.wrap(parameters(model, 1)));
      predict(used, images);
      used.writeParameters(0, FloatBuffer.wrap(parameters(model, 2)));
      fresh.writeParameters(0, FloatBuffer.wrap(parameters(model, 2)));

      assertThat(predict(used, images)).isEqualTo(predict(fresh, images));

      step(used, images);
      step(fresh, images);

      assertThat(predict(used, images)).isEqualTo(predict(fresh, images));
    }
  }

  @Test
  void predictionsBetweenStepsChangeNoBitOfTraining() {
    ModelSpec model = Zoo.model("resnet-20", CLASSES);
    float[] images = images(model);
    float[][] results = new float[2][(int) model.parameterCount()];
    for (int turn = 0; turn < 2; turn++) {
      try (Network network = network(model)) {
        network.writeParameters(0, FloatBuffer.wrap(parameters(model, 1)));
        for (int step = 0; step < 3; step++) {
          step(network, images);
          if (turn == 1) {
            predict(network, images);
          }
        }
        network.readParameters(0, FloatBuffer.wrap(results[turn]));
      }
    }

    assertThat(results[1]).isEqualTo(results[0]);
  }

  private static Network network(ModelSpec model) {
    return OneDnnEngine.create(
        model, EXAMPLES, RateMultipliers.ones(model), layer -> Kernel.DIRECT);
  }

  private static void step(Network network, float[] images) {
    float[] targets = new float[EXAMPLES * CLASSES];
    for (int i = 0; i < EXAMPLES; i++) {
      targets[i * CLASSES + i % CLASSES] = 1;
    }
    network.computeGradients(images, targets, EXAMPLES, 1);
    network.update(new StepSettings(0.01f, 0.9f, 0.001f));
  }

  private static float[] predict(Network network, float[] images) {
    float[] probabilities = new float[EXAMPLES * CLASSES];
    network.predict(images, EXAMPLES, probabilities);
    return probabilities;
  }

  static float[] images(ModelSpec model) {
    SplittableRandom random = new SplittableRandom(4);
    float[] images = new float[EXAMPLES * model.input().features()];
    for (int i = 0; i < images.length; i++) {
      images[i] = (float) random.nextGaussian();
    }
    return images;
  }

  /** Initial parameters, with scales, shifts and statistics as after training. */
  static float[] parameters(ModelSpec model, int seed) {
    float[] parameters = new float[Math.toIntExact(model.parameterCount())];
    new InitialParameters(model, seed).fill(0, FloatBuffer.wrap(parameters));
    SplittableRandom random = new SplittableRandom(seed);
    for (ModelSpec.Placed placed : model.leaves()) {
      if (placed.layer() instanceof LayerSpec.BatchNormalization) {
        int first = Math.toIntExact(placed.parameterOffset());
        int channels = placed.input().channels();
        for (int i = 0; i < channels; i++) {
          parameters[first + i] = (float) random.nextDouble(-0.5, 1.5);
          parameters[first + channels + i] = (float) random.nextDouble(-0.2, 0.2);
          parameters[first + 2 * channels + i] = (float) random.nextDouble(-0.3, 0.3);
          parameters[first + 3 * channels + i] = (float) random.nextDouble(-0.2, 0.4);
        }
      }
    }
    return parameters;
  }
}
