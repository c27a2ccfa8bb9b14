// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import io.stoker.models.engine.Engine;
import io.stoker.models.engine.Network;
import io.stoker.models.engine.RateMultipliers;
import io.stoker.models.spec.ModelSpec;

/** The engine with fixed settings. */
record SettingsEngine(Settings settings) implements Engine {
  @Override
  public String name() {
    return "torch";
  }

  @Override
  public boolean available() {
    return true;
  }

  @Override
  public int rank() {
    return 0;
  }

  @Override
  public int threads() {
    return 1;
  }

  @Override
  public String description() {
    return settings.toString();
  }

  @Override
  public Network create(ModelSpec model, int batchCapacity, RateMultipliers rates) {
    return new TorchEngine().create(model, batchCapacity, rates, settings);
  }
}
