// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.failure.InputException;
import io.stoker.models.engine.RateMultipliers;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.ModelSpec.Placed;
import io.stoker.models.zoo.Zoo;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** Rates of a model that is a tree. */
class LayerRatesTest {
  private static final ModelSpec MODEL = Zoo.model("resnet-20", 10);

  @Test
  void aStageIsFrozenByItsName() {
    RateMultipliers rates = LayerRates.of(config("layer1", Map.of()), MODEL);

    // Convolution, normalization, rectifier and three blocks.
    assertThat(rates.frozenLayers(MODEL)).isEqualTo(6);
    assertThat(MODEL.placed().get(6).layer().name()).isEqualTo("layer2-0");
    assertThat(rates.frozenParameters(MODEL))
        .isEqualTo(MODEL.placed().get(6).parameterOffset())
        .isPositive();
  }

  @Test
  void aRateOfANameIsThatOfEachTensorUnderIt() {
    RateMultipliers rates =
        LayerRates.of(config("", Map.of("layer2", 0.5, "layer3-1", 0.0)), MODEL);

    List<Float> factors = rates.tensors();
    int tensor = 0;
    for (Placed placed : MODEL.placed()) {
      String name = placed.layer().name();
      float expected = name.startsWith("layer2-") ? 0.5f : name.equals("layer3-1") ? 0 : 1;
      for (int i = 0; i < placed.parameters().size(); i++) {
        assertThat(factors.get(tensor++)).as(name).isEqualTo(expected);
      }
    }
    assertThat(factors).hasSize(tensor);
  }

  @Test
  void twoRatesForABlockAreRefused() {
    assertThatThrownBy(
            () -> LayerRates.of(config("", Map.of("layer2", 0.5, "layer2-0", 2.0)), MODEL))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("Two rates for layer 7.1");
  }

  @Test
  void freezingALayerInsideOfABlockFreezesAllParametersUpToItsEnd() {
    Placed second = MODEL.placed().get(4).leaves().toList().get(1);
    assertThat(second.path()).isEqualTo("5.2");

    RateMultipliers rates = LayerRates.of(config("5.2", Map.of()), MODEL);

    long end = second.parameterOffset() + second.parameterCount();
    assertThat(rates.frozenParameters(MODEL)).isEqualTo(end);
    assertThat(rates.frozenLayers(MODEL)).isEqualTo(4);
    assertFactors(rates, layer -> layer.parameterOffset() < end ? 0 : 1);
  }

  @Test
  void aLayerInsideOfABlockHasARateOfItsOwn() {
    assertFactors(
        LayerRates.of(config("", Map.of("5.1", 0.5, "layer3-1", 3.0)), MODEL),
        layer -> layer.path().equals("5.1") ? 0.5f : layer.path().startsWith("11.") ? 3 : 1);
    assertThat(MODEL.placed().get(10).layer().name()).isEqualTo("layer3-1");
  }

  private static void assertFactors(RateMultipliers rates, Function<Placed, Number> expected) {
    int tensor = 0;
    for (Placed layer : MODEL.leaves()) {
      for (int i = 0; i < layer.parameters().size(); i++) {
        assertThat(rates.tensors().get(tensor++))
            .as(layer.path())
            .isEqualTo(expected.apply(layer).floatValue());
      }
    }
    assertThat(rates.tensors()).hasSize(tensor);
  }

  @Test
  void aPathThatIsNotThereIsRefused() {
    assertThatThrownBy(() -> LayerRates.of(config("4.9", Map.of()), MODEL))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("layer 4 of model resnet-20 (residual layer1-0) has layers 4.1 to")
        .hasMessageContaining("did you mean '4.");
    assertThatThrownBy(() -> LayerRates.of(config("", Map.of("4.3", 2.0)), MODEL))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("layer 4.3 of model resnet-20 (relu) has no parameters");
  }

  private static TrainingConfig config(String freeze, Map<String, Double> rates) {
    TrainingConfig.Builder builder =
        TrainingConfig.builder()
            .data("data")
            .run("run")
            .model("resnet-20")
            .set("layer_rates", rates);
    return freeze.isEmpty() ? builder.build() : builder.init("trained").freeze(freeze).build();
  }
}
