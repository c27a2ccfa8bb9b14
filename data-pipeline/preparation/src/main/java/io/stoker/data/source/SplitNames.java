// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source;

import java.util.Locale;
import java.util.Optional;

/** The split that a folder or file is named after. */
public final class SplitNames {
  private SplitNames() {}

  /** The split of a word such as {@code train}, {@code val} or {@code t10k}. */
  public static Optional<String> of(String word) {
    return switch (word.toLowerCase(Locale.ROOT)) {
      case "train", "training" -> Optional.of("train");
      case "val", "valid", "validation" -> Optional.of("validation");
      case "test", "t10k" -> Optional.of("test");
      default -> Optional.empty();
    };
  }
}
