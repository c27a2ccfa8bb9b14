// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onnx;

import io.stoker.failure.Check;

/**
 * How a model is written as ONNX.
 *
 * @param opset the version of ONNX's operators
 * @param input the name of the graph's input
 * @param normalization whether the graph normalises images
 */
public record OnnxOptions(int opset, String input, Normalization normalization) {
  /** The version of operators that is written if the user names none: ONNX 1.12, of 2022. */
  public static final int DEFAULT_OPSET = 17;

  /** The oldest version of operators that is written. */
  public static final int OLDEST_OPSET = 13;

  /** The newest version of operators that is written. */
  public static final int NEWEST_OPSET = 21;

  /** The name of the graph's input if the user names none. */
  public static final String DEFAULT_INPUT = "images";

  /** What the graph takes. */
  public enum Normalization {
    /** Pixels from 0 to 255; the first nodes subtract the mean and divide by the deviation. */
    INCLUDE,
    /** Normalised images. */
    EXCLUDE
  }

  public OnnxOptions {
    Check.input(
        opset >= OLDEST_OPSET && opset <= NEWEST_OPSET,
        "Invalid opset: %d (must be between %d and %d)",
        opset,
        OLDEST_OPSET,
        NEWEST_OPSET);
    Check.input(
        input.matches("[A-Za-z_][A-Za-z0-9_]{0,99}"),
        "Invalid input name: '%s' (must be letters, digits and _, and begin with no digit)",
        input);
    Check.input(
        !OnnxGraphBuilder.isReserved(input),
        "Invalid input name: '%s' (the graph has a value of that name)",
        input);
  }

  /** The version of the file format that came with the operators. */
  int irVersion() {
    if (opset <= 14) {
      return 7;
    }
    if (opset <= 18) {
      return 8;
    }
    return opset <= 20 ? 9 : 10;
  }
}
