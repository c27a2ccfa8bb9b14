// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onnx;

import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import onnx.Onnx.AttributeProto;
import onnx.Onnx.AttributeProto.AttributeType;
import onnx.Onnx.NodeProto;

/**
 * A node's attributes, with the defaults of ONNX, and its inputs. It knows which of them were read:
 * a node with others must not become a layer without them.
 */
final class NodeView {
  /** Says why a node cannot be part of a model. */
  static final class UnmappedException extends Exception {
    private static final long serialVersionUID = 1L;

    UnmappedException(String reason) {
      super(reason);
    }
  }

  private final NodeProto node;
  private final int number;
  private final Set<String> asked = new HashSet<>();
  private final Set<Integer> taken = new HashSet<>();

  /**
   * @param number its number in the graph, from 1
   */
  NodeView(NodeProto node, int number) {
    this.node = node;
    this.number = number;
  }

  NodeProto proto() {
    return node;
  }

  String operator() {
    return node.getOpType();
  }

  /** How messages call it: its operator with its name, or with its number. */
  String label() {
    String operator = OnnxReader.printable(node.getOpType());
    return node.getName().isEmpty()
        ? "%s (node %s)".formatted(operator, number)
        : "%s '%s'".formatted(operator, OnnxReader.printable(node.getName()));
  }

  /** An attribute, which counts as read then. */
  private Optional<AttributeProto> attribute(String name, AttributeType type)
      throws UnmappedException {
    asked.add(name);
    Optional<AttributeProto> found =
        node.getAttributeList().stream().filter(each -> each.getName().equals(name)).findFirst();
    if (found.isPresent()) {
      AttributeType actual = found.get().getType();
      require(
          actual == type || actual == AttributeType.UNDEFINED,
          "its attribute %s is of type %s (must be %s)".formatted(name, actual, type));
    }
    return found;
  }

  long integer(String name, long otherwise) throws UnmappedException {
    return attribute(name, AttributeType.INT).map(AttributeProto::getI).orElse(otherwise);
  }

  /** An attribute that is 0 or 1. */
  boolean flag(String name, boolean otherwise) throws UnmappedException {
    long value = integer(name, otherwise ? 1 : 0);
    require(value == 0 || value == 1, "its %s is %s (must be 0 or 1)".formatted(name, value));
    return value == 1;
  }

  float real(String name, float otherwise) throws UnmappedException {
    return attribute(name, AttributeType.FLOAT).map(AttributeProto::getF).orElse(otherwise);
  }

  String text(String name, String otherwise) throws UnmappedException {
    return attribute(name, AttributeType.STRING)
        .map(each -> each.getS().toStringUtf8())
        .orElse(otherwise);
  }

  List<Long> integers(String name, List<Long> otherwise) throws UnmappedException {
    return attribute(name, AttributeType.INTS).map(AttributeProto::getIntsList).orElse(otherwise);
  }

  /** Attributes that make no difference to what is computed. */
  void ignore(String... names) {
    asked.addAll(List.of(names));
  }

  /** The name of an input that is there; it counts as read then. */
  String input(int index) throws UnmappedException {
    require(hasInput(index), "it lacks an input");
    taken.add(index);
    return node.getInput(index);
  }

  /**
   * Refuses attributes and inputs that were not read: they may change what the node computes.
   *
   * @throws UnmappedException if there is one, or two of a name
   */
  void requireAllRead() throws UnmappedException {
    Set<String> names = new HashSet<>();
    for (AttributeProto attribute : node.getAttributeList()) {
      String name = attribute.getName();
      require(
          asked.contains(name) && attribute.getRefAttrName().isEmpty(),
          "its attribute '%s' is not supported".formatted(OnnxReader.printable(name)));
      require(names.add(name), "it has two attributes '%s'".formatted(OnnxReader.printable(name)));
    }
    for (int i = 0; i < node.getInputCount(); i++) {
      require(!hasInput(i) || taken.contains(i), "its input %s is not supported".formatted(i + 1));
    }
  }

  /** Whether the node has an input at a place. */
  boolean hasInput(int index) {
    return node.getInputCount() > index && !node.getInput(index).isEmpty();
  }

  /** Refuses the node unless a condition holds. */
  static void require(boolean condition, String reason) throws UnmappedException {
    if (!condition) {
      throw new UnmappedException(reason);
    }
  }

  /** A side that a square has twice. */
  int square(String name, List<Long> sides) throws UnmappedException {
    require(
        sides.size() == 2 && sides.get(0).equals(sides.get(1)),
        "its %s %s is not square".formatted(name, sides));
    long side = sides.get(0);
    require(side >= 1 && side <= 1024, "its %s %s is out of range".formatted(name, sides));
    return (int) side;
  }
}
