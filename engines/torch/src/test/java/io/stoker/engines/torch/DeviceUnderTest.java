// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import io.stoker.failure.ResourceException;
import io.stoker.models.engine.Devices;
import io.stoker.models.engine.Engines;

/** Where the tests of the engine compute: on the processor, or on a GPU. */
final class DeviceUnderTest {
  private static final String PROPERTY = "stoker.check.device";

  private DeviceUnderTest() {}

  static boolean isGpu() {
    return System.getProperty(PROPERTY, "cpu").equals("gpu");
  }

  /**
   * The engine, whose networks of the calling thread are on the device.
   *
   * @throws ResourceException if it cannot run on this machine, or there is no GPU
   */
  static TorchEngine engine() {
    TorchEngine engine = new TorchEngine();
    if (!engine.available()) {
      throw new ResourceException(
          "Engine torch cannot run on this machine, because " + engine.whyUnavailable());
    }
    if (isGpu()) {
      Devices gpus =
          engine
              .devices()
              .orElseThrow(
                  () ->
                      new ResourceException(
                          "No GPU to check: " + Engines.whyNoDevicesHere(engine)));
      Engines.requireCode(engine, gpus.gpu(0), "GPU 0");
      gpus.bind(0);
    }
    return engine;
  }

  /** The settings of a network there. */
  static Settings settings(Products products) {
    return Settings.on(isGpu() ? 0 : Settings.PROCESSOR, products);
  }
}
