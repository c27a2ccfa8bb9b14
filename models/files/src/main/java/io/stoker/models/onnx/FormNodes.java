// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onnx;

import static io.stoker.models.onnx.NodeView.require;

import io.stoker.models.onnx.GraphValue.Form;
import io.stoker.models.onnx.NodeView.UnmappedException;
import io.stoker.models.spec.Shape;
import java.util.ArrayList;
import java.util.List;

/** Nodes that give a value another form: flattened, reshaped, transposed. */
final class FormNodes {
  private final NodeInputs in;

  FormNodes(NodeInputs in) {
    this.in = in;
  }

  GraphValue flatten(NodeView node) throws UnmappedException {
    GraphValue input = in.features(node);
    long axis = node.integer("axis", 1);
    require(axis == 1 || axis == 1 - input.dimensions().size(), "its axis is not 1");
    return input.in(Form.VECTOR);
  }

  GraphValue reshape(NodeView node) throws UnmappedException {
    GraphValue input = in.any(node);
    Shape shape = input.shape();
    List<Long> sizes = sizes(node, input);
    List<Long> example = sizes.subList(1, sizes.size());
    if (example.equals(List.of((long) shape.features()))) {
      return input.form() == Form.PROBABILITIES ? input : input.in(Form.VECTOR);
    }
    require(
        input.form() == Form.IMAGE || input.form() == Form.VECTOR,
        "it makes %s of an example of %s".formatted(example, input.form()));
    for (Form form : List.of(Form.IMAGE, Form.ROWS)) {
      List<Long> there = input.in(form).dimensions();
      if (example.equals(there.subList(1, there.size()))
          && (form == Form.IMAGE || input.form() == Form.IMAGE)) {
        return input.in(form);
      }
    }
    throw new UnmappedException("it makes %s of an example of %s".formatted(example, shape));
  }

  /** The sizes that a reshape makes, in numbers; the first is that of the in.batch(). */
  private List<Long> sizes(NodeView node, GraphValue input) throws UnmappedException {
    require(input.form() != Form.SEQUENCE, "it makes examples of the rows of several images");
    List<Long> sizes = new ArrayList<>(in.shapes().vector(node, 1));
    boolean zeros = node.flag("allowzero", false);
    require(!sizes.isEmpty(), "it makes a single number");
    List<Long> before = input.dimensions();
    for (int i = 0; i < sizes.size(); i++) {
      if (sizes.get(i) == 0) {
        require(!zeros && i < before.size(), "it makes a size of 0");
        sizes.set(i, before.get(i));
      }
    }
    long first = sizes.get(0);
    require(
        first == GraphShapes.BATCH || first == -1 || first == in.batch(),
        "it makes %s of a batch".formatted(sizes));
    long free = sizes.stream().filter(size -> size == -1).count();
    List<Long> rest = sizes.subList(1, sizes.size());
    require(
        free <= 1 && rest.stream().allMatch(size -> size > 0 || size == -1),
        "it makes %s of an example of %s".formatted(rest, input.shape()));
    long others =
        rest.stream().filter(size -> size > 0).reduce(1L, (a, b) -> Math.min(a * b, 1L << 31));
    rest.replaceAll(size -> size == -1 ? input.shape().features() / others : size);
    return sizes;
  }

  GraphValue squeeze(NodeView node) throws UnmappedException {
    GraphValue input = in.data(node, 0);
    List<Long> axes =
        node.hasInput(1) ? in.shapes().vector(node, 1) : node.integers("axes", List.of());
    int rank = input.dimensions().size();
    List<Long> places = axes.stream().map(axis -> axis < 0 ? axis + rank : axis).sorted().toList();
    boolean state = input.form() == Form.STATE;
    require(
        state || (input.form() == Form.IMAGE && input.shape().isVector()),
        "it is not after an LSTM or a global average");
    require(
        axes.isEmpty() || places.equals(state ? List.of(0L) : List.of(2L, 3L)),
        "its axes %s leave no vector".formatted(axes));
    return input.in(Form.VECTOR);
  }

  GraphValue transpose(NodeView node) throws UnmappedException {
    GraphValue input = in.data(node, 0);
    require(
        input.form() == Form.ROWS && node.integers("perm", List.of()).equals(List.of(1L, 0L, 2L)),
        "it does not bring the rows of images to the front");
    return input.in(Form.SEQUENCE);
  }
}
