// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.engine;

import io.stoker.models.spec.ModelSpec;
import java.util.Optional;

/**
 * Builds networks on one kind of processor. {@link Engines} finds the implementations through
 * {@link java.util.ServiceLoader}, also in jars that users add with {@code --jars}.
 */
public interface Engine {
  /** The engine's name in configurations and reports, such as {@code onednn}. */
  String name();

  /** Whether the engine can compute on this machine. */
  boolean available();

  /**
   * Why the engine is not {@link #available()}, as the rest of a sentence that begins with
   * "because". Undefined for an available engine.
   */
  default String whyUnavailable() {
    return "its native libraries are for another machine";
  }

  /** Of the available engines the one with the highest rank is the default. */
  int rank();

  /** The threads that one network uses; results depend on their number. */
  int threads();

  /** One line for {@code doctor}: library, version, instruction set, devices. */
  String description();

  /**
   * The graphics cards for which this engine has code, in this build of Stoker or in another; empty
   * for an engine that only computes on processors.
   */
  default Optional<CardSupport> cards() {
    return Optional.empty();
  }

  /** Whether this build has code for graphics cards; needs neither a card nor a driver. */
  default boolean computesOnDevices() {
    return cards().map(CardSupport::isInThisBuild).orElse(false);
  }

  /**
   * The cards of this process; empty where this build has no code for them, or where their
   * libraries do not start.
   */
  default Optional<Devices> devices() {
    return Optional.empty();
  }

  /**
   * Creates a network with all parameters and the whole updater state zero.
   *
   * @param model the model
   * @param batchCapacity the largest number of examples of one call, at least 1
   * @param rates the rate of each tensor
   */
  Network create(ModelSpec model, int batchCapacity, RateMultipliers rates);

  /** Creates a network whose tensors all learn at the same rate. */
  default Network create(ModelSpec model, int batchCapacity) {
    return create(model, batchCapacity, RateMultipliers.ones(model));
  }
}
