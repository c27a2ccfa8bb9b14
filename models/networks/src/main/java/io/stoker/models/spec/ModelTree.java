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
import java.util.function.Supplier;

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
 * {@code whiten: 2} as the first layer is a convolution with kernel 2 whose filters come from the
 * training images. {@code pad-channels: 32} appends channels of zeros. Layers that consist of
 * layers, in place of any of these:
 *
 * <pre>{@code
 * - residual:
 *     name: block-1       # may be left out
 *     body:
 *       - conv: {filters: 64, kernel: 3, padding: 1, bias: none}
 *       - batch-norm
 *     shortcut: []        # the input as it is; may be left out
 *     after: [relu]       # after the sum; may be left out
 * - branches:             # or a list of branches
 *     name: inception-1
 *     of:                 # each a list of layers, or one layer
 *       - conv: {filters: 8, kernel: 1}
 *       - [{conv: {filters: 4, kernel: 1}}, relu, {conv: {filters: 8, kernel: 3, padding: 1}}]
 * - sequence:             # or a list of layers
 *     name: stage-1
 *     of: [relu, global-average-pool]
 * - channel-gate:         # scales each channel by a value that layers compute of the input
 *     name: gate-1
 *     of: [global-average-pool, {dense: 64}, sigmoid]
 * }</pre>
 *
 * {@code squeeze-excitation: 16} is a channel gate with a sixteenth of the channels between. A
 * padding may also be {@code [top, left, bottom, right]}. The defaults: a stride of 1 (of pooling:
 * the kernel), dilation and groups 1, padding and bias 0 ({@code bias: none} for a convolution
 * without biases); for LRN the values of Krizhevsky et al., 2012; weights {@code he} where a
 * rectifier follows, else {@code glorot}; a forget-bias of 1.
 */
public final class ModelTree {
  /** More layers than any model that trains: it bounds what a hostile file can ask for. */
  static final int MAXIMUM_LAYERS = 1000;

  private static final String CLASSES = "classes";

  private interface LayerReader {
    LayerSpec read(TreeFields fields);
  }

  /**
   * Where a layer stands.
   *
   * @param text for error messages
   * @param depth the number of layers around it
   * @param rectified whether the next non-linearity after it is a rectifier
   * @param input computes the shape before it
   */
  private record Place(String text, int depth, boolean rectified, Supplier<Shape> input) {}

  private final String source;
  private final int classes;

  /** The channels of the images. */
  private int channels;

