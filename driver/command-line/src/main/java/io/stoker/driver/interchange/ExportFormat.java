// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.interchange;

import io.stoker.failure.InputException;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** A format of other programs for trained models. */
public enum ExportFormat {
  /** Open Neural Network Exchange: layers and parameters. */
  ONNX,
  /** Named tensors, as PyTorch users exchange them. */
  SAFETENSORS;

  /** The format's name on the command line, which is also how its files end. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * The format of that name.
   *
   * @throws InputException if there is none
   */
  public static ExportFormat named(String name) {
    return find(name)
        .orElseThrow(
            () ->
                new InputException(
                    "Unknown format: '%s' (must be onnx or safetensors)".formatted(name)));
  }

  /** The format of a file, by its ending; safetensors for any other. */
  public static ExportFormat ofFile(String file) {
    return file.toLowerCase(Locale.ROOT).endsWith(".onnx") ? ONNX : SAFETENSORS;
  }

  private static Optional<ExportFormat> find(String name) {
    return Arrays.stream(values())
        .filter(format -> format.label().equals(name.toLowerCase(Locale.ROOT)))
        .findFirst();
  }
}
