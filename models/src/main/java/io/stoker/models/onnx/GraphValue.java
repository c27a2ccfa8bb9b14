// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onnx;

import io.stoker.models.spec.Shape;

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
    /** Class probabilities, after softmax. */
    PROBABILITIES
  }

  GraphValue in(Form other) {
    return new GraphValue(step, shape, other);
  }
}
