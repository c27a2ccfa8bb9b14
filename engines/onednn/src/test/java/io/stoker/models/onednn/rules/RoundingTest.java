// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.rules;

import static io.stoker.models.onednn.layers.KernelAccuracyTest.apart;
import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.models.engine.Arithmetic;
import io.stoker.models.engine.ConvolutionAlgorithm;
import io.stoker.models.engine.Network;
import io.stoker.models.engine.Precision;
import io.stoker.models.engine.RateMultipliers;
import io.stoker.models.onednn.OneDnnEngine;
import io.stoker.models.spec.ActivationFunction;
import io.stoker.models.spec.CompositeSpec;
import io.stoker.models.spec.CompositeSpec.Sequence;
import io.stoker.models.spec.InitialParameters;
import io.stoker.models.spec.Initializer;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Shape;
import io.stoker.models.spec.Window;
import io.stoker.models.zoo.Zoo;
import io.stoker.testing.Exact;
import io.stoker.testing.Instructions;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Values that are kept in bfloat16 between the layers of a network in training. */
@Exact
class RoundingTest {
  /** More than are computed at a time where a convolution is rearranged. */
  private static final int EXAMPLES = 11;

  private static final int CLASSES = 5;

  /** All products are of rounded values. */
  private static final KernelRule PRODUCTS = layer -> Kernel.BF16;

  /** Values between layers are rounded, too. */
  private static final KernelRule ALL = new RoundingRule(PRODUCTS, false);

  /** In and between blocks, too. */
  private static final KernelRule BLOCKS = new RoundingRule(PRODUCTS, true);

  /** The first layer is rearranged as well. */
  private static final KernelRule REARRANGED =
      new RoundingRule(layer -> layer.index() == 0 ? Kernel.REARRANGED_BF16 : Kernel.BF16, false);

  private record RoundingRule(KernelRule kernels, boolean roundsBlocksInTraining)
      implements KernelRule {
    @Override
    public Kernel kernel(ModelSpec.Placed layer) {
      return kernels.kernel(layer);
    }

    @Override
    public boolean roundsInTraining() {
      return true;
    }
  }

  private static LayerSpec conv(int filters) {
    return new LayerSpec.Convolution(filters, Window.of(3).padded(1), 1, Initializer.Rule.HE, 0.1f);
  }

  private static LayerSpec dense(int units) {
    return new LayerSpec.Dense(units, Initializer.Rule.HE, 0);
  }

  private static LayerSpec pool(LayerSpec.Pooling.Kind kind) {
    return new LayerSpec.Pooling(kind, Window.of(3).by(2));
  }

  private static final LayerSpec RELU = new LayerSpec.Activation(ActivationFunction.RELU);
  private static final LayerSpec NORM = new LayerSpec.BatchNormalization(1e-3f, 0.9f);
  private static final LayerSpec TANH = new LayerSpec.Activation(ActivationFunction.TANH);
  private static final LayerSpec LRN = new LayerSpec.LocalResponseNormalization(5, 2, 1e-2f, 0.75f);
  private static final LayerSpec MAXIMUM = pool(LayerSpec.Pooling.Kind.MAXIMUM);
  private static final LayerSpec AVERAGE = pool(LayerSpec.Pooling.Kind.AVERAGE);

  private static LayerSpec block(int filters, Sequence shortcut) {
    return new CompositeSpec.Residual(
        "",
        Sequence.of(conv(filters), NORM, RELU, conv(filters), NORM),
        shortcut,
        Sequence.of(RELU));
  }

  private static LayerSpec pixels() {
    return new LayerSpec.Pooling(LayerSpec.Pooling.Kind.AVERAGE, Window.of(1));
  }

  private static ModelSpec model(LayerSpec... layers) {
    return new ModelSpec("rounded", new Shape(17, 15, 3), List.of(layers));
  }

  /** The numbers of the layers that round their output, as printed by {@code models}. */
  private static List<Integer> rounded(List<ModelSpec.Placed> placed, KernelRule rule) {
    Rounding rounding = new Rounding(rule, Purpose.TRAINING);
    return IntStream.range(0, placed.size())
        .filter(
            i ->
                rounding.isAfter(
                    placed, i, Rounding.isRectifier(placed, i + 1) ? i + 2 : i + 1, false))
        .mapToObj(i -> i + 1)
        .toList();
  }

  @Test
  void convolutionsRoundWhatConvolutionsAndDenseLayersRead() {
    List<ModelSpec.Placed> alexNet = Zoo.model("alexnet", 10).placed();

    assertThat(rounded(alexNet, ALL)).containsExactly(1, 5, 9, 11, 13);
    assertThat(rounded(alexNet, PRODUCTS)).isEmpty();
    assertThat(rounded(Zoo.model("resnet-20", 10).placed(), ALL)).isEmpty();
    assertThat(rounded(model(conv(16), RELU, AVERAGE, conv(16), TANH, dense(5)).placed(), ALL))
        .isEmpty();
    assertThat(
            rounded(
                model(conv(16), RELU, new LayerSpec.Dropout(0.5f), dense(9), RELU, dense(5))
                    .placed(),
                ALL))
        .isEmpty();
  }

