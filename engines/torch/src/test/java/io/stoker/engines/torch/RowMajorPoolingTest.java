// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import io.stoker.models.engine.Engine;
import io.stoker.models.engine.NetworkContract;

/** The way of pooling that cards use, on the processor. */
class RowMajorPoolingTest extends NetworkContract {
  @Override
  protected Engine engine() {
    return new SettingsEngine(new Settings(Settings.PROCESSOR, Products.FP32, true));
  }
}
