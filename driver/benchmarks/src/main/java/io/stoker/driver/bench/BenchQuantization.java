// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.bench;

import io.stoker.driver.cluster.MemoryCheck;
import io.stoker.driver.cluster.MemoryNeed;
import io.stoker.models.engine.Engine;
import io.stoker.models.engine.Network;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Quantization;
import io.stoker.worker.eval.InputMagnitudes;
import java.util.SplittableRandom;

/** All convolutions and dense layers of an untrained model in int8, with ranges that it has. */
public final class BenchQuantization {
  private BenchQuantization() {}

  /**
   * Finds the ranges on a random image.
   *
   * @throws io.stoker.failure.InputException if the engine or the processor has no int8
   * @throws io.stoker.failure.ResourceException if the memory is too small
   */
  public static Quantization of(Engine engine, ModelSpec model) {
    engine.requireInt8(model, Quantization.ofAll(model, new Quantization.Range(1, true)));
    MemoryCheck.requireHere(MemoryNeed.ofOneBatch(model, 1), 1);
    InputMagnitudes magnitudes = new InputMagnitudes();
    SplittableRandom random = new SplittableRandom(1);
    float[] image = new float[model.input().features()];
    for (int i = 0; i < image.length; i++) {
      image[i] = (float) random.nextGaussian();
    }
    try (Network network = engine.create(model, 1)) {
      StepWorker.fill(network, 1);
      network.observeInputs(image, 1, magnitudes::add);
    }
    return magnitudes.quantization(1);
  }
}
