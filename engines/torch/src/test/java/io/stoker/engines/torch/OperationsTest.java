// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.models.engine.Network;
import io.stoker.models.engine.RateMultipliers;
import io.stoker.models.engine.StepSettings;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.zoo.Zoo;
import java.lang.reflect.Constructor;
import java.nio.FloatBuffer;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How many operations a step asks a GPU for: small models are bound by them. */
class OperationsTest {
  /** Takes two steps as on a GPU, on the processor, and forgets what the first one asked for. */
  static final class Steps implements Consumer<String> {
    @Override
    public void accept(String name) {
      ModelSpec model = Zoo.model(name, 10);
      Settings settings = new Settings(Settings.PROCESSOR, Products.FP32, true, true);
      float[] images = Batches.images(model, 4, 1);
      float[] targets = Batches.targets(model, 4, 2);
      try (Network network =
          new TorchEngine().create(model, 4, RateMultipliers.ones(model), settings)) {
        network.writeParameters(0, FloatBuffer.wrap(Batches.initialParameters(model)));
        for (int step = 0; step < 2; step++) {
          OperationCounter.take();
          network.computeGradients(images, targets, 4, step);
          network.update(new StepSettings(0.01f, 0.9f, 5e-4f));
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"lenet5-modern, 55", "alexnet-mini, 118", "resnet-20, 207"})
  @SuppressWarnings("unchecked")
  void aStepAsksForFew(String model, int most) throws Exception {
    OperationCounter counter = new OperationCounter();
    Constructor<?> steps = counter.loadClass(Steps.class.getName()).getDeclaredConstructor();
    steps.setAccessible(true);

    ((Consumer<String>) steps.newInstance()).accept(model);

    Map<String, Integer> operations = OperationCounter.take();
    assertThat(operations).containsKeys("convolution", "convolution_backward", "log_softmax");
    assertThat(operations.values().stream().mapToInt(Integer::intValue).sum())
        .as("%s: %s", model, operations)
        .isLessThanOrEqualTo(most);
  }
}
