// SPDX-License-Identifier: Apache-2.0
package io.stoker.worker.device;

import io.stoker.failure.ResourceException;
import io.stoker.models.engine.Devices;
import io.stoker.models.engine.Engine;
import io.stoker.models.engine.Engines;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntPredicate;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * Gives each task of this process a GPU of its own. Two tasks on one GPU would wait for each
 * other's kernels and share its memory, without an error that says so. A task that computes with
 * several networks, such as those of a pipeline, has one GPU for all of them.
 */
public final class DeviceLeases {
  /** How often the GPUs are listed while the list is empty: without a driver it stays empty. */
  private static final int MOST_LISTINGS = 5;

  /** Who has a GPU, and how many leases of it. */
  private record Holder(String owner, int leases) {}

  private final Supplier<List<InstalledGpu>> installed;
  private final String visible;
  private final Map<Integer, Holder> taken = new HashMap<>();
  private List<InstalledGpu> gpus = List.of();
  private int listings;

  /** Leases of this machine's GPUs. */
  public DeviceLeases() {
    this(InstalledGpu::list, System.getenv().getOrDefault(InstalledGpu.VISIBLE, ""));
  }

  /**
   * @param installed lists the GPUs of the machine; called for the first lease, and if it lists
   *     none, for some of the next ones
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
   * @param owner the task, which may have several leases of its GPU
   * @param engine the engine that computes
   * @param devices starts the engine's devices; called only if the engine has code for the GPU
   * @throws ResourceException if another task has the GPU, the engine has no code for it, or the
   *     GPU is not there
   */
  public synchronized DeviceLease assigned(
      String address, String owner, Engine engine, Supplier<Devices> devices) {
    List<InstalledGpu> here = gpus();
    // Before the driver's libraries start: on a GPU without code, they may end the process.
    here.stream()
        .filter(gpu -> gpu.isAt(address))
        .forEach(gpu -> Engines.requireCode(engine, gpu.gpu(), "GPU " + address));
    int number = new VisibleDevices(visible, here).number(address);
    if (taken.containsKey(number) && !isHeldBy(owner, number)) {
      throw new ResourceException(
          "Cannot use GPU %s: another task of this executor computes on it; one task needs one device (spark.task.resource.gpu.amount=1)"
              .formatted(address));
    }
    return bound(number, owner, "GPU " + address, engine, devices.get());
  }

  /**
   * Gives the calling thread the GPU that its task has already, else a free one, and binds the
   * thread to it. For a local master, where Spark assigns no GPUs.
   *
   * @param owner the task, which may have several leases of its GPU
   * @param engine the engine that computes
   * @param starting starts the engine's devices; called only if the engine has code for a GPU
   * @throws ResourceException if other tasks have all GPUs, or the engine has no code for them
   */
  public synchronized DeviceLease any(String owner, Engine engine, Supplier<Devices> starting) {
    List<InstalledGpu> here = gpus();
    if (here.stream().noneMatch(gpu -> Engines.hasCode(engine, gpu.gpu()))) {
      here.forEach(gpu -> Engines.requireCode(engine, gpu.gpu(), "GPU " + gpu.index()));
    }
    Devices devices = starting.get();
    OptionalInt own = first(devices, each -> isHeldBy(owner, each));
    OptionalInt found = own.isPresent() ? own : first(devices, each -> !taken.containsKey(each));
    if (found.isPresent()) {
      return bound(found.getAsInt(), owner, "GPU " + found.getAsInt(), engine, devices);
    }
    throw new ResourceException(
        String.format(
            Locale.ROOT,
            "Cannot give each task a GPU of its own: there are %d, and more tasks at once; say"
                + " --master local[%d]",
            devices.count(),
            Math.max(1, devices.count())));
  }

  private static OptionalInt first(Devices devices, IntPredicate condition) {
    return IntStream.range(0, devices.count()).filter(condition).findFirst();
  }

  private boolean isHeldBy(String owner, int number) {
    return taken.containsKey(number) && taken.get(number).owner().equals(owner);
  }

  private DeviceLease bound(
      int number, String owner, String place, Engine engine, Devices devices) {
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
    int before = taken.containsKey(number) ? taken.get(number).leases() : 0;
    taken.put(number, new Holder(owner, before + 1));
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
    Holder holder = taken.remove(number);
    if (holder.leases() > 1) {
      taken.put(number, new Holder(holder.owner(), holder.leases() - 1));
    }
  }

  /** A driver that was too busy to answer in time may answer later. */
  private List<InstalledGpu> gpus() {
    if (gpus.isEmpty() && listings < MOST_LISTINGS) {
      listings++;
      gpus = installed.get();
    }
    return gpus;
  }
}
