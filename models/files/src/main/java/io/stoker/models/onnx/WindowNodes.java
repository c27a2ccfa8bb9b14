// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onnx;

import static io.stoker.models.onnx.NodeInputs.chain;
import static io.stoker.models.onnx.NodeView.require;

import io.stoker.models.onnx.GraphValue.Form;
import io.stoker.models.onnx.NodeView.UnmappedException;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.Padding;
import io.stoker.models.spec.Shape;
import io.stoker.models.spec.Window;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Nodes of convolutional nets: windows over images, and normalisation of channels. */
final class WindowNodes {
  /** Of layers whose operators say nothing of the training. */
  private static final float DECAY = 0.9f;

  private final NodeInputs in;

  WindowNodes(NodeInputs in) {
    this.in = in;
  }

  GraphValue convolution(NodeView node) throws UnmappedException {
    GraphValue input = in.image(node);
    OnnxTensor weights = in.constant(node, 1);
    List<Long> sizes = weights.dimensions();
    require(sizes.size() == 4, "it is not two-dimensional");
    long groups = node.integer("group", 1);
    require(
        sizes.get(2).equals(sizes.get(3)),
        "its kernel of %s x %s is not square".formatted(sizes.get(2), sizes.get(3)));
    require(
        sizes.get(0) >= 1
            && sizes.get(0) <= Integer.MAX_VALUE
            && groups >= 1
            && sizes.get(1) * groups == input.shape().channels(),
        "its weights %s in %s groups do not fit %s channels"
            .formatted(sizes, groups, input.shape().channels()));
    List<Long> kernel = List.of(sizes.get(2), sizes.get(3));
    require(
        node.integers("kernel_shape", kernel).equals(kernel),
        "its kernel_shape is not that of its weights %s".formatted(sizes));
    Window window = window(node, input.shape(), kernel);
    Optional<OnnxTensor> bias = in.optionalConstant(node, 2);
    int filters = Math.toIntExact(sizes.get(0));
    List<Optional<OnnxTensor>> tensors =
        bias.isPresent() ? List.of(Optional.of(weights), bias) : List.of(Optional.of(weights));
    if (groups == input.shape().channels()
        && groups > 1
        && filters % groups == 0
        && window.dilation() == 1) {
      int multiplier = Math.toIntExact(filters / groups);
      return chain(
          node,
          input,
          new LayerSpec.DepthwiseConvolution(
              multiplier, window, NodeInputs.WEIGHTS, 0, bias.isPresent()),
          tensors);
    }
    LayerSpec.Convolution layer =
        new LayerSpec.Convolution(filters, window, Math.toIntExact(groups), NodeInputs.WEIGHTS, 0);
    return chain(node, input, bias.isPresent() ? layer : layer.withoutBias(), tensors);
  }

  private static Window window(NodeView node, Shape input, List<Long> kernel)
      throws UnmappedException {
    List<Long> ones = List.of(1L, 1L);
    Window window =
        new Window(
            node.square("kernel", kernel),
            node.square("strides", node.integers("strides", ones)),
            node.square("dilations", node.integers("dilations", ones)),
            Padding.NONE);
    String automatic = node.text("auto_pad", "NOTSET");
    List<Long> none = List.of(0L, 0L, 0L, 0L);
    List<Long> pads = node.integers("pads", none);
    require(
        automatic.equals("NOTSET") || pads.equals(none),
        "its pads %s are in addition to auto_pad".formatted(pads));
    if (automatic.equals("SAME_UPPER")) {
      return window.covering(input);
    }
    require(
        automatic.equals("NOTSET") || automatic.equals("VALID"),
        "auto_pad %s is not supported".formatted(OnnxReader.printable(automatic)));
    require(
        pads.size() == 4 && pads.stream().allMatch(pad -> pad >= 0 && pad <= 1024),
        "its pads %s are not supported".formatted(pads));
    return new Window(
        window.kernel(),
        window.stride(),
        window.dilation(),
        new Padding(
            pads.get(0).intValue(),
            pads.get(1).intValue(),
            pads.get(2).intValue(),
            pads.get(3).intValue()));
  }