  @Test
  void aJobKeepsTheAlgorithmThatItBeganWith() {
    Instructions.AVX512_BF16.assume();
    ModelSpec alexNet = Zoo.model("alexnet", 10);

    assertThat(resolved(alexNet, Precision.BF16, ConvolutionAlgorithm.AUTO))
        .isEqualTo(ConvolutionAlgorithm.ROUNDED);
    assertThat(resolved(alexNet, Precision.BF16, ConvolutionAlgorithm.ROUNDED))
        .isEqualTo(ConvolutionAlgorithm.ROUNDED);
    assertThat(resolved(alexNet, Precision.BF16, ConvolutionAlgorithm.REARRANGED))
        .isEqualTo(
            InstructionSet.here() == InstructionSet.AMX // has a layer that is rearranged in bf16
                ? ConvolutionAlgorithm.REARRANGED
                : ConvolutionAlgorithm.DIRECT);
    assertThat(resolved(alexNet, Precision.BF16, ConvolutionAlgorithm.DIRECT))
        .isEqualTo(ConvolutionAlgorithm.DIRECT);
    assertThat(resolved(alexNet, Precision.FP32, ConvolutionAlgorithm.ROUNDED))
        .isEqualTo(ConvolutionAlgorithm.REARRANGED);
    assertThat(resolved(alexNet, Precision.BF16, ConvolutionAlgorithm.BLOCKS))
        .isEqualTo(ConvolutionAlgorithm.ROUNDED);
    ModelSpec residual = Zoo.model("resnet-20", 10);
    assertThat(resolved(residual, Precision.BF16, ConvolutionAlgorithm.AUTO))
        .isEqualTo(resolved(residual, Precision.BF16, ConvolutionAlgorithm.BFLOAT16))
        .isEqualTo(
            InstructionSet.here() == InstructionSet.AMX // computes nothing by Winograd in bf16
                ? ConvolutionAlgorithm.BLOCKS
                : ConvolutionAlgorithm.BFLOAT16);
    assertThat(resolved(residual, Precision.BF16, ConvolutionAlgorithm.BLOCKS))
        .isEqualTo(ConvolutionAlgorithm.BLOCKS);
    assertThat(resolved(residual, Precision.BF16, ConvolutionAlgorithm.ROUNDED))
        .isEqualTo(resolved(residual, Precision.BF16, ConvolutionAlgorithm.REARRANGED))
        .isNotEqualTo(ConvolutionAlgorithm.ROUNDED);
    assertThat(resolved(residual, Precision.FP32, ConvolutionAlgorithm.BLOCKS))
        .isEqualTo(resolved(residual, Precision.FP32, ConvolutionAlgorithm.AUTO));
  }

  private static ConvolutionAlgorithm resolved(
      ModelSpec model, Precision precision, ConvolutionAlgorithm asked) {
    return new OneDnnEngine().resolve(model, 32, new Arithmetic(precision, asked)).convolution();
  }

  /** The next convolution would round the same values, and the gradients by them. */
  @Test
  void convolutionsInARowHaveTheSameBits() {
    Instructions.AVX512_BF16.assume();
    ModelSpec model = model(conv(16), RELU, conv(32), RELU, conv(16), RELU, dense(CLASSES));
    assertThat(rounded(model.placed(), ALL)).containsExactly(1, 3, 5);

    assertThat(gradients(model, ALL)).isEqualTo(gradients(model, PRODUCTS));
  }

  @Test
  void whereNoLayerCanPassRoundedValuesOnTheBitsAreTheSame() {
    Instructions.AVX512_BF16.assume();
    ModelSpec model = model(conv(16), TANH, AVERAGE, conv(16), RELU, AVERAGE, dense(CLASSES));

    assertThat(gradients(model, ALL)).isEqualTo(gradients(model, PRODUCTS));
  }

  /** AMX has the channels of a pixel side by side; 24 channels fill no block. */
  @Test
  void normalizationInBlocksOfChannelsIsThatOfPixels() {
    Instructions.AVX512_BF16.assume();
    ModelSpec blocks = model(conv(32), RELU, LRN, AVERAGE, dense(CLASSES));
    ModelSpec pixels = model(conv(24), RELU, LRN, AVERAGE, dense(CLASSES));
    assertThat(rounded(blocks.placed(), ALL)).isEmpty();

    assertThat(apart(gradients(blocks, PRODUCTS), gradients(blocks, ALL))).isLessThan(1e-5);
    assertThat(gradients(pixels, ALL)).isEqualTo(gradients(pixels, PRODUCTS));
  }

  @Test
  void gradientsOfRoundedValuesAreCloseToThoseInFp32() {
    Instructions.AVX512_BF16.assume();
    ModelSpec model =
        model(
            conv(32), RELU, LRN, MAXIMUM, conv(32), RELU, MAXIMUM, dense(24), RELU, dense(CLASSES));
    assertThat(rounded(model.placed(), ALL)).containsExactly(1, 5);
    float[] exact = gradients(model, layer -> Kernel.DIRECT);

    // 0.016 and 0.042 were measured: of values that are rounded to the same, another may be the
    // largest of its window, and gets the gradient.
    assertThat(apart(exact, gradients(model, PRODUCTS))).isBetween(1e-4, 0.02);
    assertThat(apart(exact, gradients(model, ALL))).isBetween(1e-4, 0.05);
  }

