// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.data.augment.Augmentation;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Shape;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExampleRecipesTest {
  private static final Path EXAMPLES = Path.of("..", "..", "examples");

  @ParameterizedTest
  @CsvSource({
    "alexnet-imagenet.yaml, 256, 3, 1000",
    "resnet-imagenet.yaml, 256, 3, 1000",
    "cifar/resnet-20.yaml, 32, 3, 10",
    "mnist/lenet5.yaml, 28, 1, 10",
    "mnist/lenet5-augmented.yaml, 28, 1, 10",
    "mnist/row-lstm.yaml, 28, 1, 10",
    "fashion-mnist/airbench-mini.yaml, 28, 1, 10",
    "fashion-mnist/lenet5-modern.yaml, 28, 1, 10",
    "fashion-mnist/resnet-mini.yaml, 28, 1, 10",
    "fashion-mnist/resnet-20.yaml, 28, 1, 10",
  })
  void describeJobsThatCanRun(String file, int size, int channels, int classes) {
    TrainingConfig config = recipe(file);

    ModelSpec model =
        ModelReference.resolve(config.model(), new Shape(size, size, channels), classes);
    assertThat(LayerRates.of(config, model).frozenParameters(model)).isZero();
    assertThat(Augmentation.parse(String.join(",", config.data().augmentations())))
        .hasSameSizeAs(config.data().augmentations());
  }

  @Test
  void haveThePapersRecipeForAlexNet() {
    TrainingConfig config = recipe("alexnet-imagenet.yaml");

    assertThat(config.rounds().batch()).isEqualTo(128);
    assertThat(config.optimizer().momentum()).isEqualTo(0.9);
    assertThat(config.optimizer().weightDecay()).isEqualTo(0.0005);
    assertThat(config.optimizer().biasRate()).isEqualTo(2);
    assertThat(config.optimizer().learningRate()).isEqualTo(0.01);
    assertThat(config.optimizer().schedule())
        .isEqualTo(new LearningRateSchedule.Plateau(0.1, 5, 0));
    assertThat(config.validation().every()).isPositive();
    assertThat(config.rounds().epochs()).isEqualTo(90);
    assertThat(config.data().augmentations()).containsExactly("crop", "flip", "color-noise=0.1");
  }

  private static TrainingConfig recipe(String file) {
    return Recipe.read(EXAMPLES.resolve(file), Set.of()).config().data("data").run("run").build();
  }
}
