// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cluster;

import io.stoker.models.engine.Devices;
import io.stoker.models.engine.Engine;
import io.stoker.models.engine.Engines;
import io.stoker.worker.device.InstalledGpu;
import java.io.Serializable;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * An engine as one process finds it.
 *
 * @param name the engine's name
 * @param available whether the engine runs in the process
 * @param description the engine in one line; if it does not run, the reason
 * @param devices how many graphics cards it can compute on
 */
public record EngineFacts(String name, boolean available, String description, int devices)
    implements Serializable {
  /**
   * The engines of this process, which starts them.
   *
   * @param gpus the graphics cards here; an engine is not started if it has no code for one of them
   */
  static List<EngineFacts> here(List<InstalledGpu> gpus) {
    return Engines.all().stream().map(engine -> of(engine, gpus)).toList();
  }

  private static EngineFacts of(Engine engine, List<InstalledGpu> gpus) {
    Optional<InstalledGpu> withoutCode =
        gpus.stream().filter(gpu -> !Engines.hasCode(engine, gpu.gpu())).findFirst();
    if (engine.computesOnDevices() && withoutCode.isPresent()) {
      return new EngineFacts(
          engine.name(),
          false,
          String.format(
              Locale.ROOT,
              "not started: it has no code for GPU %d, %s",
              withoutCode.get().index(),
              withoutCode.get().gpu()),
          0);
    }
    return engine.available()
        ? new EngineFacts(
            engine.name(),
            true,
            engine.description(),
            engine.devices().map(Devices::count).orElse(0))
        : new EngineFacts(
            engine.name(),
            false,
            "cannot run on this machine, because " + engine.whyUnavailable(),
            0);
  }
}
