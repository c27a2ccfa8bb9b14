// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.augment;

import io.stoker.base.Numbers;
import io.stoker.failure.InputException;
import io.stoker.failure.Suggestion;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * What a user wrote of one augmentation: its name, and values apart by colons, such as {@code
 * shift=2:reflect} or {@code erase=p=0.5:fill=noise}. A value without a key is that of the first
 * key that has none yet.
 */
final class AugmentationText {
  private final String text;
  private final String example;
  private final Map<String, String> values = new HashMap<>();

  /**
   * @param text all of it
   * @param example what would be valid
   * @param keys those that the augmentation has, in the order in which values without a key have
   *     them
   * @throws InputException for an unknown key, a key that is given twice or more values than keys
   */
  AugmentationText(String text, String example, String... keys) {
    this.text = text;
    this.example = example;
    int equals = text.indexOf('=');
    if (equals < 0) {
      return;
    }
    List<String> known = List.of(keys);
    for (String part : text.substring(equals + 1).split(":", -1)) {
      String[] pair = part.split("=", 2);
      String key =
          pair.length == 2
              ? Suggestion.choose(
                  "value of " + name(text), pair[0].trim(), known, Function.identity())
              : known.stream()
                  .filter(each -> !values.containsKey(each))
                  .findFirst()
                  .orElseThrow(() -> invalid(null));
      if (values.put(key, pair[pair.length - 1].trim()) != null) {
        throw invalid(null);
      }
    }
  }

  /** The name of the augmentation that a text is about. */
  static String name(String text) {
    return text.split("=", 2)[0].trim();
  }

  /** Whether a key has a value. */
  boolean has(String... keys) {
    return Arrays.stream(keys).anyMatch(values::containsKey);
  }

  double number(String key, double otherwise) {
    return parsed(key, Numbers::parseDouble).orElse(otherwise);
  }

  int wholeNumber(String key, int otherwise) {
    return parsed(key, Numbers::parseInt).orElse(otherwise);
  }

  /** Two numbers and a hyphen, or one number for both. */
  Range range(String key, double from, double to) {
    return parsed(key, AugmentationText::range).orElseGet(() -> new Range(from, to));
  }

  private static Range range(String value) {
    String[] bounds = value.split("(?<![eE])-", 2); // not the hyphen of an exponent
    return new Range(
        Numbers.parseDouble(bounds[0].trim()),
        Numbers.parseDouble(bounds[bounds.length - 1].trim()));
  }

  /** One of an enum, of which the first is what it is without a value. */
  <T extends Enum<T>> T choice(String key, Collection<T> choices) {
    String first = lowerCase(choices.iterator().next());
    return Suggestion.choose(
        key + " of " + name(text),
        values.getOrDefault(key, first),
        choices,
        AugmentationText::lowerCase);
  }

  private static String lowerCase(Enum<?> choice) {
    return choice.name().toLowerCase(Locale.ROOT);
  }

  private <T> Optional<T> parsed(String key, Function<String, T> parser) {
    try {
      return Optional.ofNullable(values.get(key)).map(parser);
    } catch (NumberFormatException e) {
      throw invalid(e);
    }
  }

  /** The error that says what would be valid. */
  InputException invalid(Exception cause) {
    return new InputException(
        "Invalid augmentation: '%s' (try %s)".formatted(text, example), cause);
  }
}
