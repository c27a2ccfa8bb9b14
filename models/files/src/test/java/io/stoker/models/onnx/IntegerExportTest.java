// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.onnxruntime.OrtException;
import io.stoker.models.engine.Arithmetic;
import io.stoker.models.engine.Engines;
import io.stoker.models.engine.Network;
import io.stoker.models.interchange.TrainedModel;
import io.stoker.models.onnx.OnnxOptions.Normalization;
import io.stoker.models.spec.EveryLayer;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Quantization;
import io.stoker.models.zoo.Zoo;
import io.stoker.testing.Instructions;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import onnx.Onnx.ModelProto;
import onnx.Onnx.NodeProto;
import onnx.Onnx.TensorProto;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Exported models with layers in int8, in our engine and in ONNX Runtime. */
class IntegerExportTest {
  private static final int EXAMPLES = 4;

  @BeforeEach
  void needsTheInstructions() {
    Instructions.AVX512_VNNI.assume();
  }

  static Stream<ModelSpec> models() {
    return Stream.of(
        EveryLayer.model(),
        Zoo.model("lenet5-modern", 10),
        Zoo.model("resnet-mini", 10),
        Zoo.model("resnet-20", 10));
  }

  private static Quantization quantization(TrainedModel trained, float[] images) {
    TreeMap<String, Quantization.Range> ranges = new TreeMap<>();
    try (Network network = Engines.named("onednn").create(trained.model(), EXAMPLES)) {
      network.writeParameters(0, FloatBuffer.wrap(trained.parameters()));
      network.observeInputs(
          images,
          EXAMPLES,
          (layer, input) -> {
            float least = 0;
            float most = 1e-6f;
            for (int i = 0; i < input.remaining(); i++) {
              least = Math.min(least, input.get(i));
              most = Math.max(most, input.get(i));
            }
            ranges.put(layer, new Quantization.Range(Math.max(most, -least), least < 0));
          });
    }
    return new Quantization(ranges);
  }

  private static float[] predict(TrainedModel trained, Quantization layers, float[] images) {
    float[] probabilities = new float[EXAMPLES * trained.model().classes()];
    try (Network network =
        Engines.named("onednn")
            .create(trained.model(), EXAMPLES, Arithmetic.FASTEST_FP32, layers)) {
      network.writeParameters(0, FloatBuffer.wrap(trained.parameters()));
      network.predict(images, EXAMPLES, probabilities);
    }
    return probabilities;
  }

  private static byte[] export(TrainedModel trained, Quantization layers) throws IOException {
    ByteArrayOutputStream stream = new ByteArrayOutputStream();
    OnnxOptions options = new OnnxOptions(13, OnnxOptions.DEFAULT_INPUT, Normalization.EXCLUDE);
    OnnxWriter.of(trained.metadata().with(layers), "f".repeat(64), "1", options, 1)
        .write(trained.source(), stream);
    return stream.toByteArray();
  }

  @ParameterizedTest
  @MethodSource("models")
  void onnxRuntimePredictsTheSameUpToRounding(ModelSpec model) throws IOException, OrtException {
    TrainedModel trained = TrainedModel.of(model);
    float[] images = trained.normalized(trained.pixels(EXAMPLES, 1));
    Quantization layers = quantization(trained, images);

    float[] predicted = predict(trained, layers, images);
    assertThat(OnnxRuntime.run(export(trained, layers), images, model.input()))
        .containsExactly(predicted, within(0.01f));
    assertThat(predicted).isNotEqualTo(predict(trained, Quantization.NONE, images));
  }

  @ParameterizedTest
  @ValueSource(floats = {0, 1e-39f, 1e-20f, 1e-14f})
  void weightsMayBeTiny(float weight) throws IOException, OrtException {
    TrainedModel trained = TrainedModel.of(Zoo.model("lenet5-modern", 10));
    ModelSpec.Placed conv = trained.model().placed().get(0);
    int first = Math.toIntExact(conv.parameterOffset()) + conv.output().channels();
    Arrays.fill(trained.parameters(), first, first + 25, weight);
    float[] images = trained.normalized(trained.pixels(EXAMPLES, 1));
    Quantization layers = quantization(trained, images);

    assertThat(OnnxRuntime.run(export(trained, layers), images, trained.model().input()))
        .containsExactly(predict(trained, layers, images), within(0.01f));
  }

  @Test
  void eachLayerReadsIntegersAndNormalizationsAreFolded() throws IOException {
    TrainedModel trained = TrainedModel.of(Zoo.model("resnet-mini", 10));
    Quantization all = quantization(trained, trained.normalized(trained.pixels(EXAMPLES, 1)));
    Quantization layers = all.without("1");
    ModelProto file = ModelProto.parseFrom(export(trained, layers));
    Map<String, NodeProto> nodes =
        file.getGraph().getNodeList().stream()
            .collect(Collectors.toMap(node -> node.getOutput(0), Function.identity()));
    Map<String, TensorProto> tensors =
        file.getGraph().getInitializerList().stream()
            .collect(Collectors.toMap(TensorProto::getName, Function.identity()));

    int inInt8 = 0;
    for (NodeProto node : nodes.values()) {
      if (node.getName().equals("layer_1")) {
        assertThat(tensors.get(node.getInput(1)).getDataType())
            .isEqualTo(TensorProto.DataType.FLOAT.getNumber());
      } else if (node.getOpType().equals("Conv") || node.getOpType().equals("Gemm")) {
        inInt8++;
        NodeProto input = nodes.get(node.getInput(0));
        assertThat(input.getOpType()).isEqualTo("DequantizeLinear");
        assertThat(nodes.get(input.getInput(0)).getOpType()).isEqualTo("QuantizeLinear");
        assertThat(tensors.get(nodes.get(node.getInput(1)).getInput(0)).getDataType())
            .isEqualTo(TensorProto.DataType.INT8.getNumber());
        assertThat(tensors.get(nodes.get(node.getInput(2)).getInput(0)).getDataType())
            .isEqualTo(TensorProto.DataType.INT32.getNumber());
      }
    }
    // Blocks add to the integers that their bodies read.
    assertThat(nodes.values().stream().filter(node -> node.getOpType().equals("Add")))
        .filteredOn(sum -> nodes.get(sum.getInput(1)).getOpType().equals("DequantizeLinear"))
        .isNotEmpty()
        .allSatisfy(
            sum ->
                assertThat(nodes.values())
                    .filteredOn(node -> node.getOpType().equals("Conv"))
                    .anySatisfy(conv -> assertThat(conv.getInput(0)).isEqualTo(sum.getInput(1))));
    assertThat(inInt8).isEqualTo(layers.ranges().size()).isEqualTo(all.ranges().size() - 1);
    // Only the normalization after the layer in fp32 is there.
    assertThat(nodes.values())
        .filteredOn(node -> node.getOpType().equals("BatchNormalization"))
        .hasSize(1);
  }
}
