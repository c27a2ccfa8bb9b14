// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.failure.InputException;
import io.stoker.models.engine.Arithmetic;
import io.stoker.models.engine.ConvolutionAlgorithm;
import io.stoker.models.engine.Network;
import io.stoker.models.engine.Precision;
import io.stoker.models.engine.RateMultipliers;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.zoo.Zoo;
import io.stoker.testing.Exact;
import java.nio.FloatBuffer;
import org.junit.jupiter.api.Test;

class ProductsTest {
  private static final int EXAMPLES = 16;
  private static final ModelSpec MODEL = Zoo.model("lenet5", 10);

  /** bfloat16 has 8 bits of significand: 2^-9 is the largest error of one rounding. */
  private static final double ROUNDING = 1.0 / 512;

  private static float[] gradients(Precision precision) {
    try (Network network = network(precision)) {
      network.writeParameters(0, FloatBuffer.wrap(Batches.randomParameters(MODEL)));
      network.computeGradients(
          Batches.images(MODEL, EXAMPLES, 1), Batches.targets(MODEL, EXAMPLES, 2), EXAMPLES, 3);
      return Batches.gradients(network);
    }
  }

  private static Network network(Precision precision) {
    return DeviceUnderTest.engine()
        .create(
            MODEL,
            EXAMPLES,
            RateMultipliers.ones(MODEL),
            new Arithmetic(precision, ConvolutionAlgorithm.AUTO));
  }

  @Test
  void bfloat16IsCloseToFp32AndNotTheSame() {
    float[] exact = gradients(Precision.FP32);
    float[] rounded = gradients(Precision.BF16);
    double error = 0;
    double size = 0;
    for (int i = 0; i < exact.length; i++) {
      error += Math.pow((double) rounded[i] - exact[i], 2);
      size += Math.pow(exact[i], 2);
    }

    assertThat(Math.sqrt(error / size)).isBetween(ROUNDING / 50, 10 * ROUNDING);
  }

  @Test
  @Exact
  void bfloat16GivesTheSameBitsAgain() {
    assertThat(gradients(Precision.BF16)).isEqualTo(gradients(Precision.BF16));
  }

  @Test
  void winogradIsRefused() {
    assertThatThrownBy(
            () ->
                new TorchEngine()
                    .resolve(
                        MODEL,
                        EXAMPLES,
                        new Arithmetic(Precision.FP32, ConvolutionAlgorithm.WINOGRAD)))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("--convolution");
  }
}
