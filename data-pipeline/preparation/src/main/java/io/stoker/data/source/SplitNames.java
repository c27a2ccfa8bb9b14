// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source;

import io.stoker.failure.Suggestion;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The split that a folder or file is named after. */
public final class SplitNames {
  /** The splits that training and evaluation know, in the order of manifests. */
  public static final List<String> USUAL = List.of("train", "validation", "test");

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

  /**
   * The usual name that a split was probably meant to have; empty for a name that begins with one,
   * such as {@code test2}.
   */
  public static Optional<String> meant(String split) {
    return USUAL.stream().anyMatch(split::startsWith)
        ? Optional.empty()
        : Suggestion.nearest(split, USUAL);
  }
}
