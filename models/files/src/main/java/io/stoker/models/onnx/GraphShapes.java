// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onnx;

import static io.stoker.models.onnx.NodeView.require;

import io.stoker.models.onnx.GraphValue.Form;
import io.stoker.models.onnx.NodeView.UnmappedException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.LongStream;
import onnx.Onnx.TensorProto;

/**
 * The shapes that a graph computes of its values, such as the one of a reshape that keeps the batch
 * and flattens the rest. The number of examples is not known: it is {@link #BATCH} in them.
 */
final class GraphShapes {
  /** The number of examples of a batch. */
  static final long BATCH = Long.MIN_VALUE;

  private static final String SHAPE = "Shape";
  private static final Set<String> OPERATORS =
      Set.of("Gather", "Unsqueeze", "Squeeze", "Slice", "Cast", "Concat", "Identity");

  private final Map<String, GraphValue> values;
  private final Map<String, OnnxTensor> constants;
  private final Map<String, Numbers> shapes = new HashMap<>();

  /** A vector of numbers, or a single one. */
  private record Numbers(List<Long> values, boolean scalar) {
    Numbers {
      values = List.copyOf(values);
    }
  }

  /**
   * @param values the values so far, by name
   * @param constants the constants, by name
   */
  GraphShapes(Map<String, GraphValue> values, Map<String, OnnxTensor> constants) {
    this.values = values;
    this.constants = constants;
  }

  /** Whether a value is a shape that the graph computes. */
  boolean contains(String name) {
    return shapes.containsKey(name);
  }

  /** Whether an operator may compute on shapes. */
  static boolean isKnown(String operator) {
    return operator.equals(SHAPE) || OPERATORS.contains(operator);
  }

  /** Whether a node computes on shapes, and not on images. */
  boolean areComputedBy(NodeView node) {
    return node.operator().equals(SHAPE)
        || (OPERATORS.contains(node.operator())
            && node.proto().getInputList().stream().anyMatch(shapes::containsKey));
  }

  /** Computes the output of such a node. */
  void compute(NodeView node) throws UnmappedException {
    Numbers result =
        switch (node.operator()) {
          case SHAPE -> shape(node);
          case "Gather" -> gathered(node);
          case "Unsqueeze" -> unsqueezed(node);
          case "Squeeze" -> squeezed(node);
          case "Slice" -> sliced(node);
          case "Cast" -> converted(node);
          case "Concat" -> concatenated(node);
          default -> numbers(node, 0);
        };
    node.requireAllRead();
    shapes.put(node.proto().getOutput(0), result);
  }

  /** A node's input as a vector of integers, computed or constant. */
  List<Long> vector(NodeView node, int index) throws UnmappedException {
    Numbers numbers = numbers(node, index);
    require(!numbers.scalar(), "its input %s is no vector".formatted(index + 1));
    return numbers.values();
  }

  private Numbers numbers(NodeView node, int index) throws UnmappedException {
    String name = node.input(index);
    if (shapes.containsKey(name)) {
      return shapes.get(name);
    }
    OnnxTensor constant = constants.get(name);
    require(
        constant != null && constant.dimensions().size() <= 1,
        "its input %s is no shape".formatted(index + 1));
    return new Numbers(
        LongStream.of(constant.longs()).boxed().toList(), constant.dimensions().isEmpty());
  }

  private Numbers shape(NodeView node) throws UnmappedException {
    GraphValue value = values.get(node.input(0));
    require(
        value != null && value.form() != Form.PROBABILITIES, "it is no shape of images or vectors");
    List<Long> sizes = value.dimensions();
    return part(sizes, node.integer("start", 0), node.integer("end", sizes.size()));
  }

  private static Numbers part(List<Long> sizes, long start, long end) {
    int first = within(start, sizes.size());
    return new Numbers(sizes.subList(first, Math.max(first, within(end, sizes.size()))), false);
  }

  /** A place in a list as ONNX counts: a negative one from the end, and none outside. */
  private static int within(long place, int size) {
    return (int) Math.max(0, Math.min(size, place < 0 ? place + size : place));
  }

  private Numbers gathered(NodeView node) throws UnmappedException {
    requireOnlyAxis(List.of(node.integer("axis", 0)));
    List<Long> sizes = vector(node, 0);
    Numbers indices = numbers(node, 1);
    List<Long> chosen = new ArrayList<>();
    for (long index : indices.values()) {
      require(
          index >= -sizes.size() && index < sizes.size(),
          "its index %s is out of range".formatted(index));
      chosen.add(sizes.get(within(index, sizes.size())));
    }
    return new Numbers(chosen, indices.scalar());
  }

  private Numbers unsqueezed(NodeView node) throws UnmappedException {
    requireOnlyAxis(axes(node));
    Numbers number = numbers(node, 0);
    require(number.scalar(), "its input is no number");
    return new Numbers(number.values(), false);
  }

  private Numbers squeezed(NodeView node) throws UnmappedException {
    List<Long> axes = axes(node);
    requireOnlyAxis(axes.isEmpty() ? List.of(0L) : axes);
    List<Long> number = vector(node, 0);
    require(number.size() == 1, "its input is no vector of one number");
    return new Numbers(number, true);
  }

  private Numbers sliced(NodeView node) throws UnmappedException {
    boolean inputs = node.hasInput(1);
    List<Long> starts = inputs ? vector(node, 1) : node.integers("starts", List.of());
    List<Long> ends = inputs ? vector(node, 2) : node.integers("ends", List.of());
    List<Long> axes =
        node.hasInput(3)
            ? vector(node, 3)
            : inputs ? List.of(0L) : node.integers("axes", List.of(0L));
    List<Long> steps = node.hasInput(4) ? vector(node, 4) : List.of(1L);
    requireOnlyAxis(axes);
    require(
        starts.size() == 1 && ends.size() == 1 && steps.equals(List.of(1L)),
        "it is no range of a shape");
    return part(vector(node, 0), starts.get(0), ends.get(0));
  }

  private Numbers converted(NodeView node) throws UnmappedException {
    long type = node.integer("to", 0);
    require(
        type == TensorProto.DataType.INT64_VALUE || type == TensorProto.DataType.INT32_VALUE,
        "it does not convert a shape to integers");
    return numbers(node, 0);
  }

  private Numbers concatenated(NodeView node) throws UnmappedException {
    requireOnlyAxis(List.of(node.integer("axis", 1)));
    List<Long> joined = new ArrayList<>();
    for (int i = 0; i < node.proto().getInputCount(); i++) {
      joined.addAll(vector(node, i));
    }
    return new Numbers(joined, false);
  }

  private List<Long> axes(NodeView node) throws UnmappedException {
    return node.hasInput(1) ? vector(node, 1) : node.integers("axes", List.of());
  }

  /** A vector has one axis. */
  private static void requireOnlyAxis(List<Long> axes) throws UnmappedException {
    require(
        axes.equals(List.of(0L)) || axes.equals(List.of(-1L)),
        "its axes %s are not those of a shape".formatted(axes));
  }
}
