// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.layers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.stoker.models.engine.Network;
import io.stoker.models.engine.RateMultipliers;
import io.stoker.models.engine.StepSettings;
import io.stoker.models.onednn.OneDnnEngine;
import io.stoker.models.onednn.rules.InstructionSet;
import io.stoker.models.onednn.rules.Kernel;
import io.stoker.models.spec.Initializer;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Shape;
import io.stoker.testing.Exact;
import io.stoker.testing.Instructions;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class DeferredGradientTest {
  private static final int INPUTS = 2048;
  private static final int UNITS = 640;
  private static final int CLASSES = 3;
  private static final int WEIGHTS = INPUTS * UNITS;

  /** A large layer, of several blocks, before a small one. */
  private static final ModelSpec MODEL =
      new ModelSpec(
          "large",
          new Shape(1, 1, INPUTS),
          List.of(dense(UNITS), new LayerSpec.Dropout(0.25f), dense(CLASSES)));

  /** The largest length of a gradient: one that does not change it, but must be known first. */
  private static final float ANY_LENGTH = Float.MAX_VALUE;

  private static LayerSpec dense(int units) {
    return new LayerSpec.Dense(units, Initializer.Rule.HE, 0);
  }

  private static Network create(Kernel kernel) {
    if (kernel == Kernel.BF16) {
      Instructions.AVX512_BF16.assume();
    }
    Network network = OneDnnEngine.create(MODEL, 16, RateMultipliers.ones(MODEL), layer -> kernel);
    network.writeParameters(0, FloatBuffer.wrap(random(1, (int) MODEL.parameterCount(), 0.02f)));
    return network;
  }

  private static float[] random(long seed, int count, float scale) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) (random.nextDouble() * 2 - 1) * scale;
    }
    return values;
  }

  private static float[] targets(int examples) {
    float[] targets = new float[examples * CLASSES];
    for (int i = 0; i < examples; i++) {
      targets[i * CLASSES + i % CLASSES] = 1;
    }
    return targets;
  }

  private static void pass(Network network, int examples, long seed) {
    network.computeGradients(random(seed, examples * INPUTS, 1), targets(examples), examples, seed);
  }

  private interface Reading {
    void into(long offset, FloatBuffer target);
  }

  private static float[] all(Reading reading) {
    float[] values = new float[(int) MODEL.parameterCount()];
    reading.into(0, FloatBuffer.wrap(values));
    return values;
  }

  @Test
  void onlyLargeDenseLayersWhoseWeightsLearnAreDeferred() {
    assertThat(DeferredGradient.weights(InstructionSet.AVX512, MODEL, RateMultipliers.ones(MODEL)))
        .containsExactlyEntriesOf(Map.of(0L, (long) WEIGHTS));

    List<Float> biasesOnly = new ArrayList<>(Collections.nCopies(4, 1f));
    biasesOnly.set(0, 0f);
    assertThat(
            DeferredGradient.weights(InstructionSet.AVX512, MODEL, new RateMultipliers(biasesOnly)))
        .isEmpty();
    assertThat(DeferredGradient.weights(InstructionSet.AVX2, MODEL, RateMultipliers.ones(MODEL)))
        .isEmpty();
    assertThat(UNITS / DeferredGradient.units(MODEL.placed().get(0))).isGreaterThan(5);
  }

  @ParameterizedTest
  @ValueSource(ints = {16, 5, 1})
  void theGradientIsThatOfTheFormula(int examples) {
    ModelSpec model = new ModelSpec("large", MODEL.input(), List.of(dense(UNITS), dense(CLASSES)));
    float[] parameters = random(1, (int) model.parameterCount(), 0.02f);
    float[] images = random(2, examples * INPUTS, 1);
    float[] targets = targets(examples);
    float[] gradients = new float[parameters.length];
    try (Network network =
        OneDnnEngine.create(model, 16, RateMultipliers.ones(model), layer -> Kernel.DIRECT)) {
      network.writeParameters(0, FloatBuffer.wrap(parameters));
      network.computeGradients(images, targets, examples, 0);
      network.readGradients(0, FloatBuffer.wrap(gradients));
    }

    double[][] byHidden = hiddenGradients(parameters, images, targets, examples);
    for (int unit = 0; unit < UNITS; unit += 7) {
      double bias = 0;
      for (int example = 0; example < examples; example++) {
        bias += byHidden[example][unit];
      }
      assertThat((double) gradients[WEIGHTS + unit]).isCloseTo(bias, within(1e-6));
      for (int input = unit % 3; input < INPUTS; input += 31) {
        double weight = 0;
        for (int example = 0; example < examples; example++) {
          weight += byHidden[example][unit] * images[example * INPUTS + input];
        }
        assertThat((double) gradients[unit * INPUTS + input]).isCloseTo(weight, within(1e-6));
      }
    }
  }

  /** The gradients by the outputs of the large layer, in double precision. */
  private static double[][] hiddenGradients(
      float[] parameters, float[] images, float[] targets, int examples) {
    int second = WEIGHTS + UNITS;
    double[][] gradients = new double[examples][UNITS];
    for (int example = 0; example < examples; example++) {
      double[] hidden = new double[UNITS];
      double[] scores = new double[CLASSES];
      for (int unit = 0; unit < UNITS; unit++) {
        hidden[unit] = parameters[WEIGHTS + unit];
        for (int input = 0; input < INPUTS; input++) {
          hidden[unit] +=
              (double) parameters[unit * INPUTS + input] * images[example * INPUTS + input];
        }
      }
      double sum = 0;
      for (int type = 0; type < CLASSES; type++) {
        scores[type] = parameters[second + CLASSES * UNITS + type];
        for (int unit = 0; unit < UNITS; unit++) {
          scores[type] += parameters[second + type * UNITS + unit] * hidden[unit];
        }
        sum += Math.exp(scores[type]);
      }
      for (int type = 0; type < CLASSES; type++) {
        double byScore =
            (Math.exp(scores[type]) / sum - targets[example * CLASSES + type]) / examples;
        for (int unit = 0; unit < UNITS; unit++) {
          gradients[example][unit] += byScore * parameters[second + type * UNITS + unit];
        }
      }
    }
    return gradients;
  }

  @ParameterizedTest
  @EnumSource(
      value = Kernel.class,
      names = {"DIRECT", "BF16"})
  @Exact
  void anUpdateBlockByBlockHasTheBitsOfOneByTheWholeGradient(Kernel kernel) {
    try (Network byBlocks = create(kernel);
        Network whole = create(kernel)) {
      for (int step = 0; step < 4; step++) {
        StepSettings.Momentum kind =
            step == 1 ? StepSettings.Momentum.NESTEROV : StepSettings.Momentum.CLASSICAL;
        int examples = step == 2 ? 7 : 16;
        pass(byBlocks, examples, step);
        pass(whole, examples, step);
        byBlocks.update(
            new StepSettings(0.1f, step == 3 ? 0 : 0.9f, kind, 0.01f, StepSettings.UNCLIPPED));
        whole.update(new StepSettings(0.1f, step == 3 ? 0 : 0.9f, kind, 0.01f, ANY_LENGTH));
      }

      assertThat(all(byBlocks::readParameters)).isEqualTo(all(whole::readParameters));
      assertThat(all(byBlocks::readUpdaterState)).isEqualTo(all(whole::readUpdaterState));
    }
  }

  @Test
  void gradientsCanBeReadBeforeAndAfterTheUpdate() {
    try (Network network = create(Kernel.DIRECT);
        Network other = create(Kernel.DIRECT)) {
      pass(network, 16, 1);
      float[] before = all(network::readGradients);
      network.update(new StepSettings(0.1f, 0.9f, 0.01f));
      pass(other, 16, 1);
      other.update(new StepSettings(0.1f, 0.9f, 0.01f));

      assertThat(all(network::readGradients)).isEqualTo(before);
      assertThat(all(other::readGradients)).isEqualTo(before);
      assertThat(all(other::readParameters)).isEqualTo(all(network::readParameters));
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Kernel.class,
      names = {"DIRECT", "BF16"})
  void parametersThatAreSetAfterAnUpdateAreTheOnesOfTheNextPass(Kernel kernel) {
    float[] parameters = random(9, (int) MODEL.parameterCount(), 0.03f);
    try (Network used = create(kernel);
        Network fresh = create(kernel)) {
      pass(used, 16, 1);
      used.update(new StepSettings(0.1f, 0.9f, 0.01f));
      used.writeParameters(0, FloatBuffer.wrap(parameters));
      fresh.writeParameters(0, FloatBuffer.wrap(parameters));
      pass(used, 16, 2);
      pass(fresh, 16, 2);

      assertThat(all(used::readGradients)).isEqualTo(all(fresh::readGradients));
    }
  }
}
