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
import io.stoker.models.spec.LayerSpec.DepthwiseConvolution;
import io.stoker.models.spec.LayerSpec.Dropout;
import io.stoker.models.spec.LayerSpec.GlobalAveragePooling;
import io.stoker.models.spec.LayerSpec.LocalResponseNormalization;
import io.stoker.models.spec.LayerSpec.Pooling;
import io.stoker.models.zoo.Zoo;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class ModelYamlTest {
  private static final Initializer HE = Initializer.Rule.HE;
  private static final Initializer GLOROT = Initializer.Rule.GLOROT;

  @Test
  void aShortFileIsCompletedWithTheDocumentedDefaults() throws IOException {
    ModelSpec model =
        read(
            """
            name: small        # a comment
            input: [28, 28, 1]
            layers:
              - conv: {filters: 6, kernel: 5, padding: 2}
              - lrn
              - relu
              - max-pool: {kernel: 2}
              - conv: {filters: 8, kernel: 3, weights: {gaussian: 1e-2}, bias: 0.1}
              - tanh
              - average-pool: {kernel: 3, stride: 2, padding: 1}
              - lrn: {size: 3, alpha: 1e-3}
              - dense: 120
              - leaky-relu
              - dropout: 0.5
              - dense: {units: 84, weights: lecun}
              - scaled-tanh
              - dense: classes
            """,
            7);
    assertThat(model)
        .isEqualTo(
            new ModelSpec(
                "small",
                new Shape(28, 28, 1),
                List.of(
                    new Convolution(6, Window.of(5).by(1).padded(2), 1, HE, 0),
                    new LocalResponseNormalization(5, 2, 1e-4f, 0.75f),
                    new Activation(ActivationFunction.RELU),
                    new Pooling(Pooling.Kind.MAXIMUM, Window.of(2).by(2).padded(0)),
                    new Convolution(
                        8, Window.of(3).by(1).padded(0), 1, new Initializer.Gaussian(0.01f), 0.1f),
                    new Activation(ActivationFunction.TANH),
                    new Pooling(Pooling.Kind.AVERAGE, Window.of(3).by(2).padded(1)),
                    new LocalResponseNormalization(3, 2, 1e-3f, 0.75f),
                    new Dense(120, HE, 0),
                    new Activation(ActivationFunction.LEAKY_RELU),
                    new Dropout(0.5f),
                    new Dense(84, Initializer.Rule.LECUN, 0),
                    new Activation(ActivationFunction.SCALED_TANH),
                    new Dense(7, GLOROT, 0))));
  }

  static List<String> zoo() {
    return Zoo.names();
  }

  @ParameterizedTest
  @MethodSource("zoo")
  void whatIsWrittenIsReadBackEqual(String name) throws IOException {
    ModelSpec model = Zoo.model(name, 10);
    assertThat(read(ModelYaml.write(model), 3)).isEqualTo(model);
  }

  @Test
  void aNameWithYamlInItIsReadBackEqual() throws IOException {
    ModelSpec model =
        new ModelSpec(
            "a: [b], \"c\" # d - e",
            Shape.vector(3),
            List.of(new Dense(2, new Initializer.Constant(1e-7f), -3.5f)));
    assertThat(read(ModelYaml.write(model), 3)).isEqualTo(model);
  }

  @Test
  void theWrittenFormHasOneLayerALine() {
    assertThat(ModelYaml.write(Zoo.model("lenet5-modern", 10)))
        .isEqualTo(
            """
            name: "lenet5-modern"
            input: [28, 28, 1]
            layers:
              - conv: {filters: 6, kernel: 5, stride: 1, padding: 2, weights: he, bias: 0.0}
              - relu
              - max-pool: {kernel: 2, stride: 2, padding: 0}
              - conv: {filters: 16, kernel: 5, stride: 1, padding: 0, weights: he, bias: 0.0}
              - relu
              - max-pool: {kernel: 2, stride: 2, padding: 0}
              - dense: {units: 120, weights: he, bias: 0.0}
              - relu
              - dense: {units: 84, weights: he, bias: 0.0}
              - relu
              - dense: {units: 10, weights: glorot, bias: 0.0}
            """);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "- conv: {filter: 6, kernel: 5} | layer 1 (conv): filter; did you mean 'filters'?",
        "- conv: {filters: 6} | Missing key at m.yaml, layer 1 (conv): kernel",
        "- conv: {filters: x, kernel: 5} | Invalid filters at m.yaml, layer 1 (conv): \"x\"",
        "- conv: {filters: 6, kernel: 5.5} | Invalid kernel",
        "- conv: {filters: 99999999999, kernel: 5} | Invalid filters",
        "- conv: {filters: 0, kernel: 5} | layer 1: Invalid filters: 0 (must be >= 1)",
        "- conv: {filters: 6, kernel: 9} | fewer than the 9 of the kernel",
        "- conv: {filters: 6, filters: 7, kernel: 5} | uplicate",
        "- conv: 6 | must be a map",
        "- conv | Missing key at m.yaml, layer 1 (conv): filters",
        "- relux | Unknown layer at m.yaml, layer 1: relux; did you mean 'relu'?",
        "- relu: {slope: 1} | it takes none",
        "- [relu] | Invalid layer at m.yaml, layer 1",
        "- dropout: 1.5 | Invalid dropout: 1.5",
        "- stochastic-depth: 1 | Invalid stochastic-depth: 1.0 (must be >= 0 and < 1)",
        "- dropout: much | Invalid probability",
        "- dropout: .nan | line 4: Malformed numeric value",
        "- lrn: {size: 4} | Invalid LRN size: 4",
        "- dense: {units: 3, weights: hee} | did you mean 'he'?",
        "- dense: {units: 3, weights: {gaussian: -1}} | gaussian -1.0 (must be >= 0)",
        "- dense: {units: 3, weights: 5} | Invalid weights",
        "- max-pool: {kernel: 2, padding: 2} | Invalid padding: 2",
        "- \"re\\e[2Jlu\" | line 4: there is a control character",
        "- &a relu | anchors and aliases",
        "- *a | alias",
        "- !!java.io.File [x] | Invalid layer",
        "- sequence: {of: []} | Invalid sequence at m.yaml, layer 1 (sequence): it has no layers",
        "- residual: {shortcut: []} | Missing key at m.yaml, layer 1 (residual): body",
        "- residual: {body: [], after: relu} | its body has no layers",
        "- residual: [relu] | must be a map",
        "- residual: {body: relu, afterwards: relu} | layer 1 (residual): afterwards; Known: name,"
            + " body",
        "- residual: {body: [{conv: {filters: 6, kernel: 1}}]} | residual: its body gives 8 x 8 x"
            + " 6, its shortcut 8 x 8 x 1",
        "- residual: {name: 5, body: relu} | Invalid layer name: '5'",
        "- residual: {name: a, name: b, body: relu} | uplicate",
        "- residual: {body: [reluu]} | Unknown layer at m.yaml, layer 1, body, layer 1: reluu",
        "- branches: relu | must be a list of branches",
        "- branches: [relu] | Invalid branches: a join of 1 (at least 2 branches are needed)",
        "- branches: {name: inception, of: [[], []]} | branches inception: more than one branch",
        "- branches: [relu, {max-pool: {kernel: 2}}] | branch 1 gives 8 x 8 x 1, branch 2 gives"
            + " 4 x 4 x 1",
        "- sequence: {name: a, of: [{sequence: {name: a, of: [relu]}}]} | Two layers with the name"
            + " 'a'",
        "- branches: [relu] | m.yaml, layer 1: Invalid branches: a join of 1",
        "- {residual: {body: [{max-pool: {kernel: 2}}]}} | m.yaml: layer 1: Cannot add in residual",
        "- pad-channels: 1 | Invalid channels: 1 (must be between 2 and",
        "- pad-channels: many | Invalid channels",
        "- pad-channels: {units: 3} | layer 1 (pad-channels): units; Known: channels",
        "- sequence: [pad-channels: 4, pad-channels: 4] | Invalid channels of pad channels to 4: 4"
            + " (must be more than the 4 before it)",
        "- depthwise-conv: {multiplier: 0, kernel: 3} | Invalid multiplier: 0",
        "- depthwise-conv: {multiplier: 200000000, kernel: 3} | Invalid",
        "- depthwise-conv: {multiplier: 200000000, kernel: 1024, padding: 1024} | Invalid",
        "- depthwise-conv: {kernel: 3, dilation: 2} | Unknown key at m.yaml, layer 1"
            + " (depthwise-conv): dilation",
        "- conv: {filters: 2, kernel: 3, bias: no} | Invalid bias",
        "- squeeze-excitation: 2 | m.yaml, layer 1: Invalid reduction: 2 (must be between 1 and the"
            + " 1 channels)",
        "- squeeze-excitation: {units: 3} | layer 1 (squeeze-excitation): units; Known: name,"
            + " reduction",
        "- channel-gate: [] | Invalid channel-gate: it has no layers",
        "- channel-gate: relu | Cannot scale in channel-gate: its layers give 8 x 8 x 1 (must be a"
            + " value for each of the 1 channels)",
        "- channel-gate: [{dense: 2}] | its layers give 2 (must be a value for each of the 1",
      })
  void aWrongLayerIsNamedWithItsPlace(String layer, String message) {
    assertRefused("name: m\ninput: [8, 8, 1]\nlayers:\n  " + layer + "\n  - dense: 2\n", message);
  }

  @Test
  void aWrongFileIsRefused() {
    assertRefused("", "it is empty");
    assertRefused("5", "not a map");
    assertRefused("nme: m\ninput: [8, 8, 1]\nlayers: [dense: 2]", "did you mean 'name'?");
    assertRefused("name: m\nlayers: [dense: 2]", "Missing key at m.yaml: input");
    assertRefused("name: m\ninput: [8, 8]\nlayers: [dense: 2]", "must be [height, width, chan");
    assertRefused("name: m\ninput: [8, 0, 1]\nlayers: [dense: 2]", "Invalid shape: 8 x 0 x 1");
    assertRefused("name: m\ninput: [99999, 99999, 9]\nlayers: [dense: 2]", "Invalid shape");
    assertRefused("name: m\ninput: [8, 8, 1]\nlayers: [dense: 1]", "at least 2 classes");
    assertRefused("name: m\ninput: [8, 8, 1]\nlayers: [relu]", "the last layer must be dense");
    assertRefused("name: m\ninput: [8, 8, 1]\nlayers: []", "the last layer must be dense");
    assertRefused("name: m\ninput: [8, 8, 1]\nlayers: {dense: 2}", "Invalid layers");
    assertRefused("name: ' '\ninput: [8, 8, 1]\nlayers: [dense: 2]", "must not be blank");
    assertRefused("name: m\ninput: [8, 8, 1]\nlayers: [dense: 2]\n---\nname: n", "m.yaml");
    assertRefused("name: [", "line 1");
    assertRefused("\u0000\u0001\u0002", "m.yaml");
  }

  @Test
  void squeezeAndExcitationKnowsTheChannelsBeforeIt() throws IOException {
    ModelSpec model =
        read(
            """
            name: m
            input: [8, 8, 3]
            layers:
              - residual:
                  body:
                    - conv: {filters: 32, kernel: 3, padding: 1}
                    - squeeze-excitation: {name: se, reduction: 8}
                  shortcut: [{conv: {filters: 32, kernel: 1}}]
                  after: [squeeze-excitation]
              - dense: 2
            """,
            2);

    CompositeSpec.Residual block = (CompositeSpec.Residual) model.layers().get(0);
    assertThat(block.body().layers().get(1))
        .isEqualTo(
            new CompositeSpec.ChannelGate(
                "se",
                CompositeSpec.Sequence.of(
                    new LayerSpec.GlobalAveragePooling(),
                    new LayerSpec.Dense(4, Initializer.Rule.HE, 0),
                    new LayerSpec.Activation(ActivationFunction.RELU),
                    new LayerSpec.Dense(32, Initializer.Rule.GLOROT, 0),
                    new LayerSpec.Activation(ActivationFunction.SIGMOID))));
    assertThat(block.after().layers())
        .containsExactly(CompositeSpec.ChannelGate.squeezeExcitation("", 32, 16));
    assertThat(read(ModelYaml.write(model), 2)).isEqualTo(model);
  }

  @Test
  void aTreeMayBeWrittenShort() throws IOException {
    ModelSpec model =
        read(
            """
            name: tree
            input: [8, 8, 4]
            layers:
              - residual:
                  body:
                    - conv: {filters: 4, kernel: 3, padding: 1, bias: none}
                    - batch-norm
                  after: relu
              - branches:
                  - conv: {filters: 2, kernel: 1}
                  - []
                  - [{depthwise-conv: {kernel: 3, padding: 1}}, tanh]
              - sequence: [relu, {conv: {filters: classes, kernel: 1}}, global-average-pool]
            """,
            5);
    assertThat(model)
        .isEqualTo(
            new ModelSpec(
                "tree",
                new Shape(8, 8, 4),
                List.of(
                    new Residual(
                        "",
                        Sequence.of(
                            new Convolution(4, Window.of(3).padded(1), 1, HE, 0).withoutBias(),
                            new BatchNormalization(1e-5f, 0.9f)),
                        Sequence.IDENTITY,
                        Sequence.of(new Activation(ActivationFunction.RELU))),
                    new Branches(
                        "",
                        List.of(
                            Sequence.of(new Convolution(2, Window.of(1), 1, HE, 0)),
                            Sequence.IDENTITY,
                            Sequence.of(
                                new DepthwiseConvolution(
                                    1, Window.of(3).padded(1), GLOROT, 0, true),
                                new Activation(ActivationFunction.TANH)))),
                    Sequence.of(
                        new Activation(ActivationFunction.RELU),
                        new Convolution(5, Window.of(1), 1, GLOROT, 0),
                        new GlobalAveragePooling()))));
    assertThat(read(ModelYaml.write(model), 3)).isEqualTo(model);
  }

  @Test
  void aTreeIsWrittenAsATree() throws IOException {
    String yaml =
        """
name: "tree"
input: [4, 4, 2]
layers:
  - residual:
      name: "block"
      body:
        - depthwise-conv: {multiplier: 1, kernel: 3, stride: 1, padding: 1, weights: he-fan-out, bias: none}
        - relu
      shortcut: []
      after:
        - relu
  - branches:
      of:
        - - conv: {filters: 3, kernel: 1, stride: 1, padding: 0, weights: he, bias: 0.0}
          - relu
        - []
  - sequence:
      of:
        - global-average-pool
        - dense: {units: 2, weights: glorot, bias: 0.0}
""";
    assertThat(ModelYaml.write(read(yaml, 2))).isEqualTo(yaml);
  }

  @Test
  void scalingAndDiracAreRefusedWhereTheyMeanNothing() {
    String head = "name: m\ninput: [8, 8, 2]\nlayers:\n  - ";
    assertRefused(head + "scale: 0\n  - dense: 2", "Invalid factor: 0.0 (must be > 0)");
    assertRefused(head + "dense: 2\n  - scale: 0.5", "the last layer must be dense");
    assertRefused(
        head + "depthwise-conv: {kernel: 3, weights: dirac}\n  - dense: 2",
        "Invalid weights of a depthwise convolution: dirac");
    assertRefused(head + "lstm: {units: 3, weights: dirac}\n  - dense: 2", "LSTM: dirac");
  }

  @Test
  void aBombIsRefusedBeforeItGoesOff() {
    assertRefused(
        "name: m\ninput: [8, 8, 1]\nlayers:\n  - dense: " + "[".repeat(90) + "]".repeat(90),
        "line 4: nested deeper than 74");
    assertRefused(
        "name: m\ninput: [8, 8, 1]\nlayers:\n  - "
            + "sequence: ["
            + "{sequence: [".repeat(20)
            + "relu"
            + "]}".repeat(20)
            + "]\n  - dense: 2",
        "nested deeper than 16");
    assertRefused(
        "name: m\ninput: [8, 8, 1]\nlayers:\n"
            + ("  - sequence: [" + "relu, ".repeat(99) + "relu]\n").repeat(10)
            + "  - dense: 2\n",
        "there are more than 1000");
    StringBuilder bomb = new StringBuilder("a0: &a0 [x, x]\n");
    for (int i = 1; i < 60; i++) {
      bomb.append(String.format(Locale.ROOT, "a%d: &a%d [*a%d, *a%d]\n", i, i, i - 1, i - 1));
    }
    assertRefused(bomb.toString(), "anchors and aliases");
    assertRefused("#".repeat(1 << 20) + "\nname: m", "larger than");
    assertRefused(
        "name: m\ninput: [8, 8, 1]\nlayers:\n" + "  - relu\n".repeat(1000) + "  - dense: 2\n",
        "at most 1000");
    assertRefused(
        "name: m\ninput: [8, 8, 1]\nlayers: [{dense: 2000000000}, {dense: 2}]", "Invalid shape");
  }

  private static void assertRefused(String yaml, String message) {
    assertThatThrownBy(() -> read(yaml, 10))
        .isInstanceOf(InputException.class)
        .hasMessageContaining(message)
        .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1));
  }

  private static ModelSpec read(String yaml, int classes) throws IOException {
    return ModelYaml.read(
        new ByteArrayInputStream(yaml.getBytes(StandardCharsets.UTF_8)), "m.yaml", classes);
  }
}
