// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.stoker.failure.InputException;
import io.stoker.models.spec.CompositeSpec;
import io.stoker.models.spec.Initializer;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Shape;
import io.stoker.models.spec.Window;
import io.stoker.models.zoo.Zoo;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class StepLoadTest {
  @Test
  void aPerceptronsStepHasNoGradientByTheImages() {
    double products = 2.0 * 28 * 28 * 10;

    assertThat(load("perceptron", StepLoad.Pass.INFERENCE).flops()).isEqualTo(products);
    assertThat(load("perceptron", StepLoad.Pass.TRAINING).flops()).isEqualTo(2 * products);
  }

  @Test
  void aHiddenLayersStepIsThreeProducts() {
    double first = 2.0 * 28 * 28 * 300;
    double second = 2.0 * 300 * 10;

    assertThat(load("mlp-shallow", StepLoad.Pass.TRAINING).flops())
        .isEqualTo(2 * first + 2 * 300 + 3 * second);
  }

  @Test
  void aBlocksStepIsThatOfItsLayersAndOfTheSumsOfItsJoin() {
    LayerSpec conv = new LayerSpec.Convolution(4, Window.of(1), 1, Initializer.Rule.HE, 0);
    CompositeSpec.Residual block =
        new CompositeSpec.Residual(
            "",
            CompositeSpec.Sequence.of(conv, conv),
            CompositeSpec.Sequence.IDENTITY,
            CompositeSpec.Sequence.IDENTITY);
    ModelSpec model =
        new ModelSpec(
            "m",
            new Shape(3, 3, 4),
            List.of(conv, block, new LayerSpec.Dense(2, Initializer.Rule.HE, 0)));
    double product = 2.0 * 4 * 4 * 9;
    double dense = 2.0 * 36 * 2;

    assertThat(new StepLoad(model, 1, 1, StepLoad.Pass.TRAINING).flops())
        .isEqualTo(2 * product + 2 * 3 * product + 2 * 36 + 3 * dense);
  }

  @Test
  void aRateIsThatOfTheMedianStepOfAllWorkers() {
    StepRate rate =
        StepRate.of(
            load("perceptron", StepLoad.Pass.TRAINING),
            List.of(4_000_000L, 2_000_000L, 90_000_000L),
            0.1);

    assertThat(rate.stepMilliseconds()).isEqualTo(4);
    assertThat(rate.slowStepMilliseconds()).isEqualTo(90);
    assertThat(rate.imagesPerSecond()).isCloseTo(2 * 8 / 0.004, within(1e-6));
    assertThat(rate.gigaflopsPerSecond()).isCloseTo(4000 * 4.0 * 28 * 28 * 10 / 1e9, within(1e-9));
    assertThat(rate.imagesPerProcessorSecond()).isCloseTo(3 * 8 / 0.1, within(1e-9));
    assertThat(rate.seconds()).isCloseTo(0.048, within(1e-9));
  }

  @Test
  void aSlowStepIsThe99thOfAHundred() {
    List<Long> steps =
        LongStream.rangeClosed(1, 100).map(each -> each * 1_000_000).boxed().toList();

    assertThat(StepRate.of(load("perceptron", StepLoad.Pass.INFERENCE), steps, 0))
        .returns(0.0, StepRate::imagesPerProcessorSecond)
        .returns(99.0, StepRate::slowStepMilliseconds)
        .returns(51.0, StepRate::stepMilliseconds);
  }

  @Test
  void refusesALoadWithoutWork() {
    assertThatThrownBy(() -> new StepLoad(Zoo.model("lenet5", 10), 0, 1, StepLoad.Pass.TRAINING))
        .isInstanceOf(InputException.class)
        .hasMessage("Invalid batch size: 0 (must be >= 1)");
  }

  private static StepLoad load(String model, StepLoad.Pass pass) {
    return new StepLoad(Zoo.model(model, 10), 8, 2, pass);
  }
}
