// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onnx;

import java.util.List;
import java.util.Optional;
import onnx.Onnx.AttributeProto;
import onnx.Onnx.NodeProto;

/** A node's attributes, with the defaults of ONNX. */
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

  Optional<AttributeProto> attribute(String name) {
    return node.getAttributeList().stream().filter(each -> each.getName().equals(name)).findFirst();
  }

  long integer(String name, long otherwise) {
    return attribute(name).map(AttributeProto::getI).orElse(otherwise);
  }

  float real(String name, float otherwise) {
    return attribute(name).map(AttributeProto::getF).orElse(otherwise);
  }

  String text(String name, String otherwise) {
    return attribute(name).map(each -> each.getS().toStringUtf8()).orElse(otherwise);
  }

  List<Long> integers(String name, List<Long> otherwise) {
    return attribute(name).map(AttributeProto::getIntsList).orElse(otherwise);
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
