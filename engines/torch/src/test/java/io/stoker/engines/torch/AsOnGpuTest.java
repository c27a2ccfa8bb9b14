// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import io.stoker.models.engine.Engine;
import io.stoker.models.engine.NetworkContract;

/** What only GPUs do, on the processor: their way of pooling, and images copied to two buffers. */
class AsOnGpuTest extends NetworkContract {
  @Override
  protected Engine engine() {
    return new SettingsEngine(new Settings(Settings.PROCESSOR, Products.FP32, true, true));
  }
}
