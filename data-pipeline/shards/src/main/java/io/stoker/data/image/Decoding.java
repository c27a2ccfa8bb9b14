// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.image;

/** At which size files are decoded whose pixels are resized afterwards. */
public enum Decoding {
  /** JPEG files that are much larger are decoded at a fraction of their size. */
  SCALED("false, by rule 2"),

  /** Files are decoded in full. */
  EXACT("true, and recorded");

  /** Decoded pixels have at least this many times the height and width that they are resized to. */
  private static final int MARGIN = 2;

  private final String rule;

  Decoding(String rule) {
    this.rule = rule;
  }

  /** How files are decoded for exact pixels, or else. */
  public static Decoding of(boolean exactPixels) {
    return exactPixels ? EXACT : SCALED;
  }

  /** The least size of images that will be resized to a shape. */
  public LeastSize leastFor(ImageShape shape) {
    return this == EXACT
        ? LeastSize.ALL
        : new LeastSize(MARGIN * shape.height(), MARGIN * shape.width());
  }

  /**
   * Whether pixels are exact, and if not, by which rule they are made: the number changes when a
   * file is decoded to others.
   */
  public String rule() {
    return rule;
  }
}
