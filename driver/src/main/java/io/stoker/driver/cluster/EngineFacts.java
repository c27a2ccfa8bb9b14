package io.stoker.driver.cluster;

import io.stoker.models.engine.Devices;
import io.stoker.models.engine.Engine;
import io.stoker.models.engine.Engines;
import java.io.Serializable;
import java.util.List;

/**
 * What one process can compute with.
 *
 * @param name the engine's name
 * @param available whether it runs there
 * @param description the engine in one line; why not, where it does not run
 * @param devices the graphics cards that it computes on there
 */
public record EngineFacts(String name, boolean available, String description, int devices)
    implements Serializable {
  /**
   * The engines of this process, which starts them.
   *
   * @param usable whether the graphics cards here have code; CUDA is not started on others
   */
  static List<EngineFacts> here(boolean usable) {
    return Engines.all().stream().map(engine -> of(engine, usable)).toList();
  }

  private static EngineFacts of(Engine engine, boolean usable) {
    if (engine.computesOnDevices() && !usable) {
      return new EngineFacts(
          engine.name(), false, "not started: a graphics card here has no code", 0);
    }
    return engine.available()
        ? new EngineFacts(
            engine.name(),
            true,
            engine.description(),
            engine.devices().map(Devices::count).orElse(0))
        : new EngineFacts(engine.name(), false, "cannot run on this machine", 0);
  }
}
