package io.stoker.worker.device;

import io.stoker.failure.ResourceException;
import io.stoker.models.engine.Devices;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

/**
 * Which task of this process has which card. One card, one task: two of them would take turns in
 * kernels and fill one memory, and neither would say so.
 */
public final class DeviceLeases {
  private final Supplier<List<InstalledCard>> installed;
  private final String visible;
  private final Set<Integer> taken = new HashSet<>();
  private List<InstalledCard> cards;

  /** Over the cards and the environment of this machine. */
  public DeviceLeases() {
    this(InstalledCard::list, System.getenv().getOrDefault(InstalledCard.VISIBLE, ""));
  }

  /**
   * @param installed lists the cards of the machine; called once, when the first card is wanted
   * @param visible the value of {@code CUDA_VISIBLE_DEVICES}; blank where it is not set
   */
  DeviceLeases(Supplier<List<InstalledCard>> installed, String visible) {
    this.installed = installed;
    this.visible = visible;
  }

  /**
   * Gives the calling thread the card that Spark has assigned to its task, and binds it to that.
   *
   * @param address what Spark calls the card
   * @param devices starts the engine's devices; called after the card is known to be usable
   * @throws ResourceException if another task has it, there is no code for it, or it is not there
   */
  public synchronized DeviceLease assigned(String address, Supplier<Devices> devices) {
    List<InstalledCard> here = cards();
    // Before CUDA starts: where a card has no code, it may end the process.
    here.stream()
        .filter(card -> card.isAt(address))
        .forEach(card -> card.card().requireUsable("GPU " + address));
    int number = new VisibleDevices(visible, here).number(address);
    if (taken.contains(number)) {
      throw new ResourceException(
          "Cannot use GPU %s: another task of this executor computes on it; one task needs one device (spark.task.resource.gpu.amount=1)"
              .formatted(address));
    }
    return bound(number, "GPU " + address, devices.get());
  }

  /**
   * Gives the calling thread whichever card is free, where Spark assigns none.
   *
   * @param wanted starts the engine's devices; called after a card is known to be usable
   * @throws ResourceException if all are taken, or there is no code for it
   */
  public synchronized DeviceLease any(Supplier<Devices> wanted) {
    List<InstalledCard> here = cards();
    if (here.stream().noneMatch(card -> card.card().usable())) {
      here.forEach(card -> card.card().requireUsable("GPU " + card.index()));
    }
    Devices devices = wanted.get();
    for (int number = 0; number < devices.count(); number++) {
      if (!taken.contains(number)) {
        return bound(number, "GPU " + number, devices);
      }
    }
    throw new ResourceException(
        "Cannot give each task a GPU of its own: there are %d, and more tasks at once; say --master local[%d]"
            .formatted(devices.count(), Math.max(1, devices.count())));
  }

  private DeviceLease bound(int number, String place, Devices devices) {
    if (number >= devices.count()) {
      throw new ResourceException(
          "Cannot use %s: CUDA sees %d cards in this process; is it the machine's, and is the driver loaded?"
              .formatted(place, devices.count()));
    }
    devices.card(number).requireUsable(place);
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

  private List<InstalledCard> cards() {
    if (cards == null) {
      cards = installed.get();
    }
    return cards;
  }
}