  GraphValue pooling(NodeView node) throws UnmappedException {
    GraphValue input = in.image(node);
    Window window = window(node, input.shape(), node.integers("kernel_shape", List.of()));
    boolean maximum = node.operator().equals("MaxPool");
    boolean paddingCounts = maximum || node.flag("count_include_pad", false);
    if (maximum) {
      node.ignore("storage_order"); // of the indices
    }
    if (node.flag("ceil_mode", false)) {
      require(
          node.text("auto_pad", "NOTSET").equals("NOTSET"), "ceil_mode is in addition to auto_pad");
      Window rounded = roundedUp(window, input.shape());
      require(
          maximum || rounded.equals(window),
          "ceil_mode gives windows that end outside of the image, which the average leaves out");
      window = rounded;
    }
    require(
        paddingCounts || window.padding().equals(Padding.NONE),
        "count_include_pad is 0, and it has padding");
    LayerSpec layer =
        new LayerSpec.Pooling(
            maximum ? LayerSpec.Pooling.Kind.MAXIMUM : LayerSpec.Pooling.Kind.AVERAGE, window);
    return chain(node, input, layer, List.of());
  }

  /** The window with the padding below and on the right that rounding up amounts to. */
  private static Window roundedUp(Window window, Shape input) {
    Padding padding = window.padding();
    int bottom = padding.bottom() + added(window, input.height(), padding.top(), padding.bottom());
    int right = padding.right() + added(window, input.width(), padding.left(), padding.right());
    return new Window(
        window.kernel(),
        window.stride(),
        window.dilation(),
        new Padding(padding.top(), padding.left(), bottom, right));
  }

  private static int added(Window window, int size, int before, int after) {
    int rest = (size + before + after - window.span()) % window.stride();
    // A window that would begin in the padding after the image is left out.
    int begin = size + before + after - window.span() - rest + window.stride();
    return rest == 0 || begin >= size + before ? 0 : window.stride() - rest;
  }

  GraphValue globalAverage(NodeView node) throws UnmappedException {
    return chain(node, in.image(node), new LayerSpec.GlobalAveragePooling(), List.of());
  }

  /** Zeros after the channels; other padding is an attribute of the layer that needs it. */
  GraphValue padding(NodeView node) throws UnmappedException {
    GraphValue input = in.image(node);
    require(node.text("mode", "constant").equals("constant"), "it repeats pixels");
    Optional<OnnxTensor> value = in.optionalConstant(node, 2);
    require(
        node.real("value", 0) == 0
            && (value.isEmpty() || (value.get().count() == 1 && value.get().at(0) == 0)),
        "it pads with another value than 0");
    List<Long> pads =
        node.hasInput(1) ? in.shapes().vector(node, 1) : node.integers("pads", List.of());
    require(pads.size() == 8, "its pads %s are not supported".formatted(pads));
    long more = pads.get(5);
    List<Long> others = new ArrayList<>(pads);
    others.remove(5);
    require(
        more >= 0 && more <= Integer.MAX_VALUE / 2 && others.stream().allMatch(pad -> pad == 0),
        "it pads otherwise than with channels after the others");
    if (more == 0) {
      return input;
    }
    int channels = Math.toIntExact(input.shape().channels() + more);
    return chain(node, input, new LayerSpec.ChannelPadding(channels), List.of());
  }

  /** A mean over height and width is a global average pool. */
  GraphValue mean(NodeView node) throws UnmappedException {
    List<Long> axes =
        node.hasInput(1) ? in.shapes().vector(node, 1) : node.integers("axes", List.of());
    node.ignore("noop_with_empty_axes");
    require(
        axes.size() == 2
            && axes.stream()
                .map(axis -> axis < 0 ? axis + 4 : axis)
                .sorted()
                .toList()
                .equals(List.of(2L, 3L)),
        "it is no mean over height and width");
    GraphValue pooled = globalAverage(node);
    return node.flag("keepdims", true) ? pooled : pooled.in(Form.VECTOR);
  }

  GraphValue responseNormalization(NodeView node) throws UnmappedException {
    int size = (int) Math.min(Integer.MAX_VALUE, node.integer("size", 0));
    LayerSpec layer =
        new LayerSpec.LocalResponseNormalization(
            size,
            node.real("bias", 1),
            node.real("alpha", 1e-4f) / Math.max(1, size),
            node.real("beta", 0.75f));
    return chain(node, in.image(node), layer, List.of());
  }

  GraphValue batchNormalization(NodeView node) throws UnmappedException {
    require(
        !node.flag("training_mode", false)
            && node.proto().getOutputList().stream().skip(1).allMatch(String::isEmpty),
        "it is in training mode");
    require(node.flag("spatial", true), "it has statistics of each pixel");
    float decay = node.real("momentum", DECAY);
    LayerSpec layer =
        new LayerSpec.BatchNormalization(
            node.real("epsilon", 1e-5f), decay >= 0 && decay < 1 ? decay : DECAY);
    List<Optional<OnnxTensor>> weights = new ArrayList<>();
    for (int i = 1; i <= 4; i++) {
      weights.add(Optional.of(in.constant(node, i)));
    }
    return chain(node, in.features(node), layer, weights);
  }
}
