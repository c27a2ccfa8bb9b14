// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onnx;

import io.stoker.models.spec.Shape;
import java.util.List;

/**
 * A value between two nodes.
 *
 * @param step the step that computes it
 * @param shape the shape of one example
 * @param form the dimensions that the value has in the graph
 */
record GraphValue(GraphStep step, Shape shape, Form form) {
  /** The dimensions of a value in a graph. */
  enum Form {
    /** {@code [batch, channels, height, width]}. */
    IMAGE,
    /** {@code [batch, features]}. */
    VECTOR,
    /** {@code [batch, rows, width]}: the rows of all channels. */
    ROWS,
    /** {@code [rows, batch, width]}. */
    SEQUENCE,
    /** {@code [1, batch, units]}: the last state of an LSTM. */
    STATE,
    /**
     * {@code [batch, classes]}: scores that a temperature has divided, which softmax alone takes.
     */
    DIVIDED,
    /** {@code [batch, classes]}: class probabilities, after softmax. */
    PROBABILITIES
  }

  /** The value's dimensions in the graph, with {@link GraphShapes#BATCH} for the batch. */
  List<Long> dimensions() {
    long batch = GraphShapes.BATCH;
    long features = shape.features();
    long rows = (long) shape.height() * shape.channels();
    long width = shape.width();
    return switch (form) {
      case IMAGE -> List.of(batch, (long) shape.channels(), (long) shape.height(), width);
      case VECTOR, DIVIDED, PROBABILITIES -> List.of(batch, features);
      case ROWS -> List.of(batch, rows, width);
      case SEQUENCE -> List.of(rows, batch, width);
      case STATE -> List.of(1L, batch, features);
    };
  }

  GraphValue in(Form other) {
    return new GraphValue(step, shape, other);
  }
}
