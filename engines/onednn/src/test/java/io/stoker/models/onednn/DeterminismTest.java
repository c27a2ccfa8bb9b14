// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.models.engine.Network;
import io.stoker.models.engine.RateMultipliers;
import io.stoker.models.engine.StepSettings;
import io.stoker.models.engine.Targets;
import io.stoker.models.onednn.rules.InstructionSet;
import io.stoker.models.onednn.rules.Kernel;
import io.stoker.models.onednn.rules.KernelRule;
import io.stoker.models.onednn.rules.Rearrangement;
import io.stoker.models.spec.InitialParameters;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.zoo.Zoo;
import io.stoker.testing.Exact;
import io.stoker.testing.OtherProcess;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** OpenMP reads its variables once, when a process starts, so each is tried in its own. */
@Exact
@Tag("slow")
class DeterminismTest {
  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void stepsGiveTheSameBitsEachTime(int threads) throws Exception {
    // Other tests need the processor while a thread waits for another.
    String output =
        OtherProcess.output(
            Steps.class,
            List.of("-XX:TieredStopAtLevel=1"),
            Map.of("OMP_NUM_THREADS", Integer.toString(threads), "OMP_WAIT_POLICY", "passive"));

    assertThat(output).contains("the same bits");
  }

  /** Takes the same steps again and again. */
  static final class Steps {
    private static final int EXAMPLES = 5;

    private Steps() {}

    public static void main(String[] arguments) {
      for (String name : new String[] {"alexnet-mini", "row-lstm", "cuda-convnet-18"}) {
        for (Kernel kernel : Kernel.values()) {
          assertSameBits(name, new Rule(kernel, false, false));
        }
        assertSameBits(name, new Rule(Kernel.BF16, true, false));
      }
      assertSameBits("resnet-mini", new Rule(Kernel.BF16, true, true));
      System.out.println("the same bits");
    }

    private static void assertSameBits(String name, Rule rule) {
      float[] first = parametersAfterSteps(name, rule);
      for (int again = 0; again < 3; again++) {
        if (!Arrays.equals(parametersAfterSteps(name, rule), first)) {
          throw new IllegalStateException(name + " came to other parameters, " + rule);
        }
      }
    }

    /** The kernel, where the processor and the layer have it. */
    private record Rule(Kernel kernel, boolean roundsInTraining, boolean roundsBlocksInTraining)
        implements KernelRule {
      @Override
      public Kernel kernel(ModelSpec.Placed layer) {
        return where(layer, kernel);
      }
    }

    private static Kernel where(ModelSpec.Placed layer, Kernel kernel) {
      InstructionSet set = InstructionSet.here();
      boolean has =
          switch (kernel) {
            case DIRECT -> true;
            case INT8 -> false;
            case WINOGRAD ->
                set.hasWinograd()
                    && layer.layer() instanceof LayerSpec.Convolution convolution
                    && convolution.window().kernel() == 3
                    && convolution.window().stride() == 1;
            case BF16 -> set.hasBfloat16();
            case REARRANGED_BF16 -> set.hasBfloat16() && isRearrangeable(layer);
            case REARRANGED -> set.hasWinograd() && isRearrangeable(layer);
          };
      return has ? kernel : Kernel.DIRECT;
    }

    private static boolean isRearrangeable(ModelSpec.Placed layer) {
      return layer.layer() instanceof LayerSpec.Convolution convolution
          && Rearrangement.of(layer, convolution).isPossible();
    }

    private static float[] parametersAfterSteps(String name, KernelRule rule) {
      ModelSpec model = Zoo.model(name, 10);
      float[] parameters = new float[(int) model.parameterCount()];
      new InitialParameters(model, 3).fill(0, FloatBuffer.wrap(parameters));
      SplittableRandom random = new SplittableRandom(4);
      float[] images = new float[EXAMPLES * model.input().features()];
      for (int i = 0; i < images.length; i++) {
        images[i] = (float) random.nextGaussian();
      }
      float[] targets = new float[EXAMPLES * 10];
      Targets.fill(new int[] {1, 7, 3, 9, 0}, EXAMPLES, 10, 0, targets);
      try (Network network =
          OneDnnEngine.create(model, EXAMPLES, RateMultipliers.ones(model), rule)) {
        network.writeParameters(0, FloatBuffer.wrap(parameters));
        for (int step = 0; step < 3; step++) {
          network.computeGradients(images, targets, EXAMPLES - step, step);
          network.update(new StepSettings(0.01f, 0.9f, 5e-4f));
        }
        network.readParameters(0, FloatBuffer.wrap(parameters));
      }
      return parameters;
    }
  }
}
