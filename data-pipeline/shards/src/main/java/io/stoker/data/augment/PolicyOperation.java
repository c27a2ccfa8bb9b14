// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.augment;

/**
 * The operations that {@link TrivialAugment} and {@link RandAugment} draw from. Each gives what
 * torchvision's gives of the same name for a tensor of uint8, with nearest interpolation and black
 * where the image is uncovered: to the bit, but for a turn's pixels whose source is equally near to
 * two.
 */
enum PolicyOperation {
  IDENTITY(Magnitude.NONE, (canvas, pixels, magnitude) -> {}),

  /** Moves each row sideways by its distance from the top. */
  SHEAR_X(
      Magnitude.SHEAR,
      (canvas, pixels, magnitude) -> {
        AffineMap map = canvas.map();
        map.then(1, magnitude, 0, 1);
        map.xt = magnitude * map.height() / 2;
        canvas.move(pixels);
      }),

  /** Moves each column up or down by its distance from the left. */
  SHEAR_Y(
      Magnitude.SHEAR,
      (canvas, pixels, magnitude) -> {
        AffineMap map = canvas.map();
        map.then(1, 0, magnitude, 1);
        map.yt = magnitude * map.width() / 2;
        canvas.move(pixels);
      }),

  TRANSLATE_X(
      Magnitude.TRANSLATION_X,
      (canvas, pixels, magnitude) -> {
        canvas.map().thenMove((int) magnitude, 0);
        canvas.move(pixels);
      }),

  TRANSLATE_Y(
      Magnitude.TRANSLATION_Y,
      (canvas, pixels, magnitude) -> {
        canvas.map().thenMove(0, (int) magnitude);
        canvas.move(pixels);
      }),

  /** Turns around the centre, by degrees. */
  ROTATE(
      Magnitude.ROTATION,
      (canvas, pixels, magnitude) -> {
        double cos = StrictMath.cos(StrictMath.toRadians(magnitude));
        double sin = StrictMath.sin(StrictMath.toRadians(magnitude));
        canvas.map().then(cos, -sin, sin, cos);
        canvas.move(pixels);
      }),

  /** Away from black, or towards it. */
  BRIGHTNESS(
      Magnitude.ENHANCEMENT,
      (canvas, pixels, magnitude) -> canvas.blendWith(0, pixels, 1 + magnitude)),

  /** Away from the grey of each pixel, or towards it. */
  COLOR(
      Magnitude.ENHANCEMENT,
      (canvas, pixels, magnitude) -> canvas.blendWithGrey(pixels, 1 + magnitude)),

  /** Away from the mean of the image's grey, or towards it. */
  CONTRAST(
      Magnitude.ENHANCEMENT,
      (canvas, pixels, magnitude) ->
          canvas.blendWith(canvas.meanOfGrey(pixels), pixels, 1 + magnitude)),

  /** Away from a blur of 3 x 3 pixels, or towards it. */
  SHARPNESS(
      Magnitude.ENHANCEMENT,
      (canvas, pixels, magnitude) -> canvas.blendWithBlur(pixels, 1 + magnitude)),

  /** Keeps the upper bits. */
  POSTERIZE(
      Magnitude.BITS,
      (canvas, pixels, magnitude) -> {
        int mask = -(1 << (8 - (int) magnitude));
        for (int i = 0; i < pixels.length; i++) {
          pixels[i] &= (byte) mask;
        }
      }),

  /** Inverts values from a threshold on. */
  SOLARIZE(
      Magnitude.THRESHOLD,
      (canvas, pixels, magnitude) -> {
        for (int i = 0; i < pixels.length; i++) {
          int value = pixels[i] & 0xFF;
          pixels[i] = (byte) (value >= magnitude ? 255 - value : value);
        }
      }),

  /** Stretches each channel to 0 to 255. */
  AUTO_CONTRAST(Magnitude.NONE, (canvas, pixels, magnitude) -> canvas.stretch(pixels)),

  /** Gives each channel a histogram that is as even as may be. */
  EQUALIZE(Magnitude.NONE, (canvas, pixels, magnitude) -> canvas.equalize(pixels));

  /** What the strength of an operation is measured in. */
  enum Magnitude {
    NONE(false),
    SHEAR(true),
    TRANSLATION_X(true),
    TRANSLATION_Y(true),
    ROTATION(true),
    ENHANCEMENT(true),
    BITS(false),
    THRESHOLD(false);

    private final boolean signed;

    Magnitude(boolean signed) {
      this.signed = signed;
    }

    /** Whether it has one of two directions. */
    boolean isSigned() {
      return signed;
    }
  }

  private interface Change {
    void apply(PolicyCanvas canvas, byte[] pixels, double magnitude);
  }

  private final Magnitude measure;

  @SuppressWarnings("ImmutableEnumChecker") // The functions have no state.
  private final Change change;

  PolicyOperation(Magnitude measure, Change change) {
    this.measure = measure;
    this.change = change;
  }

  /** What its strength is measured in. */
  Magnitude measure() {
    return measure;
  }

  /**
   * Changes an image in place.
   *
   * @param canvas of the image's shape
   * @param pixels interleaved uint8 {@code [height, width, channels]}
   * @param magnitude in the unit of its {@link #measure}
   */
  void apply(PolicyCanvas canvas, byte[] pixels, double magnitude) {
    change.apply(canvas, pixels, magnitude);
  }
}
