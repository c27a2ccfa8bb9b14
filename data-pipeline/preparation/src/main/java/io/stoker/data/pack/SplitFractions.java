// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.pack;

import io.stoker.base.Numbers;
import io.stoker.base.SplitMix64;
import io.stoker.data.source.SplitNames;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Splits of a collection that has none of its own, or of its split {@code train}. Which split a
 * sample falls in depends on the seed and the sample alone, so samples that are added later move
 * none of those that were there; the fractions hold on average, in every class.
 *
 * @param names of the splits
 * @param fractions of each, above 0, together 1
 */
public record SplitFractions(List<String> names, List<Double> fractions) implements Serializable {
  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9_]{0,30}");
  private static final double TOLERANCE = 1e-6;
  private static final String TRAIN = "train";
  private static final long USE = 4;
  private static final long USE_IN_TRAIN = 5;

  /** What a user gets who says nothing: {@code train=0.9,test=0.1}. */
  public static final SplitFractions DEFAULT =
      new SplitFractions(List.of(TRAIN, "test"), List.of(0.9, 0.1));

  /** One split, {@code train}. */
  public static final SplitFractions TRAIN_ALONE = new SplitFractions(List.of(TRAIN), List.of(1.0));

  public SplitFractions {
    names = List.copyOf(names);
    fractions = List.copyOf(fractions);
    Check.input(
        names.contains(TRAIN),
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
    Map<String, Double> parsed = pairs(text);
    return new SplitFractions(List.copyOf(parsed.keySet()), List.copyOf(parsed.values()));
  }

  /**
   * Reads the splits that are taken out of {@code train}, such as {@code validation=0.1}; the rest
   * stays.
   *
   * @throws InputException if they are none, or leave nothing
   */
  public static SplitFractions parseOfTrain(String text) {
    Map<String, Double> parsed = pairs(text);
    Check.input(
        !parsed.containsKey(TRAIN),
        "Invalid splits of train: '%s' (name those to take out of it, such as validation=0.1)",
        text);
    double rest = 1 - parsed.values().stream().mapToDouble(Double::doubleValue).sum();
    Check.input(
        rest > TOLERANCE, "Invalid splits of train: '%s' (they leave nothing in train)", text);
    List<String> names = new ArrayList<>(parsed.keySet());
    List<Double> fractions = new ArrayList<>(parsed.values());
    names.add(TRAIN);
    fractions.add(rest);
    return new SplitFractions(names, fractions);
  }

  private static Map<String, Double> pairs(String text) {
    Map<String, Double> parsed = new LinkedHashMap<>();
    for (String part : text.split(",", -1)) {
      String[] pair = part.trim().split("=", 2);
      try {
        Check.input(pair.length == 2, "Invalid split: '%s' (such as train=0.9,test=0.1)", part);
        String name = SplitNames.of(pair[0].trim()).orElse(pair[0].trim()); // val is validation
        Check.input(
            parsed.put(name, Numbers.parseDouble(pair[1].trim())) == null,
            "Split '%s' appears twice",
            name);
      } catch (NumberFormatException e) {
        throw new InputException("Invalid split: '" + part + "' (such as train=0.9,test=0.1)", e);
      }
    }
    return parsed;
  }

  /** The split of a sample of a collection that has no splits. */
  String of(long seed, long sampleId) {
    return at(SplitMix64.unit(SplitMix64.mix(seed, sampleId, USE)));
  }

  /** The split of a sample of split {@code train}. */
  String ofTrain(long seed, long sampleId) {
    return at(SplitMix64.unit(SplitMix64.mix(seed, sampleId, USE_IN_TRAIN)));
  }

  private String at(double at) {
    double end = 0;
    for (int i = 0; i < fractions.size() - 1; i++) {
      end += fractions.get(i);
      if (at < end) {
        return names.get(i);
      }
    }
    return names.get(names.size() - 1);
  }
}
