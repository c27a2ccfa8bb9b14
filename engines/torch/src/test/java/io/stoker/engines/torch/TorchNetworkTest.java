// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import io.stoker.models.engine.Engine;
import io.stoker.models.engine.NetworkContract;

/** On the processor, or on a GPU. */
class TorchNetworkTest extends NetworkContract {
  @Override
  protected Engine engine() {
    return DeviceUnderTest.engine();
  }
}
