// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.command;

import java.util.function.Consumer;

/** The value of an option that may be left out: the recipe or the default then decides. */
public final class OptionalValue {
  private OptionalValue() {}

  /**
   * Passes an option's value on.
   *
   * @param value null if the option was left out
   * @param setter called unless it was
   */
  public static <T> void setIfPresent(T value, Consumer<T> setter) {
    if (value != null) {
      setter.accept(value);
    }
  }
}
