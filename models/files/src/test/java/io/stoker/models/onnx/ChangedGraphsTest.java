// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnxruntime.OrtException;
import io.stoker.failure.InputException;
import io.stoker.failure.StokerException;
import io.stoker.models.interchange.EveryFormatTest;
import io.stoker.models.interchange.TrainedModel;
import io.stoker.models.onnx.OnnxOptions.Normalization;
import io.stoker.models.spec.EveryLayer;
import io.stoker.models.spec.ModelSpec;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;
import onnx.Onnx.AttributeProto;
import onnx.Onnx.AttributeProto.AttributeType;
import onnx.Onnx.ModelProto;
import onnx.Onnx.NodeProto;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Graphs of every operator, each changed in one place: what the importer takes must predict what
 * ONNX Runtime predicts, and anything else must be refused in one line.
 */
class ChangedGraphsTest {
  /** In how many models an attribute of an operator is changed. */
  private static final int MODELS_PER_ATTRIBUTE = 4;

  private static final float TOLERANCE = 1e-4f;
  private static final int EXAMPLES = 2;

  private static ModelProto exported(TrainedModel trained, int opset) throws IOException {
    return ModelProto.parseFrom(
        OnnxRuntime.export(
            trained, new OnnxOptions(opset, OnnxOptions.DEFAULT_INPUT, Normalization.EXCLUDE)));
  }

  private static TrainedModel imported(ModelProto model) throws IOException {
    return TrainedModel.of(
        OnnxReader.read(
            "m.onnx", new ByteArrayInputStream(model.toByteArray()), OptionalInt.empty()));
  }

  private static ModelProto with(ModelProto model, int index, NodeProto.Builder node) {
    ModelProto.Builder changed = model.toBuilder();
    changed.getGraphBuilder().setNode(index, node);
    return changed.build();
  }

  @ParameterizedTest
  @ValueSource(ints = {OnnxOptions.OLDEST_OPSET, OnnxOptions.NEWEST_OPSET})
  void aChangedAttributeIsUnderstoodAsByOnnxRuntimeOrRefused(int opset) throws IOException {
    Map<String, Integer> seen = new HashMap<>();
    List<String> wrong = new ArrayList<>();
    for (ModelSpec spec : EveryFormatTest.models().toList()) {
      TrainedModel trained = TrainedModel.of(spec);
      ModelProto model = exported(trained, opset);
      for (int i = 0; i < model.getGraph().getNodeCount(); i++) {
        NodeProto node = model.getGraph().getNode(i);
        for (int a = 0; a < node.getAttributeCount(); a++) {
          String name = node.getOpType() + "." + node.getAttribute(a).getName();
          if (seen.merge(name, 1, Integer::sum) <= MODELS_PER_ATTRIBUTE) {
            for (NodeProto.Builder changed : changes(node, a)) {
              compare(trained, with(model, i, changed))
                  .ifPresent(text -> wrong.add(name + " of " + spec.name() + ": " + text));
            }
          }
        }
      }
    }

    assertThat(seen).hasSizeGreaterThan(20);
    assertThat(wrong).isEmpty();
  }

  @Test
  void anAttributeOrInputThatNoOperatorHasIsRefusedByTheNameOfItsNode() throws IOException {
    ModelProto model = exported(TrainedModel.of(EveryLayer.model()), OnnxOptions.DEFAULT_OPSET);
    for (int i = 0; i < model.getGraph().getNodeCount(); i++) {
      NodeProto node = model.getGraph().getNode(i);
      String label = "%s '%s': ".formatted(node.getOpType(), node.getName());
      NodeProto.Builder more = node.toBuilder();
      more.addAttributeBuilder().setName("surprise").setType(AttributeType.INT).setI(1);
      refused(with(model, i, more), label + "its attribute 'surprise' is not supported");
      NodeProto.Builder read = node.toBuilder();
      while (read.getInputCount() < 8) {
        read.addInput(node.getInput(0));
      }
      if (!node.getOpType().equals("Concat")) { // which has any number of inputs
        refused(with(model, i, read), label);
      }
    }
  }

