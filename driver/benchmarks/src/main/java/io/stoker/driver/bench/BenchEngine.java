// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.bench;

import io.stoker.failure.ResourceException;
import io.stoker.models.engine.Devices;
import io.stoker.models.engine.Engine;
import io.stoker.models.engine.Engines;
import java.util.Optional;

/**
 * An engine that is measured.
 *
 * @param engine the engine
 * @param devices the GPUs that its networks are on, one after the other; empty for processors
 */
public record BenchEngine(Engine engine, Optional<Devices> devices) {
  /**
   * The engine of that name on processors.
   *
   * @throws io.stoker.failure.InputException if no engine has that name
   */
  public static BenchEngine onProcessors(String name) {
    return new BenchEngine(Engines.named(name), Optional.empty());
  }

  /**
   * The engine of that name on GPUs, or for {@link Engines#AUTO} the best one with code for them.
   *
   * @throws io.stoker.failure.InputException if no engine has that name
   * @throws ResourceException if it computes on no GPU of this machine, or has no code for one
   */
  public static BenchEngine onGpus(String name) {
    Engine engine = Engines.onDevices(name);
    if (!engine.available()) {
      throw new ResourceException(
          "Engine %s cannot run on this machine, because %s"
              .formatted(engine.name(), engine.whyUnavailable()));
    }
    Devices devices =
        engine
            .devices()
            .orElseThrow(
                () ->
                    new ResourceException(
                        "Cannot compute on GPUs: " + Engines.whyNoDevicesHere(engine)));
    return new BenchEngine(engine, Optional.of(usable(engine, devices)));
  }

  /** A GPU that the engine has no code for may end the process at the first operation. */
  static Devices usable(Engine engine, Devices devices) {
    for (int device = 0; device < devices.count(); device++) {
      Engines.requireCode(engine, devices.gpu(device), "GPU " + device);
    }
    return devices;
  }

  /** Binds the calling thread to the GPU of a worker: its network belongs to both. */
  void bind(int worker) {
    devices.ifPresent(gpus -> gpus.bind(worker % gpus.count()));
  }
}
