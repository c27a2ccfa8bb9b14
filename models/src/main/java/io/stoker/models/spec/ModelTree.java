// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.spec;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import io.stoker.failure.Suggestion;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A model as a tree of maps, lists and scalars: the common form of YAML model files and of the
 * model inside a checkpoint's metadata.
 *
 * <pre>{@code
 * name: small
 * input: [28, 28, 1]        # height, width, channels
 * layers:
 *   - conv: {filters: 6, kernel: 5, padding: 2}
 *   - relu
 *   - max-pool: {kernel: 2, stride: 2}
 *   - lrn
 *   - dense: 120
 *   - relu
 *   - dropout: 0.5
 *   - dense: classes        # or their number
 * }</pre>
 *
 * A padding may also be {@code [top, left, bottom, right]}. The defaults: a stride of 1 (of
 * pooling: the kernel), dilation and groups 1, padding and bias 0; for LRN the values of Krizhevsky
 * et al., 2012; weights {@code he} where a rectifier follows, else {@code glorot}; a forget-bias of
 * 1.
 */
public final class ModelTree {
  /** More layers than any chain that trains: it bounds what a hostile file can ask for. */
  static final int MAXIMUM_LAYERS = 1000;

  private static final String CLASSES = "classes";

  private interface LayerReader {
    LayerSpec read(TreeFields fields);
  }

  private final String source;
  private final int classes;

  private ModelTree(String source, int classes) {
    this.source = source;
    this.classes = classes;
  }

  /**
   * Reads a model.
   *
   * @param tree the model's map
   * @param source the name of the file, for error messages
   * @param classes the number that {@code dense: classes} stands for
   * @throws InputException if a key or value is unknown, missing or out of range
   */
  public static ModelSpec read(JsonNode tree, String source, int classes) {
    return new ModelTree(source, classes).model(tree);
  }

  private ModelSpec model(JsonNode tree) {
    Check.input(
        tree.isObject(), "Invalid model in %s: not a map with name, input and layers", source);
    TreeFields fields = TreeFields.of(source, (ObjectNode) tree).only("name", "input", "layers");
    String name = fields.text("name");
    Shape input = shape(fields.required("input"));
    JsonNode layers = fields.required("layers");
    Check.input(
        layers.isArray() && layers.size() <= MAXIMUM_LAYERS,
        "Invalid layers in %s: a list of at most %d is needed",
        source,
        MAXIMUM_LAYERS);
    List<LayerSpec> read = new ArrayList<>();
    for (int i = 0; i < layers.size(); i++) {
      read.add(layer(source + ", layer " + (i + 1), layers.get(i), rectifierFollows(layers, i)));
    }
    try {
      return new ModelSpec(name, input, read);
    } catch (InputException e) {
      throw new InputException(source + ": " + e.getMessage(), e);
    } catch (ArithmeticException e) {
      throw new InputException(
          source + ": the model has more parameters than a 64-bit number can count", e);
    }
  }

  private Shape shape(JsonNode node) {
    boolean sizes = node.isArray() && node.size() == 3;
    for (int i = 0; sizes && i < 3; i++) {
      sizes = node.get(i).isInt();
    }
    Check.input(sizes, "Invalid input in %s: %s (must be [height, width, channels])", source, node);
    return new Shape(node.get(0).intValue(), node.get(1).intValue(), node.get(2).intValue());
  }

  private LayerSpec layer(String place, JsonNode node, boolean rectified) {
    Map<String, LayerReader> readers = readers(rectified);
    String keyword;
    JsonNode value;
    if (node.isTextual()) {
      keyword = node.textValue();
      value = JsonNodeFactory.instance.objectNode();
    } else {
      Check.input(
          node.isObject() && node.size() == 1,
          "Invalid layer at %s: %s (must be a name, or one name with its values)",
          place,
          node);
      keyword = node.fieldNames().next();
      value = node.get(keyword);
    }
    LayerReader reader = readers.get(keyword);
    Check.input(
        reader != null,
        "Unknown layer at %s: %s; %s",
        place,
        keyword,
        Suggestion.among(keyword, readers.keySet()));
    try {
      return reader.read(TreeFields.ofLayer(place + " (" + keyword + ")", keyword, value));
    } catch (InputException e) {
      throw e.getMessage().contains(place)
          ? e
          : new InputException(place + ": " + e.getMessage(), e);
    }
  }

