// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.zoo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.failure.InputException;
import io.stoker.models.spec.InitialParameters;
import io.stoker.models.spec.LayerReference;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.ModelSpec.Placed;
import io.stoker.models.spec.ModelTable;
import io.stoker.models.spec.ModelYaml;
import io.stoker.models.spec.Shape;
import java.io.IOException;
import java.io.InputStream;
import java.nio.FloatBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ZooTest {
  @ParameterizedTest
  @CsvSource({
    "perceptron, 10, 7850",
    "mlp-shallow, 10, 238510",
    "mlp-deep, 10, 3184010",
    "row-lstm, 10, 81674",
    "lenet5, 10, 61706",
    "lenet5-modern, 10, 61706",
    "resnet-mini, 10, 79610",
    "resnet-9, 10, 6573130",
    "airbench, 10, 1972802",
    "airbench-mini, 10, 498114",
    "alexnet-mini, 10, 463562",
    "alexnet-bn-mini, 10, 464938",
    "cuda-convnet-18, 10, 89578",
    "cuda-convnet-13, 10, 183210",
    "alexnet, 1000, 60965224",
    "caffenet, 1000, 60965224",
    "alexnet-owt, 1000, 61100840",
    "alexnet-single, 1000, 62378344",
    "alexnet-bn, 1000, 62396104",
    "nin, 10, 966986",
    "resnet-20, 10, 269722",
    "resnet-56, 10, 853018",
    "squeezenet, 1000, 1248424",
    "squeezenet-1.1, 1000, 1235496",
    "mobilenet-v1, 1000, 4231976",
    "googlenet, 1000, 6624904",
    "resnet-18, 1000, 11689512",
    "resnet-34, 1000, 21797672",
    "resnet-50, 1000, 25557032",
    "vgg-11, 1000, 132863336",
    "vgg-11-bn, 1000, 132868840",
    "vgg-16, 1000, 138357544",
    "vgg-16-bn, 1000, 138365992",
  })
  void theParametersAreAsManyAsThePaperHas(String name, int classes, long parameters) {
    ModelSpec model = Zoo.model(name, classes);
    assertThat(model.name()).isEqualTo(name);
    assertThat(model.classes()).isEqualTo(classes);
    assertThat(model.learnedCount()).isEqualTo(parameters);
    assertThat(Zoo.summary(name)).isNotBlank();
  }

  /** Of torchvision's list of models, and for mobilenet-v1 of the paper's table 4. */
  @ParameterizedTest
  @CsvSource({
    "alexnet-owt, 714",
    "squeezenet, 819",
    "squeezenet-1.1, 349",
    "mobilenet-v1, 569",
    "googlenet, 1498",
    "resnet-18, 1814",
    "resnet-34, 3664",
    "resnet-50, 4089",
    "vgg-11, 7609",
    "vgg-11-bn, 7609",
    "vgg-16, 15470",
    "vgg-16-bn, 15470",
    "resnet-20, 41",
    "resnet-9, 379",
    "airbench, 118",
    "airbench-mini, 33",
  })
  void theMultiplyAddsAreAsManyAsPublished(String name, int millions) {
    ModelSpec model = Zoo.model(name, Zoo.classes(name));
    long flops =
        model.leaves().stream()
            .filter(layer -> !(layer.layer() instanceof LayerSpec.BatchNormalization))
            .filter(layer -> layer.parameterCount() > 0)
            .mapToLong(Placed::flops)
            .sum();
    assertThat(Math.round(flops / 2e6)).isEqualTo(millions);
  }

  @ParameterizedTest
  @CsvSource({
    "resnet-18, 112 x 112 x 64, 56 x 56 x 64, 28 x 28 x 128, 14 x 14 x 256, 7 x 7 x 512",
    "resnet-50, 112 x 112 x 64, 56 x 56 x 256, 28 x 28 x 512, 14 x 14 x 1024, 7 x 7 x 2048",
    "googlenet, 112 x 112 x 64, 56 x 56 x 192, 28 x 28 x 480, 14 x 14 x 832, 7 x 7 x 1024",
    "squeezenet, 109 x 109 x 96, 54 x 54 x 256, 27 x 27 x 512, 13 x 13 x 512, 1000",
    "mobilenet-v1, 112 x 112 x 64, 56 x 56 x 128, 28 x 28 x 256, 14 x 14 x 512, 7 x 7 x 1024",
  })
  void stagesHaveTheSizesOfThePapersTable(
      String name, String a, String b, String c, String d, String e) {
    assertThat(outputs(name, 1000)).contains(a, b, c, d, e);
  }

  /** Blocks fit for each size: shapes are inferred where a model is made. */
  @Test
  void modelsCanBeMadeForAllOfTheirSizes() {
    for (String name : Zoo.names()) {
      for (int size : Zoo.sizes(name)) {
        ModelSpec model = Zoo.sized(name, size, 7);
        assertThat(model.classes()).isEqualTo(7);
        assertThat(model.input().height()).isEqualTo(size);
      }
    }
  }

  /** So a user can copy the file of a model and change it. */
  @Test
  void theFileOfAModelIsOneThatUsersMayGive() throws IOException {
    for (String name : Zoo.names()) {
      try (InputStream file = Zoo.class.getResourceAsStream(name + ".yaml")) {
        assertThat(ModelYaml.read(file, name, 7)).isEqualTo(Zoo.model(name, 7));
      }
    }
  }

  @Test
  void stagesAndBlocksHaveTorchvisionsNames() {
    ModelSpec model = Zoo.model("resnet-18", 1000);

    assertThat(paths(model, "layer1")).containsExactly("5", "6");
    assertThat(paths(model, "layer4-1")).containsExactly("12");
    assertThat(paths(Zoo.model("googlenet", 10), "inception3a")).containsExactly("12");
  }

  @Test
  void theClassifierOfSmallResidualNetsBeginsWithWeightsByFanIn() {
    ModelSpec model = Zoo.model("resnet-20", 10);
    Placed classifier = model.placed().get(model.placed().size() - 1);
    float[] weights = new float[640];
    new InitialParameters(model, 1).fill(classifier.parameterOffset(), FloatBuffer.wrap(weights));

    double squares = 0;
    for (float weight : weights) {
      squares += (double) weight * weight;
    }
    assertThat(Math.sqrt(squares / weights.length)).isBetween(0.15, 0.21); // sqrt(2 / 64) = 0.177
  }

  private static List<String> paths(ModelSpec model, String text) {
    return LayerReference.find(model, text).stream().map(Placed::path).toList();
  }

  @Test
  void lenetsLayersHaveTheSizesOfThePapersFigure2() {
    assertThat(parametersByLayer("lenet5", 10)).containsExactly(156L, 2416L, 48120L, 10164L, 850L);
    assertThat(outputs("lenet5", 10))
        .containsExactly(
            "28 x 28 x 6",
            "28 x 28 x 6",
            "14 x 14 x 6",
            "10 x 10 x 16",
            "10 x 10 x 16",
            "5 x 5 x 16",
            "120",
            "120",
            "84",
            "84",
            "10");
  }

  @Test
  void alexnetsLayersHaveTheSizesOfThePapersFigure2() {
    assertThat(parametersByLayer("alexnet-single", 1000))
        .containsExactly(
            34944L, 614656L, 885120L, 1327488L, 884992L, 37752832L, 16781312L, 4097000L);
    assertThat(outputs("alexnet-single", 1000))
        .contains("55 x 55 x 96", "27 x 27 x 256", "13 x 13 x 384", "13 x 13 x 256", "6 x 6 x 256");
    // Multiply-adds: 105,415,200 + 447,897,600 + 149,520,384 + 224,280,576 + 149,520,384
    // in the convolutions, 37,748,736 + 16,777,216 + 4,096,000 in the dense layers.
    long multiplyAdds =
        Zoo.model("alexnet-single", 1000).placed().stream()
            .filter(placed -> placed.parameterCount() > 0)
            .mapToLong(Placed::flops)
            .sum();
    assertThat(multiplyAdds).isEqualTo(2 * 1_135_256_096L);
  }

  @Test
  void anLstmsParametersAreThoseOfItsGates() {
    // Each of 4 gates sees 28 pixels, 128 states and a bias.
    assertThat(parametersByLayer("row-lstm", 10))
        .containsExactly(4L * 128 * (28 + 128 + 1), 128L * 10 + 10);
    assertThat(outputs("row-lstm", 10)).containsExactly("128", "10");
    Placed lstm = Zoo.model("row-lstm", 10).placed().get(0);
    assertThat(lstm.flops()).isEqualTo(28L * 4 * 128 * (2 * (28 + 128) + 1));
    float[] biases = new float[4 * 128];
    new InitialParameters(Zoo.model("row-lstm", 10), 1)
        .fill(4 * 128 * (28 + 128), FloatBuffer.wrap(biases));
    for (int i = 0; i < biases.length; i++) {
      assertThat(biases[i]).isEqualTo(i / 128 == 1 ? 1 : 0);
    }
  }

  @Test
  void modelsTakeTheShapeOfTheDataWhereTheyCan() {
    assertThat(Zoo.model("perceptron", new Shape(9, 4, 3), 5).parameterCount())
        .isEqualTo(9 * 4 * 3 * 5 + 5);
    assertThat(Zoo.model("mlp-deep", new Shape(7, 7, 1), 5).input()).isEqualTo(new Shape(7, 7, 1));
    assertThat(Zoo.model("lenet5", new Shape(32, 32, 1), 10).parameterCount()).isEqualTo(61706);
    assertThat(Zoo.model("lenet5-modern", new Shape(28, 28, 3), 10).parameterCount())
        .isEqualTo(61706 + 2 * 6 * 25);
    assertThat(Zoo.model("alexnet-mini", new Shape(64, 64, 3), 10).parameterCount())
        .isEqualTo(Zoo.model("alexnet-mini", new Shape(32, 32, 3), 10).parameterCount());
  }

  @Test
  void alexnetMiniSaysThatItIsAnotherNetworkForLargerImages() {
    ModelSpec small = Zoo.sized("alexnet-mini", 32, 7);
    ModelSpec large = Zoo.sized("alexnet-mini", 64, 7);

    assertThat(Zoo.note(small)).isEmpty();
    assertThat(Zoo.note(large).orElseThrow())
        .startsWith("alexnet-mini for 64 x 64 inputs begins with stride 2");
    assertThat(((LayerSpec.Convolution) large.layers().get(0)).window().stride()).isEqualTo(2);
    assertThat(large.layers().subList(1, large.layers().size()))
        .isEqualTo(small.layers().subList(1, small.layers().size()));
    assertThat(Zoo.summary("alexnet-mini")).contains("64 x 64");
    ModelSpec ofAUser = new ModelSpec("alexnet-mini", large.input(), small.layers());
    assertThat(Zoo.note(ofAUser)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "alexnet-mini, 48, 32 x 32 or 64 x 64",
    "lenet5, 0, 28 x 28 or 32 x 32",
    "alexnet, 224, 227 x 227 x 3",
    "perceptron, -1, any size"
  })
  void aSizeThatAModelHasNotIsRefused(String name, int size, String sizes) {
    assertThatThrownBy(() -> Zoo.sized(name, size, 10))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("Invalid input size: " + size)
        .hasMessageContaining(sizes);
  }

  @ParameterizedTest
  @CsvSource({
    "lenet5, 64, 48, 3, 32 x 32 x 3",
    "lenet5, 28, 32, 1, 28 x 28 x 1",
    "alexnet, 256, 256, 3, 227 x 227 x 3",
    "alexnet-owt, 256, 341, 3, 224 x 224 x 3",
    "alexnet-mini, 63, 64, 3, 32 x 32 x 3",
  })
  void modelsTakeWindowsOfLargerImages(
      String name, int height, int width, int channels, String takes) {
    assertThat(Zoo.model(name, new Shape(height, width, channels), 10).input()).hasToString(takes);
  }

  @ParameterizedTest
  @CsvSource({
    "lenet5, 27, 64, 3, 28 x 28 or 32 x 32",
    "alexnet, 256, 226, 3, 227 x 227 x 3",
    "alexnet-mini, 28, 28, 1, 32 x 32 or 64 x 64",
    "alexnet-single, 227, 227, 1, 227 x 227 x 3",
  })
  void dataThatDoesNotFitIsRefusedWithBothShapes(
      String name, int height, int width, int channels, String takes) {
    Shape data = new Shape(height, width, channels);
    assertThatThrownBy(() -> Zoo.model(name, data, 10))
        .isInstanceOf(InputException.class)
        .hasMessageContainingAll(name, takes, data.toString());
  }

  @Test
  void anUnknownNameIsAnsweredWithTheNearest() {
    assertThatThrownBy(() -> Zoo.model("lenet-5", 10))
        .isInstanceOf(InputException.class)
        .hasMessageContainingAll("did you mean 'lenet5'?", "alexnet-mini");
    assertThatThrownBy(() -> Zoo.model("lenet5", 1))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("at least 2 classes");
  }

  @Test
  void theTableShowsEachLayerAndTheTotals() {
    assertThat(ModelTable.of(Zoo.model("lenet5", 10)))
        .isEqualTo(
            """
                layer                 output        parameters  MFLOP forward
                input                 28 x 28 x 1
             1  conv 6 @ 5x5 pad 2    28 x 28 x 6          156          0.235
             2  scaled-tanh           28 x 28 x 6                       0.005
             3  average pool 2x2 / 2  14 x 14 x 6                       0.005
             4  conv 16 @ 5x5         10 x 10 x 16       2,416          0.480
             5  scaled-tanh           10 x 10 x 16                      0.002
             6  average pool 2x2 / 2  5 x 5 x 16                        0.002
             7  dense 120             120               48,120          0.096
             8  scaled-tanh           120                               0.000
             9  dense 84              84                10,164          0.020
            10  scaled-tanh           84                                0.000
            11  dense 10              10                   850          0.002
                total                                   61,706          0.846
            """);
  }

  private static List<Long> parametersByLayer(String name, int classes) {
    return Zoo.model(name, classes).placed().stream()
        .map(Placed::parameterCount)
        .filter(count -> count > 0)
        .toList();
  }

  private static List<String> outputs(String name, int classes) {
    return Zoo.model(name, classes).placed().stream()
        .map(placed -> placed.output().toString())
        .toList();
  }
}
