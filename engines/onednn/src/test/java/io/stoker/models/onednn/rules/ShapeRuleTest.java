// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.rules;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.models.engine.Arithmetic;
import io.stoker.models.engine.ConvolutionAlgorithm;
import io.stoker.models.engine.Precision;
import io.stoker.models.onednn.OneDnnEngine;
import io.stoker.models.spec.Initializer;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Padding;
import io.stoker.models.spec.Shape;
import io.stoker.models.spec.Window;
import io.stoker.models.zoo.Zoo;
import io.stoker.testing.Instructions;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The choice for the layers of the zoo; a job's bits depend on it. */
class ShapeRuleTest {
  private static final Arithmetic FP32 = Arithmetic.FASTEST_FP32;
  private static final Arithmetic WINOGRAD =
      new Arithmetic(Precision.FP32, ConvolutionAlgorithm.WINOGRAD);
  private static final Arithmetic DIRECT =
      new Arithmetic(Precision.FP32, ConvolutionAlgorithm.DIRECT);
  private static final Arithmetic BF16 = new Arithmetic(Precision.BF16, ConvolutionAlgorithm.AUTO);
  private static final Arithmetic BF16_DIRECT =
      new Arithmetic(Precision.BF16, ConvolutionAlgorithm.DIRECT);

  private static List<String> kernels(
      String model, InstructionSet set, Arithmetic arithmetic, int batch) {
    ShapeRule rule = new ShapeRule(set, arithmetic, batch);
    return multiplying(model).map(placed -> rule.kernel(placed).toString()).toList();
  }

  /** The convolutions and dense layers of a model with ten classes. */
  private static Stream<ModelSpec.Placed> multiplying(String model) {
    return Zoo.model(model, 10).placed().stream()
        .filter(
            placed ->
                placed.layer() instanceof LayerSpec.Convolution
                    || placed.layer() instanceof LayerSpec.Dense);
  }

  @Test
  void winogradComputesWhatItsSquareTilesCoverWell() {
    assertThat(kernels("alexnet-single", InstructionSet.AVX512, WINOGRAD, 32))
        .containsExactly(
            "direct", "direct", "winograd", "winograd", "winograd", "direct", "direct", "direct");
    assertThat(kernels("alexnet", InstructionSet.AVX512, WINOGRAD, 32)) // 4 and 5 are in groups
        .containsExactly(
            "direct", "direct", "winograd", "direct", "direct", "direct", "direct", "direct");
    assertThat(kernels("alexnet-mini", InstructionSet.AVX512_BF16, FP32, 64))
        .containsExactly(
            "direct", "direct", "winograd", "winograd", "winograd", "direct", "direct", "direct");
    assertThat(kernels("lenet5-modern", InstructionSet.AVX512_BF16, FP32, 64))
        .containsOnly("direct");
  }

  @Test
  void otherConvolutionsOfManyChannelsAreRearrangedForWinograd() {
    String other = "winograd, rearranged";
    assertThat(kernels("alexnet-single", InstructionSet.AVX512, FP32, 32))
        .containsExactly(
            other, other, "winograd", "winograd", "winograd", "direct", "direct", "direct");
    assertThat(kernels("alexnet", InstructionSet.AVX512_BF16, FP32, 32)) // 2, 4 and 5 are in groups
        .containsExactly(other, other, "winograd", other, other, "direct", "direct", "direct");
    assertThat(kernels("alexnet-single", InstructionSet.AVX512, DIRECT, 32)).containsOnly("direct");
    for (String small : List.of("lenet5-modern", "cuda-convnet-18", "alexnet-mini", "resnet-20")) {
      assertThat(kernels(small, InstructionSet.AVX512, FP32, 64)).as(small).doesNotContain(other);
    }
  }