  private Map<String, LayerReader> readers(boolean rectified) {
    Initializer weights = rectified ? new Initializer.He() : new Initializer.Glorot();
    Map<String, LayerReader> readers = new TreeMap<>();
    readers.put("conv", fields -> convolution(fields, weights));
    readers.put("max-pool", fields -> pooling(LayerSpec.Pooling.Kind.MAXIMUM, fields));
    readers.put("average-pool", fields -> pooling(LayerSpec.Pooling.Kind.AVERAGE, fields));
    readers.put("lrn", ModelTree::normalization);
    readers.put("batch-norm", ModelTree::batchNormalization);
    readers.put(
        "dropout",
        fields -> new LayerSpec.Dropout(fields.only("probability").number("probability")));
    readers.put("dense", fields -> dense(fields, weights));
    readers.put("lstm", ModelTree::lstm);
    for (ActivationFunction function : ActivationFunction.values()) {
      readers.put(
          function.label(),
          fields -> {
            fields.only();
            return new LayerSpec.Activation(function);
          });
    }
    return readers;
  }

  private static LayerSpec convolution(TreeFields all, Initializer weights) {
    TreeFields fields =
        all.only("filters", "kernel", "stride", "dilation", "padding", "groups", "weights", "bias");
    return new LayerSpec.Convolution(
        fields.integer("filters"),
        new Window(
            fields.integer("kernel"),
            fields.integer("stride", 1),
            fields.integer("dilation", 1),
            fields.padding("padding")),
        fields.integer("groups", 1),
        fields.initializer("weights", weights),
        fields.number("bias", 0));
  }

  private static LayerSpec pooling(LayerSpec.Pooling.Kind kind, TreeFields all) {
    TreeFields fields = all.only("kernel", "stride", "padding");
    int kernel = fields.integer("kernel");
    return new LayerSpec.Pooling(
        kind, new Window(kernel, fields.integer("stride", kernel), 1, fields.padding("padding")));
  }

  private static LayerSpec normalization(TreeFields all) {
    TreeFields fields = all.only("size", "k", "alpha", "beta");
    return new LayerSpec.LocalResponseNormalization(
        fields.integer("size", 5),
        fields.number("k", 2),
        fields.number("alpha", 1e-4f),
        fields.number("beta", 0.75f));
  }

  private static LayerSpec batchNormalization(TreeFields all) {
    TreeFields fields = all.only("epsilon", "decay");
    return new LayerSpec.BatchNormalization(
        fields.number("epsilon", 1e-5f), fields.number("decay", 0.9f));
  }

  private LayerSpec dense(TreeFields all, Initializer weights) {
    TreeFields fields = all.only("units", "weights", "bias");
    return new LayerSpec.Dense(
        fields.is("units", CLASSES) ? classes : fields.integer("units"),
        fields.initializer("weights", weights),
        fields.number("bias", 0));
  }

  private static LayerSpec lstm(TreeFields all) {
    TreeFields fields = all.only("units", "weights", "forget-bias");
    return new LayerSpec.Lstm(
        fields.integer("units"),
        fields.initializer("weights", new Initializer.Glorot()),
        fields.number("forget-bias", 1));
  }

  /** Whether the next non-linearity after layer i is a rectifier. */
  private static boolean rectifierFollows(JsonNode layers, int i) {
    for (int next = i + 1; next < layers.size(); next++) {
      JsonNode node = layers.get(next);
      if (node.has("conv") || node.has("dense") || node.has("lstm")) {
        return false;
      }
      for (ActivationFunction function : ActivationFunction.values()) {
        if (function.label().equals(node.textValue())) {
          return function.isRectifier();
        }
      }
    }
    return false;
  }

  /** Writes a model with every value spelt out, so that a later default does not change it. */
  public static ObjectNode write(ModelSpec model) {
    ObjectNode tree = JsonNodeFactory.instance.objectNode();
    tree.put("name", model.name());
    Shape input = model.input();
    tree.putArray("input").add(input.height()).add(input.width()).add(input.channels());
    ArrayNode layers = tree.putArray("layers");
    model.layers().forEach(layer -> layers.add(LayerTree.of(layer)));
    return tree;
  }
}
