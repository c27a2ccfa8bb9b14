// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn;

import io.stoker.models.engine.Engine;
import io.stoker.models.engine.NetworkContract;

class OneDnnNetworkTest extends NetworkContract {
  @Override
  protected Engine engine() {
    return new OneDnnEngine();
  }
}