  /** Pooling of averages, and the tangent, are in fp32; the last block is read by pooling. */
  @Test
  void blocksRoundWhatTheNextBlockRounds() {
    assertThat(roundedInside(residual(), BLOCKS))
        .containsExactly("1", "5.1", "5.4", "6.1", "6.4", "6.6", "7.1", "7.4", "8.1");
    assertThat(roundedInside(residual(), ALL)).isEmpty();
    ModelSpec averaged =
        model(
            conv(16), NORM, RELU, AVERAGE, conv(16), NORM, TANH, conv(16), NORM, conv(16), TANH,
            dense(5));
    assertThat(roundedInside(averaged, BLOCKS)).containsExactly("8");
  }

  private static List<String> roundedInside(ModelSpec model, KernelRule rule) {
    return new Rounding(rule, Purpose.TRAINING)
        .layers(model.placed(), false).stream().map(ModelSpec.Placed::path).toList();
  }

  /** PyTorch's autocast rounds the same values. */
  @Test
  void gradientsOfRoundedBlocksAreCloseToThoseInFp32() {
    Instructions.AVX512_BF16.assume();
    float[] exact = gradients(residual(), layer -> Kernel.DIRECT);

    // 0.085 and 0.104 were measured: nine rounded convolutions, one after the other.
    assertThat(apart(exact, gradients(residual(), PRODUCTS))).isBetween(1e-4, 0.12);
    assertThat(apart(exact, gradients(residual(), BLOCKS))).isBetween(1e-4, 0.15);
    assertThat(gradients(residual(), ALL)).isEqualTo(gradients(residual(), PRODUCTS));
  }

  /** Winograd's algorithm writes fp32 to a sum whose other part is rounded. */
  @Test
  void gradientsOfRoundedBlocksWithWinogradAreCloseToThoseInFp32() {
    Instructions.AVX512_BF16.assume();
    KernelRule lastOfBodies =
        new RoundingRule(
            layer -> layer.path().endsWith(".4") ? Kernel.WINOGRAD : Kernel.BF16, true);
    float[] exact = gradients(residual(), layer -> Kernel.DIRECT);
    assertThat(roundedInside(residual(), lastOfBodies)).containsExactly("1", "6.6");

    assertThat(apart(exact, gradients(residual(), lastOfBodies))).isBetween(1e-4, 0.15);
  }

  /** Two stages: shortcuts without layers, of a convolution, and of pixels and zeros. */
  private static ModelSpec residual() {
    return model(
        conv(16),
        NORM,
        RELU,
        MAXIMUM,
        Sequence.of(block(16, Sequence.IDENTITY), block(32, Sequence.of(conv(32), NORM))),
        Sequence.of(
            block(48, Sequence.of(pixels(), new LayerSpec.ChannelPadding(48))),
            block(48, Sequence.IDENTITY)),
        new LayerSpec.GlobalAveragePooling(),
        dense(CLASSES));
  }

  @Test
  void aRearrangedConvolutionRoundsItsOutput() {
    Instructions.AVX512_BF16.assume();
    LayerSpec strided =
        new LayerSpec.Convolution(32, Window.of(11).by(4), 1, Initializer.Rule.HE, 0.1f);
    ModelSpec model =
        new ModelSpec(
            "rearranged",
            new Shape(51, 47, 3),
            List.of(strided, RELU, LRN, MAXIMUM, conv(32), RELU, dense(CLASSES)));
    assertThat(rounded(model.placed(), REARRANGED)).containsExactly(1, 5);
    float[] exact = gradients(model, layer -> Kernel.DIRECT);

    assertThat(apart(exact, gradients(model, REARRANGED))).isBetween(1e-4, 0.05);
  }

  private static float[] gradients(ModelSpec model, KernelRule rule) {
    int size = Math.toIntExact(model.parameterCount());
    float[] values = new float[size];
    new InitialParameters(model, 3).fill(0, FloatBuffer.wrap(values));
    SplittableRandom random = new SplittableRandom(5);
    float[] images = new float[EXAMPLES * model.input().features()];
    for (int i = 0; i < images.length; i++) {
      images[i] = (float) random.nextGaussian();
    }
    float[] targets = new float[EXAMPLES * CLASSES];
    for (int i = 0; i < EXAMPLES; i++) {
      targets[i * CLASSES + i % CLASSES] = 1;
    }
    try (Network network =
        OneDnnEngine.create(model, EXAMPLES, RateMultipliers.ones(model), rule)) {
      network.writeParameters(0, FloatBuffer.wrap(values));
      network.computeGradients(images, targets, EXAMPLES, 1);
      network.readGradients(0, FloatBuffer.wrap(values));
    }
    return values;
  }
}
