package io.stoker.models.dl4j;

import io.stoker.models.engine.Engine;
import io.stoker.models.engine.NetworkContract;

class Dl4jEngineTest extends NetworkContract {
  private static final Engine ENGINE = new Dl4jEngine();

  @Override
  protected Engine engine() {
    return ENGINE;
  }

  /** {@link Dl4jEngine} says why. */
  @Override
  protected double normalizationTolerance() {
    return 1e-1;
  }
}
