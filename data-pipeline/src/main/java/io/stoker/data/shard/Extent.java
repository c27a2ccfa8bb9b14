package io.stoker.data.shard;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import io.stoker.failure.Check;
import java.io.Serializable;
import java.util.List;

/**
 * From the least to the most of a whole number that images have. In JSON it is the number itself
 * where all have the same, else {@code [least, most]}.
 *
 * @param least at least 1
 * @param most at least as much
 */
public record Extent(int least, int most) implements Serializable {
  public Extent {
    Check.undamaged(
        least >= 1 && most >= least, "Invalid extent: %d to %d (must be 1 or more)", least, most);
  }

  /** That of one number. */
  @JsonCreator
  public static Extent of(int value) {
    return new Extent(value, value);
  }

  /** That of the two numbers in a manifest. */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  static Extent of(List<Integer> ends) {
    Check.undamaged(
        ends.size() == 2 && !ends.contains(null),
        "Invalid extent: %s (must be [least, most])",
        ends);
    return new Extent(ends.get(0), ends.get(1));
  }

  /** Whether it is one number. */
  boolean isOne() {
    return least == most;
  }

  boolean contains(int value) {
    return value >= least && value <= most;
  }

  /** The least extent that has both in it. */
  public Extent and(Extent other) {
    return new Extent(Math.min(least, other.least), Math.max(most, other.most));
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
