// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.failure.InputException;
import io.stoker.models.spec.CompositeSpec.Branches;
import io.stoker.models.spec.CompositeSpec.Residual;
import io.stoker.models.spec.CompositeSpec.Sequence;
import io.stoker.models.spec.LayerSpec.Activation;
import io.stoker.models.spec.LayerSpec.BatchNormalization;
import io.stoker.models.spec.LayerSpec.Convolution;
import io.stoker.models.spec.LayerSpec.Dense;
import io.stoker.models.spec.LayerSpec.GlobalAveragePooling;
import io.stoker.models.spec.ModelSpec.Placed;
import java.nio.FloatBuffer;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ModelSpecTreeTest {
  private static final Initializer ANY = Initializer.Rule.HE;
  private static final Activation RELU = new Activation(ActivationFunction.RELU);

  private static final ModelSpec MODEL =
      new ModelSpec(
          "tree",
          new Shape(8, 8, 3),
          List.of(
              conv(4, 3, 1),
              new Sequence(
                  "stage",
                  List.of(
                      new Residual(
                          "block",
                          Sequence.of(
                              conv(6, 3, 2).withoutBias(), new BatchNormalization(1e-5f, 0.9f)),
                          Sequence.of(conv(6, 1, 2)),
                          Sequence.of(RELU)),
                      new Branches(
                          "join",
                          List.of(
                              Sequence.of(conv(2, 1, 1)),
                              Sequence.IDENTITY,
                              Sequence.of(Sequence.of(conv(3, 3, 1), RELU)))))),
              new GlobalAveragePooling(),
              new Dense(5, ANY, 0)));

  private static Convolution conv(int filters, int kernel, int stride) {
    return new Convolution(filters, Window.of(kernel).by(stride).padded(kernel / 2), 1, ANY, 0.5f);
  }

  @Test
  void sequencesAreDissolvedInTheChain() {
    assertThat(MODEL.placed().stream().map(placed -> placed.layer().label()))
        .containsExactly(
            "conv 4 @ 3x3 pad 1",
            "residual block",
            "branches join",
            "global average pool",
            "dense 5");
    assertThat(MODEL.placed().stream().map(Placed::index)).containsExactly(0, 1, 2, 3, 4);
    assertThat(MODEL.placed().stream().map(Placed::path)).containsExactly("1", "2", "3", "4", "5");
    assertThat(MODEL.placed().stream().map(placed -> placed.output().toString()))
        .containsExactly("8 x 8 x 4", "4 x 4 x 6", "4 x 4 x 11", "11", "5");
    assertThat(MODEL.classes()).isEqualTo(5);
  }

  @Test
  void parametersFollowTheDataDepthFirst() {
    List<Placed> leaves = MODEL.leaves();

    assertThat(leaves.stream().map(Placed::path))
        .containsExactly("1", "2.1", "2.2", "2.3", "2.4", "3.1", "3.2", "3.3", "4", "5");
    long offset = 0;
    for (Placed leaf : leaves) {
      assertThat(leaf.parameterOffset()).isEqualTo(offset);
      offset += leaf.parameterCount();
    }
    assertThat(offset).isEqualTo(MODEL.parameterCount());
    assertThat(leaves.stream().map(Placed::parameterCount))
        .containsExactly(
            4L * 27 + 4, 6L * 36, 24L, 6L * 4 + 6, 0L, 2L * 6 + 2, 3L * 54 + 3, 0L, 0L, 5L * 12);
    assertThat(MODEL.learnedCount()).isEqualTo(MODEL.parameterCount() - 12);
    Placed block = MODEL.placed().get(1);
    assertThat(block.parameters())
        .isEqualTo(
            leaves.subList(1, 5).stream().flatMap(leaf -> leaf.parameters().stream()).toList());
    assertThat(block.parameterOffset()).isEqualTo(112);
  }

  @Test
  void eachLayerHasANumberOfItsOwn() {
    Set<Integer> numbers = new HashSet<>();
    everything(MODEL.tree())
        .forEach(placed -> assertThat(numbers.add(placed.index())).as(placed.path()).isTrue());
  }

  private static Stream<Placed> everything(List<Placed> tree) {
    return tree.stream()
        .flatMap(placed -> Stream.concat(Stream.of(placed), everything(placed.inner())));
  }

  @Test
  void flopsAreThoseOfAllLayersAndTheSum() {
    long layers = MODEL.leaves().stream().mapToLong(Placed::flops).sum();

    assertThat(MODEL.flops()).isEqualTo(layers + 4 * 4 * 6);
  }

  @Test
  void firstParametersAreThoseOfEachTensor() {
    float[] values = new float[(int) MODEL.parameterCount()];
    new InitialParameters(MODEL, 3).fill(0, FloatBuffer.wrap(values));
    float[] part = new float[50];
    new InitialParameters(MODEL, 3).fill(330, FloatBuffer.wrap(part));

    for (int i = 0; i < part.length; i++) {
      assertThat(part[i]).isEqualTo(values[330 + i]);
    }
    int scale = 112 + 216; // after the first convolution and the one without biases
    for (int i = 0; i < 6; i++) {
      assertThat(values[scale + i]).isEqualTo(1);
      assertThat(values[scale + 24 + i]).isEqualTo(0.5f); // the shortcut's biases
    }
  }

  @Test
  void theTableIsIndented() {
    assertThat(ModelTable.of(MODEL))
        .isEqualTo(
            """
                 layer                         output      parameters  MFLOP forward
                 input                         8 x 8 x 3
              1  conv 4 @ 3x3 pad 1            8 x 8 x 4          112          0.014
                 sequence stage                4 x 4 x 11         437          0.014
              2    residual block              4 x 4 x 6          258          0.008
                     body
            2.1        conv 6 @ 3x3 / 2 pad 1  4 x 4 x 6          216          0.007
            2.2        batch norm              4 x 4 x 6           12          0.000
                     shortcut
            2.3        conv 6 @ 1x1 / 2        4 x 4 x 6           30          0.001
                     after the sum
            2.4        relu                    4 x 4 x 6                       0.000
              3    branches join               4 x 4 x 11         179          0.006
                     branch 1
            3.1        conv 2 @ 1x1            4 x 4 x 2           14          0.000
                     branch 2: the input
                     branch 3
                       sequence                4 x 4 x 3          165          0.005
            3.2          conv 3 @ 3x3 pad 1    4 x 4 x 3          165          0.005
            3.3          relu                  4 x 4 x 3                       0.000
              4  global average pool           11                              0.000
              5  dense 5                       5                   60          0.000
                 total                                            609          0.028
                 running statistics                                12
            """);
  }

  @Test
  void layersAreFoundByNumberLabelAndName() {
    assertThat(paths("stage")).containsExactly("2", "3");
    assertThat(paths("block")).containsExactly("2");
    assertThat(paths("residual block")).containsExactly("2");
    assertThat(paths("3")).containsExactly("3");
    assertThatThrownBy(() -> LayerReference.find(MODEL, "blok"))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("did you mean 'block'?");
  }

  @Test
  void layersInsideOfBlocksAreFoundByPathAndLabel() {
    assertThat(paths("2.3")).containsExactly("2.3");
    assertThat(paths("3.2")).containsExactly("3.2");
    assertThat(paths("batch norm")).containsExactly("2.2");
    assertThatThrownBy(() -> LayerReference.find(MODEL, "relu"))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("several layers 'relu': say which by its number (2.4, 3.3)");
    ModelSpec nested =
        new ModelSpec(
            "nested",
            new Shape(8, 8, 3),
            List.of(
                new Residual(
                    "outer",
                    Sequence.of(
                        conv(3, 3, 1),
                        new Residual(
                            "inner",
                            Sequence.of(conv(3, 3, 1), RELU),
                            Sequence.IDENTITY,
                            Sequence.IDENTITY)),
                    Sequence.IDENTITY,
                    Sequence.IDENTITY),
                new Dense(2, ANY, 0)));
    assertThat(LayerReference.find(nested, "inner").get(0).path()).isEqualTo("1.2");
    assertThat(LayerReference.find(nested, "1.2.2").get(0).layer()).isEqualTo(RELU);
  }

  @Test
  void aPathThatIsNotThereIsRefusedWithTheNearestOne() {
    assertNotFound(
        "2.5",
        "Invalid layer: 2.5 (layer 2 of model tree (residual block) has layers"
            + " 2.1 to 2.4; did you mean '2.4'?)");
    assertNotFound(
        "1.1",
        "Invalid layer: 1.1 (layer 1 of model tree (conv 4 @ 3x3 pad 1) has no"
            + " layers inside; did you mean '1'?)");
    assertNotFound("6", "Invalid layer: 6 (model tree has layers 1 to 5");
    assertNotFound("2.", "did you mean '2.1'?");
    assertNotFound(".", "model tree has layers 1 to 5");
  }

  private static void assertNotFound(String path, String message) {
    assertThatThrownBy(() -> LayerReference.find(MODEL, path))
        .isInstanceOf(InputException.class)
        .hasMessageContaining(message);
  }

  private static List<String> paths(String text) {
    return LayerReference.find(MODEL, text).stream().map(Placed::path).toList();
  }

  @Test
  void joinsThatDoNotFitAreRefusedWithBothShapes() {
    Sequence body = Sequence.of(conv(6, 3, 2));
    assertRefused(
        new Residual("block", body, Sequence.IDENTITY, Sequence.IDENTITY),
        "Cannot add in residual block: its body gives 4 x 4 x 6, its shortcut 8 x 8 x 3");
    assertRefused(
        new Branches("join", List.of(Sequence.of(RELU), body)),
        "Cannot concatenate in branches join: branch 1 gives 8 x 8 x 3, branch 2 gives 4 x 4 x 6");
    assertThatThrownBy(() -> new Branches("", List.of(body)))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("a join of 1");
    LayerSpec deep = RELU;
    for (int i = 0; i < 17; i++) {
      deep = Sequence.of(deep);
    }
    assertRefused(deep, "deeper than 16");
    assertRefused(
        Sequence.of(new Sequence("a", List.of(RELU)), new Sequence("a", List.of(RELU))),
        "Two layers with the name 'a'");
  }

  @Test
  void theLayerThatDoesNotFitIsNamedByItsNumber() {
    Sequence halved = Sequence.of(conv(3, 3, 2));
    Residual block = new Residual("", halved, Sequence.IDENTITY, Sequence.IDENTITY);
    assertRefused(Sequence.of(RELU, block), "layer 2: Cannot add in residual: its body gives");
    assertRefused(
        new Branches("", List.of(Sequence.IDENTITY, Sequence.of(RELU, block))),
        "layer 1.2: Cannot add in residual: its body gives 4 x 4 x 3, its shortcut 8 x 8 x 3");
    assertRefused(
        new Residual("", Sequence.of(RELU), Sequence.IDENTITY, Sequence.of(conv(4, 11, 1), block)),
        "layer 1.3: Cannot add in residual");
    assertRefused(
        Sequence.of(RELU, conv(4, 3, 1), new Convolution(4, Window.of(20), 1, ANY, 0)),
        "layer 3: ");
  }

  private static void assertRefused(LayerSpec layer, String message) {
    assertThatThrownBy(
            () -> new ModelSpec("m", new Shape(8, 8, 3), List.of(layer, new Dense(2, ANY, 0))))
        .isInstanceOf(InputException.class)
        .hasMessageContaining(message);
  }
}
