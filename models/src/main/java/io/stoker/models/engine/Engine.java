package io.stoker.models.engine;

import io.stoker.models.spec.ModelSpec;
import java.util.Optional;

/**
 * Builds networks on one kind of processor. Found through {@link java.util.ServiceLoader}; see
 * {@link Engines}.
 */
public interface Engine {
  /** The engine's name in configurations and reports, such as {@code onednn}. */
  String name();

  /** Whether its native code loads on this machine. */
  boolean available();

  /** Of the available engines the one with the highest rank is the default. */
  int rank();

  /** The threads that one network uses; part of what a result depends on. */
  int threads();

  /** One line for {@code doctor}: library, version, instruction set, devices. */
  String description();

  /** Whether this build of it has code for graphics cards; needs neither a card nor a driver. */
  default boolean computesOnDevices() {
    return false;
  }

  /** The cards of this process; none where there is no code for them, or CUDA does not start. */
  default Optional<Devices> devices() {
    return Optional.empty();
  }

  /**
   * Makes a network with all parameters and updater state zero.
   *
   * @param model what to compute
   * @param batchCapacity the largest number of examples of one call, at least 1
   * @param rates how fast each tensor learns
   */
  Network create(ModelSpec model, int batchCapacity, RateMultipliers rates);

  /** A network that learns alike everywhere. */
  default Network create(ModelSpec model, int batchCapacity) {
    return create(model, batchCapacity, RateMultipliers.ones(model));
  }
}
