package io.stoker.driver.cli;

import java.util.function.Consumer;

/** Options that may be absent, so that a recipe or the job itself has a say. */
final class Given {
  private Given() {}

  /** Hands an option's value on if there is one. */
  static <T> void set(T value, Consumer<T> setter) {
    if (value != null) {
      setter.accept(value);
    }
  }
}