  @Test
  void theChoiceIsTheLeastThatTheLayersNeed() {
    Instructions.AVX512.assume();
    OneDnnEngine engine = new OneDnnEngine();

    assertThat(engine.resolve(Zoo.model("alexnet", 10), 32, FP32).convolution())
        .isEqualTo(ConvolutionAlgorithm.REARRANGED);
    assertThat(engine.resolve(Zoo.model("alexnet", 10), 32, WINOGRAD).convolution())
        .isEqualTo(ConvolutionAlgorithm.WINOGRAD);
    assertThat(engine.resolve(Zoo.model("alexnet-mini", 10), 64, FP32).convolution())
        .isEqualTo(ConvolutionAlgorithm.WINOGRAD);
    assertThat(engine.resolve(Zoo.model("lenet5", 10), 64, FP32).convolution())
        .isEqualTo(ConvolutionAlgorithm.DIRECT);
  }

  @Test
  void winogradNeedsAvx512AndPermission() {
    for (InstructionSet set : List.of(InstructionSet.SSE41, InstructionSet.AVX2)) {
      assertThat(kernels("alexnet-single", set, FP32, 32)).containsOnly("direct");
    }
    assertThat(kernels("alexnet-single", InstructionSet.AMX, DIRECT, 32)).containsOnly("direct");
  }

  @Test
  void aSingleSmallImageIsComputedDirectly() {
    assertThat(kernels("alexnet-single", InstructionSet.AVX512_BF16, WINOGRAD, 1))
        .containsOnly("direct");
    assertThat(kernels("alexnet-single", InstructionSet.AVX512_BF16, FP32, 1)) // 55x55, then 27x27
        .startsWith("winograd, rearranged")
        .filteredOn("winograd, rearranged"::equals)
        .hasSize(1);
    assertThat(kernels("alexnet-mini", InstructionSet.AVX512_BF16, FP32, 4)).containsOnly("direct");
  }

  @Test
  void bf16LeavesOutLayersThatWouldBeSlower() {
    assertThat(kernels("alexnet-single", InstructionSet.AVX512_BF16, BF16, 32))
        .containsOnly("bf16");
    assertThat(
            kernels("lenet5-modern", InstructionSet.AVX512_BF16, BF16, 64)) // 1 channel, 10 units
        .containsExactly("direct", "bf16", "bf16", "direct", "direct");
    assertThat(kernels("alexnet", InstructionSet.AVX512_BF16, BF16, 32)).containsOnly("bf16");
    assertThat(kernels("alexnet", InstructionSet.AMX, BF16, 32))
        .startsWith("bf16, rearranged", "bf16", "bf16") // the first layer's gradient has 3 channels
        .containsOnlyOnce("bf16, rearranged");
    assertThat(kernels("alexnet", InstructionSet.AVX512_BF16, BF16, 8)) // too few to round weights
        .containsExactly("bf16", "bf16", "bf16", "bf16", "bf16", "direct", "direct", "direct");
  }

  /** LeNet's last layer has too few weights, its first one too few channels. */
  @Test
  void inInferenceDenseLayersAreInBf16ForSingleImagesToo() {
    for (int batch : new int[] {1, 8, 64}) {
      assertThat(inInference("alexnet-single", BF16, batch)) // 10 classes
          .startsWith(Collections.nCopies(7, Kernel.BF16).toArray(new Kernel[0]))
          .endsWith(batch < 16 ? Kernel.DIRECT : Kernel.BF16)
          .hasSize(8);
      assertThat(inInference("lenet5-modern", BF16, batch))
          .containsExactly(Kernel.DIRECT, Kernel.BF16, Kernel.BF16, Kernel.DIRECT, Kernel.DIRECT);
      assertThat(inInference("alexnet-single", DIRECT, batch)).containsOnly(Kernel.DIRECT);
    }
  }

  @Test
  void inInferenceDenseLayersOfFewUnitsStayInFp32ForSingleImages() {
    ModelSpec model =
        new ModelSpec(
            "wide", new Shape(64, 64, 4), List.of(new LayerSpec.Dense(5, Initializer.Rule.HE, 0)));

    assertThat(
            new ShapeRule(InstructionSet.AVX512_BF16, BF16, 1).inInference(model.placed().get(0)))
        .isEqualTo(Kernel.DIRECT);
  }

