// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.plan;

import io.stoker.failure.InputException;
import io.stoker.failure.Suggestion;
import java.util.List;
import java.util.Locale;

/** How often an epoch has each sample. */
public enum Sampling {
  /** Each sample once. */
  NATURAL,

  /**
   * Each class equally often, in an epoch of as many samples: of a class with few samples each is
   * had several times, of a class with many only some are had, others in each epoch. See {@link
   * EpochPlan#balanced}.
   */
  BALANCED;

  /**
   * A choice by name.
   *
   * @throws InputException if there is none of this name
   */
  public static Sampling parse(String name) {
    return Suggestion.choose("sampling", name, List.of(values()), Sampling::toString);
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
