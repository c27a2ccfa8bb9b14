// SPDX-License-Identifier: Apache-2.0
package io.stoker.failure;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;

/** The "did you mean" of an error about an unknown name. */
public final class Suggestion {
  private static final Pattern SEVERAL_WORDS = Pattern.compile("\\w-\\w");

  private Suggestion() {}

  /**
   * A choice by its name.
   *
   * @param what is chosen, for the error: "precision"
   * @param name the name that was given
   * @param known what there is to choose from
   * @param label the name of each
   * @throws InputException if none has that name; it suggests the nearest
   */
  public static <T> T choose(
      String what, String name, Collection<T> known, Function<? super T, String> label) {
    return known.stream()
        .filter(choice -> label.apply(choice).equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new InputException(
                    "Unknown %s: '%s'; %s"
                        .formatted(what, name, among(name, known.stream().map(label).toList()))));
  }

  /**
   * Ends an error message: the nearest known name where one is near, and all known names.
   *
   * @param unknown the name that was given
   * @param known the names that there are
   * @return for example {@code "did you mean 'lenet5'? Known: alexnet-mini, lenet5"}
   */
  public static String among(String unknown, Collection<String> known) {
    String all = "Known: " + String.join(", ", known);
    return nearest(unknown, known).map(name -> "did you mean '" + name + "'? " + all).orElse(all);
  }

  /**
   * The known name that an unknown one was probably meant to be: one of which it has the initials
   * ({@code lr} for {@code learning-rate}), the nearest, or one that it begins with ({@code
   * batch-size} for {@code batch}).
   */
  public static Optional<String> nearest(String unknown, Collection<String> known) {
    String given = unknown.toLowerCase(Locale.ROOT);
    return known.stream()
        .filter(name -> SEVERAL_WORDS.matcher(name).find() && given.equals(initials(name)))
        .findFirst()
        .or(() -> nearestByDistance(given, known))
        .or(() -> known.stream().filter(name -> given.startsWith(name + "-")).findFirst());
  }

  /** {@code --lr} of {@code --learning-rate}. */
  private static String initials(String name) {
    return name.replaceAll("(?<=\\w)[a-z]+", "").replaceAll("(?<=\\w)-", "");
  }

  private static Optional<String> nearestByDistance(String given, Collection<String> known) {
    return known.stream()
        .min(Comparator.comparingInt(name -> distance(given, name.toLowerCase(Locale.ROOT))))
        .filter(
            name ->
                distance(given, name.toLowerCase(Locale.ROOT)) <= Math.max(2, name.length() / 3));
  }

  /** Levenshtein's edit distance. */
  private static int distance(String a, String b) {
    int[] previous = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      previous[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int[] current = new int[b.length() + 1];
      current[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int substitution = previous[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        current[j] = Math.min(substitution, Math.min(previous[j], current[j - 1]) + 1);
      }
      previous = current;
    }
    return previous[b.length()];
  }
}