  private static List<Kernel> inInference(String model, Arithmetic arithmetic, int batch) {
    ShapeRule rule = new ShapeRule(InstructionSet.AVX512_BF16, arithmetic, batch);
    return multiplying(model).map(rule::inInference).toList();
  }

  @Test
  void jobsThatBeganBeforeKeepWinogradInBf16UnlessThereIsAmx() {
    Arithmetic before = new Arithmetic(Precision.BF16, ConvolutionAlgorithm.BLOCKS);
    LayerSpec.Convolution layer =
        new LayerSpec.Convolution(64, Window.of(3).padded(1), 1, Initializer.Rule.HE, 0);
    for (int size : new int[] {7, 8, 13, 16, 56}) {
      ModelSpec.Placed placed =
          new ModelSpec(
                  "one",
                  new Shape(size, size, 64),
                  List.of(layer, new LayerSpec.Dense(2, Initializer.Rule.HE, 0)))
              .placed()
              .get(0);
      Kernel began = size % 4 == 0 ? Kernel.WINOGRAD : Kernel.BF16;

      assertThat(new ShapeRule(InstructionSet.AVX512_BF16, before, 64).kernel(placed))
          .as("%d x %d", size, size)
          .isEqualTo(began);
      assertThat(new ShapeRule(InstructionSet.AVX512_BF16, BF16, 64).kernel(placed))
          .isEqualTo(Kernel.BF16);
      assertThat(new ShapeRule(InstructionSet.AMX, BF16, 64).kernel(placed)).isEqualTo(Kernel.BF16);
      assertThat(new ShapeRule(InstructionSet.AVX512_BF16, BF16_DIRECT, 64).kernel(placed))
          .isEqualTo(Kernel.BF16);
    }
  }

  @Test
  void valuesBetweenLayersAreRoundedWhereBf16IsMultipliedByJobsThatBeganSo() {
    for (InstructionSet set : InstructionSet.values()) {
      assertThat(new ShapeRule(set, BF16, 32).roundsInTraining())
          .as("%s", set)
          .isEqualTo(set.hasBfloat16());
      assertThat(new ShapeRule(set, BF16_DIRECT, 32).roundsInTraining()).isFalse();
      assertThat(new ShapeRule(set, FP32, 32).roundsInTraining()).isFalse();
    }
    for (ConvolutionAlgorithm algorithm : ConvolutionAlgorithm.values()) {
      Arithmetic began = new Arithmetic(Precision.BF16, algorithm);
      boolean blocks =
          algorithm == ConvolutionAlgorithm.AUTO
              || algorithm.compareTo(ConvolutionAlgorithm.BLOCKS) >= 0;
      boolean rounds = blocks || algorithm == ConvolutionAlgorithm.ROUNDED;

      assertThat(new ShapeRule(InstructionSet.AVX512_BF16, began, 32).roundsInTraining())
          .as("%s", algorithm)
          .isEqualTo(rounds);
      assertThat(new ShapeRule(InstructionSet.AVX512_BF16, began, 32).roundsBlocksInTraining())
          .as("%s", algorithm)
          .isEqualTo(blocks);
    }
  }

  /** oneDNN's Winograd gives wrong gradients by the input there. */
  @Test
  void unevenPaddingIsComputedDirectly() {
    Window window = new Window(3, 1, 1, new Padding(0, 1, 1, 0));
    ModelSpec.Placed placed =
        new ModelSpec(
                "one",
                new Shape(17, 17, 64),
                List.of(
                    new LayerSpec.Convolution(64, window, 1, Initializer.Rule.HE, 0),
                    new LayerSpec.Dense(2, Initializer.Rule.HE, 0)))
            .placed()
            .get(0);

    assertThat(new ShapeRule(InstructionSet.AVX512, FP32, 64).kernel(placed))
        .isEqualTo(Kernel.DIRECT);
  }
}
