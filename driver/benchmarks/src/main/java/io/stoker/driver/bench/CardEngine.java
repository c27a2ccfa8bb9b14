// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.bench;

import io.stoker.failure.ResourceException;
import io.stoker.models.engine.Arithmetic;
import io.stoker.models.engine.Devices;
import io.stoker.models.engine.Engine;
import io.stoker.models.engine.Engines;
import io.stoker.models.engine.Network;
import io.stoker.models.engine.RateMultipliers;
import io.stoker.models.spec.ModelSpec;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * An engine whose networks are on graphics cards, one card after the other. A network belongs to
 * the thread that creates it.
 */
public final class CardEngine implements Engine {
  private final Engine engine;
  private final Devices devices;
  private final AtomicInteger created = new AtomicInteger();

  private CardEngine(Engine engine, Devices devices) {
    this.engine = engine;
    this.devices = devices;
  }

  /**
   * The engine of that name, or for {@link Engines#AUTO} the best one with code for cards.
   *
   * @throws io.stoker.failure.InputException if no engine has that name
   * @throws ResourceException if it computes on no card of this machine, or has no code for one
   */
  public static CardEngine named(String name) {
    Engine engine = Engines.onDevices(name);
    if (!engine.available()) {
      throw new ResourceException(
          "Engine %s cannot run on this machine, because %s"
              .formatted(engine.name(), engine.whyUnavailable()));
    }
    return engine
        .devices()
        .map(devices -> new CardEngine(engine, usable(engine, devices)))
        .orElseThrow(
            () ->
                new ResourceException(
                    "Cannot compute on GPUs: " + Engines.whyNoDevicesHere(engine)));
  }

  /** A card that the engine has no code for may end the process at the first operation. */
  static Devices usable(Engine engine, Devices devices) {
    for (int device = 0; device < devices.count(); device++) {
      Engines.requireCode(engine, devices.card(device), "GPU " + device);
    }
    return devices;
  }

  @Override
  public String name() {
    return engine.name();
  }

  @Override
  public boolean available() {
    return true;
  }

  @Override
  public int rank() {
    return engine.rank();
  }

  @Override
  public int threads() {
    return engine.threads();
  }

  @Override
  public boolean prefersBytes() {
    return engine.prefersBytes();
  }

  @Override
  public String description() {
    return engine.description();
  }

  @Override
  public Network create(ModelSpec model, int batchCapacity, RateMultipliers rates) {
    bindNext();
    return engine.create(model, batchCapacity, rates);
  }

  @Override
  public Network create(
      ModelSpec model, int batchCapacity, RateMultipliers rates, Arithmetic arithmetic) {
    bindNext();
    return engine.create(model, batchCapacity, rates, arithmetic);
  }

  private void bindNext() {
    devices.bind(created.getAndIncrement() % devices.count());
  }

  @Override
  public Arithmetic resolve(ModelSpec model, int batchCapacity, Arithmetic asked) {
    return engine.resolve(model, batchCapacity, asked);
  }

  @Override
  public String algorithm(ModelSpec.Placed layer, int batchCapacity, Arithmetic arithmetic) {
    return engine.algorithm(layer, batchCapacity, arithmetic);
  }
}
