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
 * Gives each task of this process a card of its own. Two tasks on one card would wait for each
 * other's kernels and share its memory, without an error that says so.
 */
public final class DeviceLeases {
  private final Supplier<List<InstalledGpu>> installed;
  private final String visible;
  private final Set<Integer> taken = new HashSet<>();
  private List<InstalledGpu> cards;

  /** Leases of this machine's cards. */
  public DeviceLeases() {
    this(InstalledGpu::list, System.getenv().getOrDefault(InstalledGpu.VISIBLE, ""));
  }

  /**
   * @param installed lists the cards of the machine; called once, for the first lease
   * @param visible the value of {@code CUDA_VISIBLE_DEVICES}; blank if it is not set
   */
  DeviceLeases(Supplier<List<InstalledGpu>> installed, String visible) {
    this.installed = installed;
    this.visible = visible;
  }

  /**
   * Gives the calling thread the card that Spark has assigned to its task, and binds the thread to
   * it.
   *
   * @param address Spark's address of the card
   * @param engine the engine that computes
   * @param devices starts the engine's devices; called only if the engine has code for the card
   * @throws ResourceException if another task has the card, the engine has no code for it, or the
   *     card is not there
   */
  public synchronized DeviceLease assigned(
      String address, Engine engine, Supplier<Devices> devices) {
    List<InstalledGpu> here = cards();
    // Before the driver's libraries start: on a card without code, they may end the process.
    here.stream()
        .filter(card -> card.isAt(address))
        .forEach(card -> Engines.requireCode(engine, card.card(), "GPU " + address));
    int number = new VisibleDevices(visible, here).number(address);
    if (taken.contains(number)) {
      throw new ResourceException(
          "Cannot use GPU %s: another task of this executor computes on it; one task needs one device (spark.task.resource.gpu.amount=1)"
              .formatted(address));
    }
    return bound(number, "GPU " + address, engine, devices.get());
  }

  /**
   * Gives the calling thread a free card, and binds the thread to it. For a local master, where
   * Spark assigns no cards.
   *
   * @param engine the engine that computes
   * @param starting starts the engine's devices; called only if the engine has code for a card
   * @throws ResourceException if other tasks have all cards, or the engine has no code for them
   */
  public synchronized DeviceLease any(Engine engine, Supplier<Devices> starting) {
    List<InstalledGpu> here = cards();
    if (here.stream().noneMatch(card -> Engines.hasCode(engine, card.card()))) {
      here.forEach(card -> Engines.requireCode(engine, card.card(), "GPU " + card.index()));
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
              "Cannot use %s: engine %s sees %d cards in this process; is it the machine's, and is"
                  + " the driver loaded?",
              place,
              engine.name(),
              devices.count()));
    }
    Engines.requireCode(engine, devices.card(number), place);
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

  private List<InstalledGpu> cards() {
    if (cards == null) {
      cards = installed.get();
    }
    return cards;
  }
}
