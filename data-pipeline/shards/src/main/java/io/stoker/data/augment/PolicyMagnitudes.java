// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.augment;

import io.stoker.base.SplitMix64;
import io.stoker.data.image.ImageShape;
import java.util.List;

/**
 * The strengths that a policy has for each operation, evenly spaced from none to the most.
 *
 * @param shear the most, in pixels a row or column
 * @param translation the most, in pixels; 0 for 150/331 of the image's side
 * @param rotation the most, in degrees
 * @param enhancement the most by which a blend's ratio differs from 1
 * @param bits the most that are cleared
 */
record PolicyMagnitudes(
    double shear, double translation, double rotation, double enhancement, int bits) {
  /** How many strengths there are. */
  static final int BINS = 31;

  private static final List<PolicyOperation> OPERATIONS = List.of(PolicyOperation.values());

  /**
   * Changes an image in place by one operation, all equally likely, in one of its directions.
   *
   * @param canvas of the image's shape
   * @param pixels interleaved uint8 {@code [height, width, channels]}
   * @param bin the strength, of {@code [0, 31)}
   * @param key random bits that decide which
   */
  void applyOperation(PolicyCanvas canvas, byte[] pixels, int bin, long key) {
    PolicyOperation operation =
        OPERATIONS.get(SplitMix64.below(SplitMix64.mix(key, 0), OPERATIONS.size()));
    boolean turned = operation.measure().isSigned() && SplitMix64.mix(key, 1) < 0;
    double magnitude = at(operation, bin, canvas.shape());
    operation.apply(canvas, pixels, turned ? -magnitude : magnitude);
  }

  /**
   * A strength.
   *
   * @param operation whose
   * @param bin of {@code [0, 31)}, from none to the most
   * @param image the shape of the image
   */
  double at(PolicyOperation operation, int bin, ImageShape image) {
    return switch (operation.measure()) {
      case NONE -> 0;
      case SHEAR -> spaced(0, shear, bin);
      case TRANSLATION_X -> spaced(0, translation(image.width()), bin);
      case TRANSLATION_Y -> spaced(0, translation(image.height()), bin);
      case ROTATION -> spaced(0, rotation, bin);
      case ENHANCEMENT -> spaced(0, enhancement, bin);
      case BITS -> 8 - Math.rint(bin / ((BINS - 1.0) / bits));
      case THRESHOLD -> spaced(255, 0, bin);
    };
  }

  private double translation(int side) {
    return translation > 0 ? translation : 150.0 / 331 * side;
  }

  /**
   * As {@code torch.linspace}: in 32-bit floating point with fused multiplication and addition, the
   * second half from the end.
   */
  private static double spaced(double from, double to, int bin) {
    float step = ((float) to - (float) from) / (BINS - 1);
    return bin < BINS / 2
        ? Math.fma(step, bin, (float) from)
        : Math.fma(-step, BINS - 1 - bin, (float) to);
  }
}
