// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.pack;

import io.stoker.base.Numbers;
import io.stoker.base.SplitMix64;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import java.io.Serializable;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Splits of a collection that has none of its own. Which split a sample falls in depends on the
 * seed and the sample alone, so samples that are added later move none of those that were there;
 * the fractions hold on average, in every class.
 *
 * @param names of the splits
 * @param fractions of each, above 0, together 1
 */
public record SplitFractions(List<String> names, List<Double> fractions) implements Serializable {
  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9_]{0,30}");
  private static final double TOLERANCE = 1e-6;
  private static final long USE = 4;

  /** What a user gets who says nothing: {@code train=0.9,test=0.1}. */
  public static final SplitFractions DEFAULT =
      new SplitFractions(List.of("train", "test"), List.of(0.9, 0.1));

  public SplitFractions {
    names = List.copyOf(names);
    fractions = List.copyOf(fractions);
    Check.input(
        names.contains("train"),
        "Invalid splits: %s (one must be train, such as train=0.9,test=0.1)",
        names);
    for (int i = 0; i < names.size(); i++) {
      Check.input(
          NAME.matcher(names.get(i)).matches(),
          "Invalid split name: '%s' (lower-case letters, digits and _)",
          names.get(i));
      Check.input(
          fractions.get(i) > 0,
          "Invalid split: %s=%s (must be > 0)",
          names.get(i),
          fractions.get(i));
    }
    double sum = fractions.stream().mapToDouble(Double::doubleValue).sum();
    Check.input(
        Math.abs(sum - 1) <= TOLERANCE,
        "Invalid splits: %s have fractions of %s in all (must be 1)",
        names,
        sum);
  }

  /**
   * Reads text such as {@code train=0.8,validation=0.1,test=0.1}.
   *
   * @throws InputException if it is none
   */
  public static SplitFractions parse(String text) {
    Map<String, Double> parsed = new LinkedHashMap<>();
    for (String part : text.split(",", -1)) {
      String[] pair = part.trim().split("=", 2);
      try {
        Check.input(pair.length == 2, "Invalid split: '%s' (such as train=0.9,test=0.1)", part);
        Check.input(
            parsed.put(pair[0].trim(), Numbers.parseDouble(pair[1].trim())) == null,
            "Split '%s' appears twice",
            pair[0]);
      } catch (NumberFormatException e) {
        throw new InputException("Invalid split: '" + part + "' (such as train=0.9,test=0.1)", e);
      }
    }
    return new SplitFractions(List.copyOf(parsed.keySet()), List.copyOf(parsed.values()));
  }

  /** The index, in {@link #names()}, of the split of a sample. */
  int indexOf(long seed, long sampleId) {
    double at = SplitMix64.unit(SplitMix64.mix(seed, sampleId, USE));
    double end = 0;
    for (int i = 0; i < fractions.size() - 1; i++) {
      end += fractions.get(i);
      if (at < end) {
        return i;
      }
    }
    return fractions.size() - 1;
  }
}
