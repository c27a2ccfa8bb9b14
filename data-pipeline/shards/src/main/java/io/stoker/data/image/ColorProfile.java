// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.image;

import com.twelvemonkeys.imageio.color.ColorProfiles;
import com.twelvemonkeys.imageio.color.ColorSpaces;
import java.awt.color.ColorSpace;
import java.awt.image.ColorConvertOp;
import java.nio.ByteOrder;
import java.util.Optional;

/**
 * The ICC profile of a file (ICC.1:2010), by which its colours are brought to sRGB as the full
 * decoder brings them. Of a display that has red, green and blue, as cameras and editors write
 * them; the full decoder has rules of its own for others, and for damaged ones.
 */
final class ColorProfile {
  private static final int HEADER_BYTES = 128;

  private final ColorSpace colors;

  private ColorProfile(ColorSpace colors) {
    this.colors = colors;
  }

  /**
   * Reads a profile.
   *
   * @return empty if it is damaged or of another kind
   */
  static Optional<ColorProfile> of(byte[] profile) throws UnreadableImageException {
    FileBytes file = new FileBytes(profile, ByteOrder.BIG_ENDIAN);
    if (profile.length < HEADER_BYTES
        || file.unsignedInt(0) != profile.length
        || !file.hasText(12, "mntr")
        || !file.hasText(16, "RGB ")
        || !file.hasText(36, "acsp")) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          new ColorProfile(ColorSpaces.createColorSpace(ColorProfiles.createProfile(profile))));
    } catch (RuntimeException e) { // Java has no exception in common for what may be wrong with it.
      return Optional.empty();
    }
  }

  /** Brings colours to sRGB; of three channels. */
  Pixels toSrgb(Pixels pixels) {
    if (colors.isCS_sRGB()) {
      return pixels;
    }
    byte[] values = new byte[pixels.values().length];
    new ColorConvertOp(colors, ColorSpace.getInstance(ColorSpace.CS_sRGB), null)
        .filter(
            Rasters.view(pixels.shape(), pixels.values()).getRaster(),
            Rasters.view(pixels.shape(), values).getRaster());
    return new Pixels(pixels.shape(), values);
  }
}
