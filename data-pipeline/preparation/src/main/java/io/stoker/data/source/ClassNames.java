// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source;

import io.stoker.failure.Check;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;

/** The names of a collection's classes. */
public final class ClassNames {
  /** The longest name that a folder on a Unix disk can have. */
  static final int LONGEST = 255;

  /** What invalid bytes are decoded to. */
  private static final char REPLACEMENT = '\uFFFD';

  private ClassNames() {}

  /**
   * Labels that occur, in the order in which they become classes: that of numbers if all are
   * numbers, else that of the alphabet.
   *
   * @param labels each once
   */
  public static List<String> sorted(Collection<String> labels) {
    boolean numbers = labels.stream().allMatch(name -> name.matches("[0-9]{1,9}"));
    return labels.stream()
        .sorted(
            numbers
                ? Comparator.<String>comparingInt(Integer::parseInt)
                    .thenComparing(Comparator.naturalOrder())
                : Comparator.<String>naturalOrder())
        .toList();
  }

  /**
   * The class of a label that is a whole number.
   *
   * @param label in decimal digits
   * @param names of the classes from 0 on; empty if the numbers are their names
   * @return the number itself if it has no name, in a form that is none of the names
   */
  public static String named(String label, List<String> names) {
    if (label.matches("[0-9]{1,9}") && Integer.parseInt(label) < names.size()) {
      return names.get(Integer.parseInt(label));
    }
    return names.contains(label) ? label + " (a number without a name)" : label;
  }

  /**
   * Whether all bytes that a name was decoded from were text: Parquet's and Spark's readers decode
   * others to replacement characters, which would make one class of several.
   */
  public static boolean isText(String name) {
    return name.indexOf(REPLACEMENT) < 0;
  }

  /**
   * Makes sure that texts can be the names of a data set's classes.
   *
   * @throws io.stoker.failure.InputException if there are fewer than two, if one appears twice, or
   *     if one is blank, longer than 255 characters, or not valid Unicode
   */
  static void check(List<String> names) {
    Check.input(
        names.size() >= 2,
        "Found %d class%s %s; there must be at least 2 to learn to tell apart",
        names.size(),
        names.size() == 1 ? "" : "es",
        shown(names));
    names.forEach(ClassNames::check);
    Check.input(
        new HashSet<>(names).size() == names.size(),
        "A class name appears twice: %s",
        shown(names));
  }

  private static List<String> shown(List<String> names) {
    return names.stream().map(Inputs::shown).toList();
  }

  private static void check(String name) {
    Check.input(!name.isBlank(), "Invalid class name: '%s' (must not be blank)", name);
    Check.input(
        name.length() <= LONGEST,
        "Invalid class name: '%s...' has %d characters (must be at most %d)",
        Inputs.shown(name.substring(0, Math.min(name.length(), 40))),
        name.length(),
        LONGEST);
    Check.input(
        isText(name)
            && name.codePoints()
                .noneMatch(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE),
        "Invalid class name: '%s' (it is not valid Unicode)",
        Inputs.shown(name));
  }
}
