// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.shard;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import io.stoker.failure.Check;
import java.io.Serializable;
import java.util.List;

/**
 * The range of a whole number over a data set's images, such as their height. In JSON it is the
 * number itself where all images have the same, else {@code [least, most]}.
 *
 * @param least the smallest, at least 1
 * @param most the largest
 */
public record IntRange(int least, int most) implements Serializable {
  public IntRange {
    Check.undamaged(
        least >= 1 && most >= least, "Invalid range: %d to %d (must be 1 or more)", least, most);
  }

  /** The range of one number. */
  @JsonCreator
  public static IntRange of(int value) {
    return new IntRange(value, value);
  }

  /** The range that two numbers in a manifest describe. */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  static IntRange of(List<Integer> ends) {
    Check.undamaged(
        ends.size() == 2 && !ends.contains(null),
        "Invalid range: %s (must be [least, most])",
        ends);
    return new IntRange(ends.get(0), ends.get(1));
  }

  /** Whether it is one number. */
  boolean isOne() {
    return least == most;
  }

  boolean contains(int value) {
    return value >= least && value <= most;
  }

  /** The smallest range that includes both. */
  public IntRange and(IntRange other) {
    return new IntRange(Math.min(least, other.least), Math.max(most, other.most));
  }

  @JsonValue
  Object toJson() {
    return isOne() ? least : List.of(least, most);
  }

  @Override
  public String toString() {
    return isOne() ? Integer.toString(least) : least + " to " + most;
  }
}
