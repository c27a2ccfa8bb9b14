// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import io.stoker.failure.ResourceException;
import io.stoker.models.engine.Devices;
import io.stoker.models.engine.Engines;

/** Where the tests of the engine compute: on the processor, or on a card. */
final class DeviceUnderTest {
  private static final String PROPERTY = "stoker.check.device";

  private DeviceUnderTest() {}

  static boolean isCard() {
    return System.getProperty(PROPERTY, "cpu").equals("gpu");
  }

  /**
   * The engine, whose networks of the calling thread are on the device.
   *
   * @throws ResourceException if it cannot run on this machine, or there is no card
   */
  static TorchEngine engine() {
    TorchEngine engine = new TorchEngine();
    if (!engine.available()) {
      throw new ResourceException(
          "Engine torch cannot run on this machine, because " + engine.whyUnavailable());
    }
    if (isCard()) {
      Devices cards =
          engine
              .devices()
              .orElseThrow(
                  () ->
                      new ResourceException(
                          "No card to check: " + Engines.whyNoDevicesHere(engine)));
      Engines.requireCode(engine, cards.card(0), "GPU 0");
      cards.bind(0);
    }
    return engine;
  }

  /** The settings of a network there. */
  static Settings settings(Products products) {
    return Settings.on(isCard() ? 0 : Settings.PROCESSOR, products);
  }
}
