// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.spec;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** Writes a layer as it stands in a model file, with every value spelt out. */
final class LayerTree implements LayerVisitor<JsonNode> {
  private static final LayerTree INSTANCE = new LayerTree();

  private LayerTree() {}

  /** A layer's node; {@link ModelTree} reads it. */
  static JsonNode of(LayerSpec layer) {
    return layer.accept(INSTANCE);
  }

  private static ObjectNode map() {
    return JsonNodeFactory.instance.objectNode();
  }

  /** A map with one key. */
  private static ObjectNode named(String keyword, JsonNode fields) {
    return map().set(keyword, fields);
  }

  @Override
  public JsonNode visitConvolution(LayerSpec.Convolution layer) {
    ObjectNode fields = window(map().put("filters", layer.filters()), layer.window());
    if (layer.groups() != 1) {
      fields.put("groups", layer.groups());
    }
    fields.set("weights", InitializerTree.of(layer.weights()));
    return named("conv", bias(fields, layer.bias(), layer.biased()));
  }

  private static ObjectNode bias(ObjectNode fields, float bias, boolean biased) {
    return biased ? fields.put("bias", bias) : fields.put("bias", TreeFields.NO_BIAS);
  }

  @Override
  public JsonNode visitDepthwiseConvolution(LayerSpec.DepthwiseConvolution layer) {
    ObjectNode fields = window(map().put("multiplier", layer.multiplier()), layer.window());
    fields.set("weights", InitializerTree.of(layer.weights()));
    return named("depthwise-conv", bias(fields, layer.bias(), layer.biased()));
  }

  @Override
  public JsonNode visitGlobalAveragePooling(LayerSpec.GlobalAveragePooling layer) {
    return JsonNodeFactory.instance.textNode("global-average-pool");
  }

  @Override
  public JsonNode visitChannelPadding(LayerSpec.ChannelPadding layer) {
    return named("pad-channels", map().put("channels", layer.channels()));
  }

  @Override
  public JsonNode visitSequence(CompositeSpec.Sequence layer) {
    ObjectNode fields = named(layer);
    fields.set("of", list(layer));
    return named("sequence", fields);
  }

  @Override
  public JsonNode visitResidual(CompositeSpec.Residual layer) {
    ObjectNode fields = named(layer);
    fields.set("body", list(layer.body()));
    fields.set("shortcut", list(layer.shortcut()));
    fields.set("after", list(layer.after()));
    return named("residual", fields);
  }

  @Override
  public JsonNode visitBranches(CompositeSpec.Branches layer) {
    ObjectNode fields = named(layer);
    ArrayNode branches = fields.putArray("of");
    layer.branches().forEach(branch -> branches.add(list(branch)));
    return named("branches", fields);
  }

  @Override
  public JsonNode visitChannelGate(CompositeSpec.ChannelGate layer) {
    ObjectNode fields = named(layer);
    fields.set("of", list(layer.gate()));
    return named("channel-gate", fields);
  }

  /** The fields of a layer of layers, begun with its name if it has one. */
  private static ObjectNode named(LayerSpec layer) {
    return layer.name().isEmpty() ? map() : map().put("name", layer.name());
  }

  private static ArrayNode list(CompositeSpec.Sequence sequence) {
    ArrayNode list = JsonNodeFactory.instance.arrayNode();
    sequence.layers().forEach(layer -> list.add(of(layer)));
    return list;
  }

  @Override
  public JsonNode visitPooling(LayerSpec.Pooling layer) {
    String keyword =
        switch (layer.kind()) {
          case MAXIMUM -> "max-pool";
          case AVERAGE -> "average-pool";
        };
    return named(keyword, window(map(), layer.window()));
  }

  @Override
  public JsonNode visitLocalResponseNormalization(LayerSpec.LocalResponseNormalization layer) {
    return named(
        "lrn",
        map()
            .put("size", layer.size())
            .put("k", layer.k())
            .put("alpha", layer.alpha())
            .put("beta", layer.beta()));
  }

  @Override
  public JsonNode visitBatchNormalization(LayerSpec.BatchNormalization layer) {
    return named("batch-norm", map().put("epsilon", layer.epsilon()).put("decay", layer.decay()));
  }

  @Override
  public JsonNode visitActivation(LayerSpec.Activation layer) {
    return JsonNodeFactory.instance.textNode(layer.function().label());
  }

  @Override
  public JsonNode visitScaling(LayerSpec.Scaling layer) {
    return map().put("scale", layer.factor());
  }

  @Override
  public JsonNode visitDropout(LayerSpec.Dropout layer) {
    return map().put(layer.unit().keyword(), layer.probability());
  }

  @Override
  public JsonNode visitLstm(LayerSpec.Lstm layer) {
    ObjectNode fields = map().put("units", layer.units());
    fields.set("weights", InitializerTree.of(layer.weights()));
    return named("lstm", fields.put("forget-bias", layer.forgetBias()));
  }

  @Override
  public JsonNode visitDense(LayerSpec.Dense layer) {
    ObjectNode fields = map().put("units", layer.units());
    fields.set("weights", InitializerTree.of(layer.weights()));
    return named("dense", fields.put("bias", layer.bias()));
  }

  private static ObjectNode window(ObjectNode fields, Window window) {
    fields.put("kernel", window.kernel()).put("stride", window.stride());
    if (window.dilation() != 1) {
      fields.put("dilation", window.dilation());
    }
    Padding padding = window.padding();
    if (padding.isEven()) {
      return fields.put("padding", padding.top());
    }
    fields
        .putArray("padding")
        .add(padding.top())
        .add(padding.left())
        .add(padding.bottom())
        .add(padding.right());
    return fields;
  }
}
