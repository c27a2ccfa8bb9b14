package io.stoker.data.augment;

/**
 * Where each pixel of an augmented image comes from, in pixels from the image's centre: {@code
 * sourceX = xx * x + xy * y + xt} and {@code sourceY = yx * x + yy * y + yt}. Augmentations that
 * move pixels are composed into one map, so that an image is resampled once, however many there
 * are.
 */
public final class AffineMap {
  double xx;
  double xy;
  double xt;
  double yx;
  double yy;
  double yt;

  /** Makes this the map that moves nothing. */
  void reset() {
    xx = 1;
    xy = 0;
    xt = 0;
    yx = 0;
    yy = 1;
    yt = 0;
  }

  /** Moves the image by whole or part pixels, right and down. */
  void thenMove(double right, double down) {
    xt -= xx * right + xy * down;
    yt -= yx * right + yy * down;
  }

  /**
   * Applies a linear map to the image so far: the pixel (x, y) now comes from {@code (a * x + b *
   * y, c * x + d * y)} of the image before.
   */
  void then(double a, double b, double c, double d) {
    double nextXx = xx * a + xy * c;
    double nextXy = xx * b + xy * d;
    double nextYx = yx * a + yy * c;
    double nextYy = yx * b + yy * d;
    xx = nextXx;
    xy = nextXy;
    yx = nextYx;
    yy = nextYy;
  }

  /** Whether pixels only move by whole steps, perhaps mirrored: then nothing is resampled. */
  boolean isExact() {
    return Math.abs(xx) == 1
        && yy == 1
        && xy == 0
        && yx == 0
        && xt == Math.rint(xt)
        && yt == Math.rint(yt);
  }
}
