// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.spec;

import io.stoker.failure.Check;
import java.util.List;
import java.util.Optional;

/**
 * The first layer of a model whose filters whiten patches of the images: a convolution with {@link
 * Initializer.Rule#WHITEN}. A filter is an eigenvector of the patches' covariance, divided by the
 * square root of its eigenvalue; each of them comes twice, the second time with the opposite sign
 * (Jordan, 2024, "94% on CIFAR-10 in 3.29 Seconds on a Single GPU", section 3.2).
 *
 * @param kernel the side of a patch
 * @param channels those of the images
 * @param offset where the filters begin in the parameter vector; they are {@code [filters,
 *     channels, kernel, kernel]}
 */
public record Whitening(int kernel, int channels, long offset) {
  /** Added to an eigenvalue: patches hardly vary along the last eigenvectors. */
  public static final double EPSILON = 5e-4;

  /** The fewest values of a patch in the zoo: a grey one has a side of 3, a coloured one of 2. */
  private static final int FEWEST_VALUES = 9;

  private static final int SMALLEST = 2;
  private static final int LARGEST = 3;

  /** That of a model, if it begins with one. */
  public static Optional<Whitening> of(ModelSpec model) {
    ModelSpec.Placed first = model.placed().get(0);
    if (!(first.layer() instanceof LayerSpec.Convolution layer) || !whitens(layer)) {
      return Optional.empty();
    }
    return Optional.of(
        new Whitening(
            layer.window().kernel(),
            first.input().channels(),
            layer.biased() ? layer.filters() : 0));
  }

  private static boolean whitens(LayerSpec.Convolution layer) {
    return layer.weights() == Initializer.Rule.WHITEN;
  }

  /** The number of values of a patch. */
  public int values() {
    return kernel * kernel * channels;
  }

  /** The number of filters of such a layer. */
  static int filters(int kernel, int channels) {
    Check.input(
        kernel >= SMALLEST && kernel <= LARGEST,
        "Invalid kernel of a layer that whitens: %d (must be %d or %d)",
        kernel,
        SMALLEST,
        LARGEST);
    return 2 * kernel * kernel * channels;
  }

  static int defaultKernel(int channels) {
    return SMALLEST * SMALLEST * channels >= FEWEST_VALUES ? SMALLEST : LARGEST;
  }

  /** Checks that only the first layer of a model whitens, and has the filters for it. */
  static void check(String model, List<ModelSpec.Placed> chain) {
    for (ModelSpec.Placed placed : chain) {
      boolean whitens =
          placed.parameters().stream()
              .anyMatch(tensor -> tensor.initializer() == Initializer.Rule.WHITEN);
      if (whitens) {
        Check.input(
            placed.index() == 0 && placed.layer() instanceof LayerSpec.Convolution,
            "Invalid model %s: layer %s cannot whiten (only a convolution that is the first layer"
                + " can)",
            model,
            placed.path());
        checkFirst((LayerSpec.Convolution) placed.layer(), placed.input().channels());
      }
    }
  }

  private static void checkFirst(LayerSpec.Convolution layer, int channels) {
    Window window = layer.window();
    int filters = filters(window.kernel(), channels);
    Check.input(
        layer.filters() == filters && layer.groups() == 1 && window.dilation() == 1,
        "Invalid layer that whitens: %s (must have %d filters, one group and no dilation)",
        layer.label(),
        filters);
  }

  /**
   * The filters for patches of a covariance.
   *
   * @param covariance of the normalised values of a patch {@code [channels, kernel, kernel]}, rows
   *     and columns
   * @return {@code [filters, channels, kernel, kernel]}, largest eigenvalue first, and then those
   *     of the opposite sign
   */
  public float[] filters(double[][] covariance) {
    int values = values();
    SymmetricEigen eigen = SymmetricEigen.of(covariance);
    float[] filters = new float[2 * values * values];
    for (int i = 0; i < values; i++) {
      double divisor = Math.sqrt(Math.max(0, eigen.value(i)) + EPSILON);
      for (int j = 0; j < values; j++) {
        float weight = (float) (eigen.vector(i)[j] / divisor);
        filters[i * values + j] = weight;
        filters[(values + i) * values + j] = -weight;
      }
    }
    return filters;
  }
}
