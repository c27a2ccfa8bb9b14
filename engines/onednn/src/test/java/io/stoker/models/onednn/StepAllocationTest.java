// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.stoker.models.engine.Arithmetic;
import io.stoker.models.engine.ConvolutionAlgorithm;
import io.stoker.models.engine.Network;
import io.stoker.models.engine.Precision;
import io.stoker.models.engine.RateMultipliers;
import io.stoker.models.engine.StepSettings;
import io.stoker.models.engine.Targets;
import io.stoker.models.onednn.rules.InstructionSet;
import io.stoker.models.onednn.rules.KernelRule;
import io.stoker.models.onednn.rules.ShapeRule;
import io.stoker.models.spec.InitialParameters;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.zoo.Zoo;
import io.stoker.testing.Instructions;
import java.lang.management.ManagementFactory;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A step reuses what the first step made: on the heap it leaves the score that it returns. */
class StepAllocationTest {
  private static final int EXAMPLES = 16;
  private static final int STEPS = 4;
  private static final float[] WEIGHTS = new float[EXAMPLES];

  static {
    Arrays.fill(WEIGHTS, 1);
  }

  /** The score has 32 bytes; the rest is for iterators that Java's compiler has not removed. */
  private static final long MOST_BYTES = 256;

  /** Java's own StrictMath.pow makes three arrays in each call until it has been compiled. */
  private static final int MOST_ATTEMPTS = 50;

  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  @ParameterizedTest
  @CsvSource({
    "lenet5, FP32",
    "lenet5, BF16",
    "alexnet-mini, FP32",
    "alexnet-mini, BF16",
    "cuda-convnet-18, FP32",
    "resnet-20, FP32",
    "resnet-20, BF16",
    "row-lstm, FP32",
    "mlp-deep, FP32",
    "mlp-deep, BF16",
  })
  void stepsAllocateNothingButTheirScore(String name, Precision precision) {
    if (precision == Precision.BF16) {
      Instructions.AVX512.assume();
    }
    ModelSpec model = Zoo.model(name, 10);
    float[] parameters = new float[(int) model.parameterCount()];
    new InitialParameters(model, 3).fill(0, FloatBuffer.wrap(parameters));
    SplittableRandom random = new SplittableRandom(4);
    float[] images = new float[EXAMPLES * model.input().features()];
    for (int i = 0; i < images.length; i++) {
      images[i] = (float) random.nextGaussian();
    }
    float[] targets = new float[EXAMPLES * 10];
    Targets.fill(random.ints(EXAMPLES, 0, 10).toArray(), EXAMPLES, 10, 0, targets);
    KernelRule rule =
        new ShapeRule(
            InstructionSet.here(), new Arithmetic(precision, ConvolutionAlgorithm.AUTO), EXAMPLES);
    StepSettings settings = new StepSettings(0.01f, 0.9f, 5e-4f);
    try (Network network =
        OneDnnEngine.create(model, EXAMPLES, RateMultipliers.ones(model), rule)) {
      network.writeParameters(0, FloatBuffer.wrap(parameters));
      takeSteps(network, images, targets, settings);
      long least = Long.MAX_VALUE;
      for (int attempt = 0; attempt < MOST_ATTEMPTS && least > MOST_BYTES; attempt++) {
        long before = threads.getCurrentThreadAllocatedBytes();
        takeSteps(network, images, targets, settings);
        least = Math.min(least, (threads.getCurrentThreadAllocatedBytes() - before) / STEPS);
      }

      assertThat(least).as("bytes of a step").isLessThanOrEqualTo(MOST_BYTES);
    }
  }

  private static void takeSteps(
      Network network, float[] images, float[] targets, StepSettings settings) {
    for (int step = 0; step < STEPS; step++) {
      network.computeGradients(images, targets, WEIGHTS, EXAMPLES, step);
      network.update(settings);
    }
  }
}
