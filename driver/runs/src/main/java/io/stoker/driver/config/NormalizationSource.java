// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.config;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** Whose mean and deviation images are normalised by. */
public enum NormalizationSource {
  /** Those of the training data, which {@code prepare} computed. */
  DATA,
  /** Those of the checkpoint that training begins with. */
  INIT;

  /** Its name in options and configurations. */
  @Override
  @JsonValue
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