  /** The layers that were read so far, in the whole tree. */
  private int count;

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
    JsonNode input = fields.required("input");
    JsonNode layers = fields.required("layers");
    Check.input(
        layers.isArray() && layers.size() <= MAXIMUM_LAYERS,
        "Invalid layers in %s: a list of at most %d is needed",
        source,
        MAXIMUM_LAYERS);
    try {
      Shape images = shape(input);
      channels = images.channels();
      return new ModelSpec(name, images, layers(layers, new Place(source, 0, false, () -> images)));
    } catch (InputException e) {
      throw e.getMessage().contains(source)
          ? e
          : new InputException(source + ": " + e.getMessage(), e);
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

  /** Reads a list of layers, or a single one. */
  private List<LayerSpec> layers(JsonNode node, Place place) {
    Check.input(
        place.depth() <= Composites.MAXIMUM_DEPTH,
        "Invalid layers at %s: nested deeper than %d",
        place.text(),
        Composites.MAXIMUM_DEPTH);
    JsonNode list = node.isArray() ? node : JsonNodeFactory.instance.arrayNode().add(node);
    count += list.size();
    Check.input(
        count <= MAXIMUM_LAYERS,
        "Invalid layers in %s: there are more than %d",
        source,
        MAXIMUM_LAYERS);
    List<LayerSpec> read = new ArrayList<>();
    for (int i = 0; i < list.size(); i++) {
      boolean rectified = RectifierSearch.after(list, i).orElse(place.rectified());
      read.add(
          layer(
              new Place(
                  place.text() + ", layer " + (i + 1),
                  place.depth(),
                  rectified,
                  () -> new CompositeSpec.Sequence("", read).outputShape(place.input().get())),
              list.get(i)));
    }
    return read;
  }

  private LayerSpec layer(Place at, JsonNode node) {
    Map<String, LayerReader> readers = readers(at);
    String place = at.text();
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

  private Map<String, LayerReader> readers(Place place) {
    Initializer weights = place.rectified() ? Initializer.Rule.HE : Initializer.Rule.GLOROT;
    Map<String, LayerReader> readers = new TreeMap<>();
    readers.put("conv", fields -> convolution(fields, weights));
    readers.put("whiten", this::whitening);
    readers.put("depthwise-conv", fields -> depthwise(fields, weights));
    readers.put("sequence", fields -> sequence(fields, place));
    readers.put("residual", fields -> residual(fields, place));
    readers.put("branches", fields -> branches(fields, place));
    readers.put("channel-gate", fields -> channelGate(fields, place));
    readers.put("squeeze-excitation", fields -> squeezeExcitation(fields, place));
    readers.put(
        "global-average-pool",
        fields -> {
          fields.only();
          return new LayerSpec.GlobalAveragePooling();
        });
    readers.put(
        "pad-channels",
        fields -> new LayerSpec.ChannelPadding(fields.only("channels").integer("channels")));
    readers.put("max-pool", fields -> pooling(LayerSpec.Pooling.Kind.MAXIMUM, fields));
    readers.put("average-pool", fields -> pooling(LayerSpec.Pooling.Kind.AVERAGE, fields));
    readers.put("lrn", ModelTree::normalization);
    readers.put("batch-norm", ModelTree::batchNormalization);
    for (LayerSpec.Dropout.Unit unit : LayerSpec.Dropout.Unit.values()) {
      readers.put(
          unit.keyword(),
          fields -> new LayerSpec.Dropout(fields.only("probability").number("probability"), unit));
    }
    readers.put("scale", fields -> new LayerSpec.Scaling(fields.only("factor").number("factor")));
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

  private LayerSpec convolution(TreeFields all, Initializer weights) {
    TreeFields fields =
        all.only("filters", "kernel", "stride", "dilation", "padding", "groups", "weights", "bias");
    return new LayerSpec.Convolution(
        fields.is("filters", CLASSES) ? classes : fields.integer("filters"),
        window(fields),
        fields.integer("groups", 1),
        fields.initializer("weights", weights),
        bias(fields),
        biased(fields));
  }

  private LayerSpec whitening(TreeFields all) {
    TreeFields fields = all.only("kernel", "padding", "bias");
    int kernel = fields.integer("kernel", Whitening.defaultKernel(channels));
    return new LayerSpec.Convolution(
        Whitening.filters(kernel, channels),
        new Window(kernel, 1, 1, fields.padding("padding")),
        1,
        Initializer.Rule.WHITEN,
        bias(fields),
        biased(fields));
  }

  private static Window window(TreeFields fields) {
    return new Window(
        fields.integer("kernel"),
        fields.integer("stride", 1),
        fields.integer("dilation", 1),
        fields.padding("padding"));
  }

  private static boolean biased(TreeFields fields) {
    return !fields.is("bias", TreeFields.NO_BIAS);
  }

  private static float bias(TreeFields fields) {
    return biased(fields) ? fields.number("bias", 0) : 0;
  }

  private static LayerSpec depthwise(TreeFields all, Initializer weights) {
    TreeFields fields = all.only("multiplier", "kernel", "stride", "padding", "weights", "bias");
    return new LayerSpec.DepthwiseConvolution(
        fields.integer("multiplier", 1),
        window(fields),
        fields.initializer("weights", weights),
        bias(fields),
        biased(fields));
  }

  private LayerSpec sequence(TreeFields all, Place place) {
    TreeFields fields = all.only("name", "of");
    List<LayerSpec> inner = layers(fields.required("of"), inside(place, "", place.rectified()));
    Check.input(!inner.isEmpty(), "Invalid sequence at %s: it has no layers", fields.place());
    return new CompositeSpec.Sequence(fields.layerName(), inner);
  }

  private LayerSpec residual(TreeFields all, Place place) {
    TreeFields fields = all.only("name", "body", "shortcut", "after");
    JsonNode after = fields.optional("after");
    boolean rectified = RectifierSearch.after(after, -1).orElse(place.rectified());
    CompositeSpec.Sequence body = part(fields.required("body"), inside(place, "body", rectified));
    Supplier<Shape> sum = () -> body.outputShape(place.input().get());
    return new CompositeSpec.Residual(
        fields.layerName(),
        body,
        part(fields.optional("shortcut"), inside(place, "shortcut", rectified)),
        part(after, inside(place, "after", place.rectified(), sum)));
  }

  private LayerSpec channelGate(TreeFields all, Place place) {
    TreeFields fields = all.only("name", "of");
    return new CompositeSpec.ChannelGate(
        fields.layerName(), part(fields.required("of"), inside(place, "gate", false)));
  }

  private static LayerSpec squeezeExcitation(TreeFields all, Place place) {
    TreeFields fields = all.only("name", "reduction");
    return CompositeSpec.ChannelGate.squeezeExcitation(
        fields.layerName(), place.input().get().channels(), fields.integer("reduction", 16));
  }

  private LayerSpec branches(TreeFields all, Place place) {
    TreeFields fields = all.only("name", "of");
    JsonNode list = fields.required("of");
    Check.input(
        list.isArray(),
        "Invalid branches at %s: %s (must be a list of branches)",
        fields.place(),
        list);
    List<CompositeSpec.Sequence> branches = new ArrayList<>();
    for (int i = 0; i < list.size(); i++) {
      branches.add(part(list.get(i), inside(place, "branch " + (i + 1), place.rectified())));
    }
    return new CompositeSpec.Branches(fields.layerName(), branches);
  }

  private CompositeSpec.Sequence part(JsonNode node, Place place) {
    return new CompositeSpec.Sequence("", layers(node, place));
  }

  private static Place inside(Place place, String part, boolean rectified) {
    return inside(place, part, rectified, place.input());
  }

  private static Place inside(Place place, String part, boolean rectified, Supplier<Shape> input) {
    return new Place(
        part.isEmpty() ? place.text() : place.text() + ", " + part,
        place.depth() + 1,
        rectified,
        input);
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
        fields.initializer("weights", Initializer.Rule.GLOROT),
        fields.number("forget-bias", 1));
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
