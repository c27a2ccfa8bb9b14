// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.image;

import com.twelvemonkeys.imageio.color.ColorProfiles;
import com.twelvemonkeys.imageio.color.ColorSpaces;
import java.awt.color.ColorSpace;
import java.awt.image.ColorConvertOp;
import java.nio.ByteOrder;
import java.util.Optional;

/**
 * The ICC profile of a file (ICC.1:2010), by which its colours are converted to sRGB as the full
 * decoder converts them. Only profiles of RGB displays are used here, as cameras and editors write
 * them; the full decoder has rules of its own for others.
 */
final class ColorProfile {
  private static final int HEADER_BYTES = 128;

  private ColorProfile() {}

  /** Whether a profile is of an RGB display, by its header; what follows may still be damaged. */
  static boolean isOfRgbDisplay(byte[] profile) throws UnreadableImageException {
    FileBytes file = new FileBytes(profile, ByteOrder.BIG_ENDIAN);
    return profile.length >= HEADER_BYTES
        && file.unsignedInt(0) == profile.length
        && file.hasText(12, "mntr")
        && file.hasText(16, "RGB ")
        && file.hasText(36, "acsp");
  }

  /**
   * Converts pixels of three channels to sRGB.
   *
   * @return empty if the profile is damaged
   */
  static Optional<Pixels> toSrgb(byte[] profile, Pixels pixels) {
    try {
      ColorSpace colors = ColorSpaces.createColorSpace(ColorProfiles.createProfile(profile));
      return Optional.of(colors.isCS_sRGB() ? pixels : converted(pixels, colors));
    } catch (RuntimeException e) { // Some damage shows only here, and in exceptions of many kinds.
      return Optional.empty();
    }
  }

  private static Pixels converted(Pixels pixels, ColorSpace colors) {
    byte[] values = new byte[pixels.values().length];
    new ColorConvertOp(colors, ColorSpace.getInstance(ColorSpace.CS_sRGB), null)
        .filter(
            Rasters.view(pixels.shape(), pixels.values()).getRaster(),
            Rasters.view(pixels.shape(), values).getRaster());
    return new Pixels(pixels.shape(), values);
  }
}