  @Test
  void anAttributeOfAnotherTypeIsRefusedByTheNameOfItsNode() throws IOException {
    ModelProto model = exported(TrainedModel.of(EveryLayer.model()), OnnxOptions.DEFAULT_OPSET);
    for (int i = 0; i < model.getGraph().getNodeCount(); i++) {
      NodeProto node = model.getGraph().getNode(i);
      for (int a = 0; a < node.getAttributeCount(); a++) {
        AttributeProto attribute =
            node.getAttribute(a).toBuilder().setType(AttributeType.TENSOR).build();
        refused(
            with(model, i, node.toBuilder().setAttribute(a, attribute)),
            "%s '%s': its attribute %s is of type TENSOR"
                .formatted(node.getOpType(), node.getName(), attribute.getName()));
      }
    }
  }

  private static void refused(ModelProto model, String reason) {
    assertThatThrownBy(() -> imported(model))
        .isInstanceOf(InputException.class)
        .hasMessageStartingWith("Cannot import m.onnx: ")
        .hasMessageContaining(reason)
        .hasMessageNotContaining("\n");
  }

  /** The node without an attribute, and with other values of it. */
  private static List<NodeProto.Builder> changes(NodeProto node, int index) {
    List<NodeProto.Builder> changes = new ArrayList<>();
    changes.add(node.toBuilder().removeAttribute(index));
    AttributeProto attribute = node.getAttribute(index);
    switch (attribute.getType()) {
      case INT ->
          Stream.of(-3L, -2L, -1L, 0L, 1L, 2L, 3L, attribute.getI() + 1)
              .map(value -> attribute.toBuilder().setI(value))
              .forEach(each -> changes.add(node.toBuilder().setAttribute(index, each)));
      case FLOAT ->
          Stream.of(0f, 1f, -attribute.getF(), attribute.getF() * 2)
              .map(value -> attribute.toBuilder().setF(value))
              .forEach(each -> changes.add(node.toBuilder().setAttribute(index, each)));
      case INTS -> {
        for (int i = 0; i < attribute.getIntsCount(); i++) {
          for (long more : new long[] {-1, 1}) {
            changes.add(
                node.toBuilder()
                    .setAttribute(
                        index, attribute.toBuilder().setInts(i, attribute.getInts(i) + more)));
          }
        }
        AttributeProto.Builder twice = attribute.toBuilder().clearInts();
        attribute.getIntsList().forEach(value -> twice.addInts(value * 2));
        changes.add(node.toBuilder().setAttribute(index, twice));
      }
      default -> throw new AssertionError("An attribute of type " + attribute.getType());
    }
    return changes;
  }

  /** What the importer understands otherwise than ONNX Runtime. */
  private static Optional<String> compare(TrainedModel trained, ModelProto changed)
      throws IOException {
    TrainedModel imported;
    try {
      imported = imported(changed);
    } catch (StokerException e) {
      assertThat(e.getMessage()).startsWith("Cannot import m.onnx: ").doesNotContain("\n");
      return Optional.empty();
    }
    float[] images = trained.normalized(trained.pixels(EXAMPLES, 7));
    float[] expected;
    try {
      expected = OnnxRuntime.run(changed.toByteArray(), images, trained.model().input());
    } catch (OrtException e) {
      return Optional.empty(); // no valid graph
    }
    float[] actual = imported.predict(images);
    if (actual.length == expected.length) {
      boolean same = true;
      for (int i = 0; i < actual.length; i++) {
        same &= Math.abs(actual[i] - expected[i]) <= TOLERANCE;
      }
      if (same) {
        return Optional.empty();
      }
    }
    return Optional.of(changed.getGraph().getNodeList().toString().replace("\n", " "));
  }
}
