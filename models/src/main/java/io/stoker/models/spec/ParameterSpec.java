package io.stoker.models.spec;

import java.util.List;

/**
 * One parameter tensor of a layer.
 *
 * @param role what it is
 * @param dimensions its dimensions, row-major in the canonical vector
 * @param fanIn inputs that feed one output
 * @param fanOut outputs that one input feeds
 * @param initializer its first values
 */
public record ParameterSpec(
    Role role, List<Integer> dimensions, int fanIn, int fanOut, Initializer initializer) {
  /** What a parameter tensor does. */
  public enum Role {
    /** Factors of inputs; weight decay is for these. */
    WEIGHT,
    /** Added to sums of inputs. */
    BIAS,
    /** Factors of normalized values. */
    SCALE,
    /** A running statistic: it has no gradient, and no descent changes it. */
    STATISTIC
  }

  public ParameterSpec {
    dimensions = List.copyOf(dimensions);
  }

  /** How many values it has. */
  public long size() {
    return dimensions.stream().mapToLong(Integer::longValue).reduce(1, Math::multiplyExact);
  }
}
