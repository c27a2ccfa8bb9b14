// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.stoker.failure.InputException;
import io.stoker.models.engine.RateMultipliers;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.EigenDecomposition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WhiteningTest {
  private static ModelSpec model(String layers) throws IOException {
    String yaml =
        """
        name: patches
        input: [8, 8, 3]
        layers:
        %s
          - dense: classes
        """
            .formatted(layers.indent(2).stripTrailing());
    return ModelYaml.read(
        new ByteArrayInputStream(yaml.getBytes(StandardCharsets.UTF_8)), "m.yaml", 10);
  }

  /** A covariance of random factors. */
  private static double[][] covariance(int size) {
    SplittableRandom random = new SplittableRandom(3);
    double[][] factors = new double[size][size];
    Arrays.stream(factors).forEach(row -> Arrays.setAll(row, i -> random.nextDouble() - 0.5));
    double[][] covariance = new double[size][size];
    for (int i = 0; i < size; i++) {
      for (int j = 0; j < size; j++) {
        for (int k = 0; k < size; k++) {
          covariance[i][j] += factors[i][k] * factors[j][k];
        }
      }
    }
    return covariance;
  }

  @Test
  void eigenvaluesAreThoseOfAnotherLibrary() {
    double[][] covariance = covariance(27);
    SymmetricEigen eigen = SymmetricEigen.of(covariance);
    EigenDecomposition expected = new EigenDecomposition(new Array2DRowRealMatrix(covariance));
    for (int i = 0; i < 27; i++) {
      assertThat(eigen.value(i)).isCloseTo(expected.getRealEigenvalue(i), within(1e-12));
      double[] vector = expected.getEigenvector(i).toArray();
      double product = 0;
      for (int j = 0; j < 27; j++) {
        product += vector[j] * eigen.vector(i)[j];
      }
      assertThat(Math.abs(product)).isCloseTo(1, within(1e-9));
    }
  }

  @Test
  void whatFiltersGiveIsUncorrelatedAndOfOneSpread() {
    Whitening whitening = new Whitening(2, 3, 24);
    double[][] covariance = covariance(12);
    SymmetricEigen eigen = SymmetricEigen.of(covariance);
    float[] filters = whitening.filters(covariance);

    assertThat(filters).hasSize(24 * 12);
    for (int a = 0; a < 12; a++) {
      for (int b = 0; b < 12; b++) {
        double product = 0;
        for (int i = 0; i < 12; i++) {
          for (int j = 0; j < 12; j++) {
            product += (double) filters[a * 12 + i] * covariance[i][j] * filters[b * 12 + j];
          }
        }
        double spread = eigen.value(a) / (eigen.value(a) + 5e-4);
        assertThat(product).isCloseTo(a == b ? spread : 0, within(1e-5));
        assertThat(filters[(12 + a) * 12 + b]).isEqualTo(-filters[a * 12 + b]);
      }
    }
  }

  @Test
  void isAConvolutionOfTwiceAsManyFiltersAsAPatchHasValues() throws IOException {
    ModelSpec model = model("- whiten: 2");

    assertThat(Whitening.of(model)).contains(new Whitening(2, 3, 24));
    assertThat(model.placed().get(0).output()).hasToString("7 x 7 x 24");
    assertThat(model(ModelYaml.write(model).lines().skip(3).findFirst().orElseThrow().strip()))
        .isEqualTo(model);
    assertThat(Whitening.of(model("- whiten"))).contains(new Whitening(2, 3, 24));
    assertThat(Whitening.of(model("- whiten: {kernel: 3, bias: none}")))
        .contains(new Whitening(3, 3, 0));
    assertThat(Whitening.of(model("- conv: {filters: 24, kernel: 2}"))).isEmpty();
    assertThat(Whitening.defaultKernel(1)).isEqualTo(3);
  }

  @Test
  void itsFiltersAreNotTrainedAndItsBiasesAre() throws IOException {
    ModelSpec model = model("- whiten: 2");

    assertThat(RateMultipliers.of(model, 0, 2).tensors()).containsExactly(2f, 0f, 1f, 2f);
  }

  @Test
  void withoutImagesItsFiltersAreThoseOfWhiteNoise() throws IOException {
    float[] first = new float[24 + 24 * 12];
    new InitialParameters(model("- whiten: 2"), 1).fill(0, FloatBuffer.wrap(first));

    float[] filters = Arrays.copyOfRange(first, 24, first.length);
    for (int i = 0; i < filters.length; i++) {
      float expected = i / 12 % 12 == i % 12 ? 1 : 0;
      assertThat(filters[i]).isEqualTo(i < 144 ? expected : 0 - expected);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "- whiten: 4 | layer 1: Invalid kernel of a layer that whitens: 4 (must be 2 or 3)",
        "- whiten: {kernel: 2, filters: 9} | Unknown key at m.yaml, layer 1 (whiten): filters",
        "- conv: {filters: 20, kernel: 2, weights: whiten} | must have 24 filters, one group",
        "- conv: {filters: 24, kernel: 2, dilation: 2, weights: whiten} | no dilation",
        "- dense: {units: 24, weights: whiten} | layer 1 cannot whiten (only a convolution",
        "- sequence: [relu, {whiten: 2}] | layer 2 cannot whiten",
        "- residual: {body: [{whiten: 2}], shortcut: [{conv: {filters: 24, kernel: 2}}]} | layer 1"
            + " cannot",
      })
  void whatCannotWhitenIsRefused(String layers, String message) {
    assertThatThrownBy(() -> model(layers))
        .isInstanceOf(InputException.class)
        .hasMessageContaining(message)
        .hasMessageNotContaining("\n");
  }
}
