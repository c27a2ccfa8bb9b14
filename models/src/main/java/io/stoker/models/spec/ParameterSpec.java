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
  /** What a parameter tensor does; weight decay and rate multipliers go by it. */
  public enum Role {
    WEIGHT,
    BIAS
  }

  public ParameterSpec {
    dimensions = List.copyOf(dimensions);
  }

  /** How many values it has. */
  public long size() {
    return dimensions.stream().mapToLong(Integer::longValue).reduce(1, Math::multiplyExact);
  }
}
