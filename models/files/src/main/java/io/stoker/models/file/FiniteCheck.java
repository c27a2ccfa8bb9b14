// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.file;

import io.stoker.failure.DamagedException;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.ModelSpec.Placed;
import io.stoker.models.spec.ParameterSpec;
import java.nio.FloatBuffer;
import java.util.Locale;

/** Counts the values of a parameter vector that are NaN or infinite, while the vector is read. */
final class FiniteCheck {
  private long seen;
  private long notFinite;
  private long first = -1;
  private float firstValue;

  /** Checks the vector's next values; the buffer's position stays as it is. */
  void add(FloatBuffer values) {
    for (int i = values.position(); i < values.limit(); i++) {
      float value = values.get(i);
      if (!Float.isFinite(value)) {
        if (notFinite == 0) {
          first = seen;
          firstValue = value;
        }
        notFinite++;
      }
      seen++;
    }
  }

  /**
   * Makes sure that all values were finite.
   *
   * @param file the file's name, for the message
   * @param model the model whose parameters they are
   * @throws DamagedException if not; it says how many values, and where the first one is
   */
  void require(String file, ModelSpec model) {
    if (notFinite > 0) {
      throw new DamagedException(
          String.format(
              Locale.ROOT,
              "Cannot use model file %s: %d of its %d parameters are NaN or infinite, first %s in"
                  + " the %s; its training diverged: take an earlier checkpoint, or train with a"
                  + " lower learning rate",
              file,
              notFinite,
              seen,
              firstValue,
              place(model)));
    }
  }

  private String place(ModelSpec model) {
    for (Placed placed : model.leaves()) {
      long start = placed.parameterOffset();
      for (ParameterSpec tensor : placed.parameters()) {
        if (first < start + tensor.size()) {
          return String.format(
              Locale.ROOT,
              "%s of layer %s (%s)",
              name(tensor.role()),
              placed.path(),
              placed.layer().label());
        }
        start += tensor.size();
      }
    }
    throw new IllegalStateException(
        String.format(Locale.ROOT, "Parameter %d is beyond the model", first));
  }

  private static String name(ParameterSpec.Role role) {
    return switch (role) {
      case WEIGHT -> "weights";
      case BIAS -> "biases";
      case SCALE -> "scales";
      case STATISTIC -> "running statistics";
    };
  }
}
