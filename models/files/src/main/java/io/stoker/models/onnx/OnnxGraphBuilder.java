// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onnx;

import static io.stoker.models.onnx.OnnxProtos.attribute;
import static io.stoker.models.onnx.OnnxProtos.info;
import static io.stoker.models.onnx.OnnxProtos.named;
import static io.stoker.models.onnx.OnnxProtos.node;
import static io.stoker.models.onnx.OnnxProtos.perChannel;

import io.stoker.models.file.ModelMetadata;
import io.stoker.models.onnx.LayerNodes.Value;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import onnx.Onnx.GraphProto;
import onnx.Onnx.TensorProto;

/**
 * Builds the graph of a model layer by layer. The model's tensors, which may be large, are kept
 * apart: {@link #tensors} says which the graph refers to.
 *
 * <p>An image between two nodes is {@code [batch, channels, height, width]}, a vector {@code
 * [batch, features]}. A model may pass a vector to a layer that reads images, and the other way
 * round; then a node in between changes the form.
 */
final class OnnxGraphBuilder {
  /** The name of the first output. */
  static final String PROBABILITIES = "probabilities";

  /** The name of the second output. */
  static final String SCORES = "scores";

  private static final String BATCH = "batch";
  private static final String TEMPERATURE = "temperature";
  private static final String DIVIDED = "divided_scores";
  private static final Pattern RESERVED =
      Pattern.compile(
          String.join("|", PROBABILITIES, SCORES, BATCH, TEMPERATURE, DIVIDED)
              + "|(layer|mean|deviation)_.*");

  private final GraphProto.Builder graph = GraphProto.newBuilder();
  private final List<GraphTensor> tensors = new ArrayList<>();

  /** Whether a name may be that of a value in the graph. */
  static boolean isReserved(String name) {
    return RESERVED.matcher(name).matches();
  }

  OnnxGraphBuilder(ModelMetadata metadata, OnnxOptions options, double temperature) {
    ModelSpec model = metadata.model();
    graph.setName(model.name());
    Shape input = model.input();
    graph.addInput(info(options.input(), BATCH, input.channels(), input.height(), input.width()));
    Value value = new Value(options.input(), false);
    if (options.normalization() == OnnxOptions.Normalization.INCLUDE) {
      value = normalized(value, metadata);
    }
    value = LayerNodes.chain(graph, tensors, metadata.quantization(), model.placed(), value);
    identity(value, SCORES);
    graph.addNode(
        node("Softmax", PROBABILITIES, temperature == 1 ? SCORES : divided(temperature))
            .addAttribute(attribute("axis", 1))
            .setName(PROBABILITIES));
    graph.addOutput(info(PROBABILITIES, BATCH, model.classes()));
    graph.addOutput(info(SCORES, BATCH, model.classes()));
  }

  /** The graph without the model's tensors. */
  GraphProto graph() {
    return graph.build();
  }

  /** The model's tensors, under the names by which nodes refer to them. */
  List<GraphTensor> tensors() {
    return List.copyOf(tensors);
  }

  /** The scores divided by the temperature. */
  private String divided(double temperature) {
    graph.addInitializer(
        TensorProto.newBuilder()
            .setName(TEMPERATURE)
            .setDataType(TensorProto.DataType.FLOAT.getNumber())
            .addFloatData((float) temperature));
    graph.addNode(named(node("Div", DIVIDED, SCORES, TEMPERATURE)));
    return DIVIDED;
  }

  private Value normalized(Value pixels, ModelMetadata metadata) {
    graph.addInitializer(perChannel("mean_of_channels", metadata.mean()));
    graph.addInitializer(perChannel("deviation_of_channels", metadata.standardDeviation()));
    graph.addNode(named(node("Sub", "mean_subtracted", pixels.name(), "mean_of_channels")));
    graph.addNode(
        named(node("Div", "deviation_divided", "mean_subtracted", "deviation_of_channels")));
    return new Value("deviation_divided", false);
  }

  private void identity(Value from, String to) {
    graph.addNode(named(node("Identity", to, from.name())));
  }
}
