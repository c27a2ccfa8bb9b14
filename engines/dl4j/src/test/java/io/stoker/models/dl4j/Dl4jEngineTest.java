// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.dl4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.stoker.models.engine.Engine;
import io.stoker.models.engine.Network;
import io.stoker.models.engine.NetworkContract;
import io.stoker.models.engine.ReferenceNetwork;
import io.stoker.models.engine.StepSettings;
import io.stoker.models.spec.ActivationFunction;
import io.stoker.models.spec.InitialParameters;
import io.stoker.models.spec.Initializer;
import io.stoker.models.spec.LayerSpec.Activation;
import io.stoker.models.spec.LayerSpec.Convolution;
import io.stoker.models.spec.LayerSpec.Dense;
import io.stoker.models.spec.LayerSpec.LocalResponseNormalization;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Shape;
import io.stoker.models.spec.Window;
import io.stoker.models.zoo.Zoo;
import io.stoker.testing.OtherProcess;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("slow")
class Dl4jEngineTest extends NetworkContract {
  private static final Engine ENGINE = new Dl4jEngine();
  private static final Initializer WEIGHTS = Initializer.Rule.GLOROT;

  @Override
  protected Engine engine() {
    return ENGINE;
  }

  /** {@link Dl4jEngine} says why. */
  @Override
  protected double normalizationTolerance() {
    return 1e-1;
  }

  /** Layers that are several stock vertices, or need the image put together again. */
  @Test
  void whatHasNoStockLayerIsComputedByTheFormulasToo() {
    ModelSpec model =
        new ModelSpec(
            "odd",
            new Shape(3, 3, 2),
            List.of(
                new Dense(9, WEIGHTS, 0),
                new Activation(ActivationFunction.THRESHOLD),
                new Activation(ActivationFunction.SCALED_TANH),
                new LocalResponseNormalization(5, 1, 0.5f, 0.75f),
                new Convolution(4, Window.of(1).by(1).padded(0), 1, WEIGHTS, 0),
                new Activation(ActivationFunction.SIGMOID),
                new Activation(ActivationFunction.THRESHOLD),
                new Dense(3, WEIGHTS, 0)));
    float[] parameters = new float[(int) model.parameterCount()];
    new InitialParameters(model, 3).fill(0, FloatBuffer.wrap(parameters));
    double[] exact =
        IntStream.range(0, parameters.length).mapToDouble(i -> parameters[i]).toArray();
    float[] images = new float[5 * model.input().features()];
    SplittableRandom random = new SplittableRandom(4);
    for (int i = 0; i < images.length; i++) {
      images[i] = (float) random.nextDouble(-1, 1);
    }
    float[] probabilities = new float[5 * 3];
    try (Network network = ENGINE.create(model, 5)) {
      network.writeParameters(0, FloatBuffer.wrap(parameters));
      network.predict(images, 5, probabilities);
    }
    double[][] expected = new ReferenceNetwork(model).probabilities(exact, images, 5);
    for (int i = 0; i < probabilities.length; i++) {
      assertThat((double) probabilities[i]).isCloseTo(expected[i / 3][i % 3], within(2e-6));
    }
  }

  @Test
  void aConfigurationIsMadeWithoutNativeCode() throws Exception {
    assertThat(
            OtherProcess.output(
                ConfigurationMain.class, List.of("-Dorg.bytedeco.javacpp.platform=none"), Map.of()))
        .contains("org.deeplearning4j.nn.conf.layers.ConvolutionLayer");
  }

  /** Where no native library can load, because there is none of the platform "none". */
  static final class ConfigurationMain {
    private ConfigurationMain() {}

    public static void main(String[] arguments) {
      ModelSpec model = Zoo.model("lenet5", 10);
      System.out.println(
          GraphConfiguration.of(model, new StepSettings(0.1f, 0.9f, 5e-4f)).toJson());
    }
  }
}
