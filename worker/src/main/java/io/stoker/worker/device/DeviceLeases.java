// SPDX-License-Identifier: Apache-2.0
package io.stoker.worker.device;

import io.stoker.failure.ResourceException;
import io.stoker.models.engine.Devices;
import io.stoker.models.engine.Engine;
import io.stoker.models.engine.Engines;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

/**
 * Gives each task of this process a GPU of its own. Two tasks on one GPU would wait for each
 * other's kernels and share its memory, without an error that says so.
 */
public final class DeviceLeases {
  private final Supplier<List<InstalledGpu>> installed;
  private final String visible;
  private final Set<Integer> taken = new HashSet<>();
  private List<InstalledGpu> gpus;

  /** Leases of this machine's GPUs. */
  public DeviceLeases() {
    this(InstalledGpu::list, System.getenv().getOrDefault(InstalledGpu.VISIBLE, ""));
  }

  /**
   * @param installed lists the GPUs of the machine; called once, for the first lease
   * @param visible the value of {@code CUDA_VISIBLE_DEVICES}; blank if it is not set
   */
  DeviceLeases(Supplier<List<InstalledGpu>> installed, String visible) {
    this.installed = installed;
    this.visible = visible;
  }

  /**
   * Gives the calling thread the GPU that Spark has assigned to its task, and binds the thread to
   * it.
   *
   * @param address Spark's address of the GPU
   * @param engine the engine that computes
   * @param devices starts the engine's devices; called only if the engine has code for the GPU
   * @throws ResourceException if another task has the GPU, the engine has no code for it, or the
   *     GPU is not there
   */
  public synchronized DeviceLease assigned(
      String address, Engine engine, Supplier<Devices> devices) {
    List<InstalledGpu> here = gpus();
    // Before the driver's libraries start: on a GPU without code, they may end the process.
    here.stream()
        .filter(gpu -> gpu.isAt(address))
        .forEach(gpu -> Engines.requireCode(engine, gpu.gpu(), "GPU " + address));
    int number = new VisibleDevices(visible, here).number(address);
    if (taken.contains(number)) {
      throw new ResourceException(
          "Cannot use GPU %s: another task of this executor computes on it; one task needs one device (spark.task.resource.gpu.amount=1)"
              .formatted(address));
    }
    return bound(number, "GPU " + address, engine, devices.get());
  }

  /**
   * Gives the calling thread a free GPU, and binds the thread to it. For a local master, where
   * Spark assigns no GPUs.
   *
   * @param engine the engine that computes
   * @param starting starts the engine's devices; called only if the engine has code for a GPU
   * @throws ResourceException if other tasks have all GPUs, or the engine has no code for them
   */
  public synchronized DeviceLease any(Engine engine, Supplier<Devices> starting) {
    List<InstalledGpu> here = gpus();
    if (here.stream().noneMatch(gpu -> Engines.hasCode(engine, gpu.gpu()))) {
      here.forEach(gpu -> Engines.requireCode(engine, gpu.gpu(), "GPU " + gpu.index()));
    }
    Devices devices = starting.get();
    for (int number = 0; number < devices.count(); number++) {
      if (!taken.contains(number)) {
        return bound(number, "GPU " + number, engine, devices);
      }
    }
    throw new ResourceException(
        String.format(
            Locale.ROOT,
            "Cannot give each task a GPU of its own: there are %d, and more tasks at once; say"
                + " --master local[%d]",
            devices.count(),
            Math.max(1, devices.count())));
  }

  private DeviceLease bound(int number, String place, Engine engine, Devices devices) {
    if (number >= devices.count()) {
      throw new ResourceException(
          String.format(
              Locale.ROOT,
              "Cannot use %s: engine %s sees %d GPUs in this process; is it the machine's, and is"
                  + " the driver loaded?",
              place,
              engine.name(),
              devices.count()));
    }
    Engines.requireCode(engine, devices.gpu(number), place);
    devices.bind(number);
    taken.add(number);
    AtomicBoolean ended = new AtomicBoolean();
    return new DeviceLease(
        "GPU " + number,
        () -> {
          if (!ended.getAndSet(true)) {
            release(number);
          }
        });
  }

  private synchronized void release(int number) {
    taken.remove(number);
  }

  private List<InstalledGpu> gpus() {
    if (gpus == null) {
      gpus = installed.get();
    }
    return gpus;
  }
}
