// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.models.engine.Network;
import io.stoker.models.engine.StepSettings;
import io.stoker.models.engine.Targets;
import io.stoker.models.spec.InitialParameters;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.zoo.Zoo;
import io.stoker.testing.Exact;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A process has one number of threads, so each is tried in a process of its own. */
@Exact
@Tag("slow")
class DeterminismTest {
  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void stepsGiveTheSameBitsEachTime(int threads) throws Exception {
    ProcessBuilder builder =
        new ProcessBuilder(
                ProcessHandle.current().info().command().orElseThrow(),
                "-Dstoker.check.device=" + System.getProperty("stoker.check.device", "cpu"),
                "-Dstoker.check.threads=" + threads,
                "-cp",
                System.getProperty("java.class.path"),
                Steps.class.getName())
            .redirectErrorStream(true);
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

    assertThat(process.waitFor()).as(output).isZero();
    assertThat(output).contains(String.format(Locale.ROOT, "the same bits on %d threads", threads));
  }

  /** Takes the same steps again and again. */
  static final class Steps {
    private static final int EXAMPLES = 5;

    private Steps() {}

    public static void main(String[] arguments) {
      for (String name : new String[] {"alexnet-mini", "row-lstm", "cuda-convnet-18"}) {
        float[] first = parametersAfterSteps(name);
        for (int again = 0; again < 3; again++) {
          if (!Arrays.equals(parametersAfterSteps(name), first)) {
            throw new IllegalStateException(name + " came to other parameters");
          }
        }
      }
      System.out.printf("the same bits on %d threads%n", DeviceUnderTest.engine().threads());
    }

    private static float[] parametersAfterSteps(String name) {
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
      try (Network network = DeviceUnderTest.engine().create(model, EXAMPLES)) {
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
