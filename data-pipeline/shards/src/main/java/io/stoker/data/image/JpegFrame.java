// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.image;

import java.io.ByteArrayOutputStream;
import java.nio.ByteOrder;
import java.util.Optional;

/**
 * The frame of a JPEG file of the usual kinds (ITU-T T.81, annex B): 8 bits, baseline or
 * progressive with Huffman codes, grey or YCbCr in 4:4:4, 4:4:0, 4:2:2 or 4:2:0. Its colours are
 * the same in any decoder that knows these kinds.
 */
final class JpegFrame {
  private static final int START_OF_SCAN = 0xDA;
  private static final int APP0 = 0xE0;
  private static final int APP2 = 0xE2;
  private static final int APP14 = 0xEE;
  private static final int JFIF_BYTES = 14;

  /** Its name, the number of the part, and how many there are. */
  private static final int PROFILE_HEADER_BYTES = 14;

  private static final int ADOBE_BYTES = 12;
  private static final int PROGRESSIVE = 0xC2;
  private static final int NO_ADOBE_SEGMENT = -1;
  private static final int YCBCR = 1;

  private final int channels;
  private final boolean buffered;

  /** The colour profile; empty if there is none. */
  private final byte[] profile;

  private JpegFrame(int channels, boolean buffered, byte[] profile) {
    this.channels = channels;
    this.buffered = buffered;
    this.profile = profile;
  }

  /**
   * The frame of a file that {@link JpegStructure} has checked.
   *
   * @return empty if it is of another kind
   */
  static Optional<JpegFrame> usual(byte[] bytes) throws UnreadableImageException {
    FileBytes file = new FileBytes(bytes, ByteOrder.BIG_ENDIAN);
    boolean jfif = false;
    int transform = NO_ADOBE_SEGMENT;
    int frame = 0;
    ByteArrayOutputStream profile = new ByteArrayOutputStream();
    int parts = 0;
    int allParts = 0;
    int position = 2;
    while (file.unsignedByte(position + 1) != START_OF_SCAN) {
      int marker = file.unsignedByte(position + 1);
      if (marker == 0xFF) {
        position++;
        continue;
      }
      int start = position + 4;
      int end = file.require(position + 2, file.unsignedShort(position + 2));
      if (marker == APP2 && file.hasText(start, "ICC_PROFILE\0")) {
        int all = end - start < PROFILE_HEADER_BYTES ? 0 : file.unsignedByte(start + 13);
        parts++;
        boolean fits = parts <= all && (parts == 1 || all == allParts);
        if (!fits || file.unsignedByte(start + 12) != parts) {
          return Optional.empty(); // Decoders differ in what they make of these.
        }
        allParts = all;
        profile.write(bytes, start + PROFILE_HEADER_BYTES, end - start - PROFILE_HEADER_BYTES);
      } else if (marker == APP0) {
        jfif |= file.hasText(start, "JFIF\0") && end - start >= JFIF_BYTES;
      } else if (marker == APP14 && file.hasText(start, "Adobe")) {
        if (transform != NO_ADOBE_SEGMENT || end - start < ADOBE_BYTES) {
          return Optional.empty(); // Decoders differ in what they make of these.
        }
        transform = file.unsignedByte(start + 11);
      } else if (marker >= 0xC0 && marker <= PROGRESSIVE) {
        frame = position;
      } else if (marker >= 0xC3 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8) {
        return Optional.empty();
      }
      position = end;
    }
    if (frame == 0 || parts != allParts || !isUsual(file, frame + 4, jfif, transform)) {
      return Optional.empty();
    }
    int components = file.unsignedByte(frame + 9);
    boolean oneScan = file.unsignedByte(position + 4) == components;
    boolean buffered = !oneScan || file.unsignedByte(frame + 1) == PROGRESSIVE;
    byte[] colors = profile.toByteArray();
    boolean convertible = components == 3 && ColorProfile.isOfRgbDisplay(colors);
    return parts == 0 || convertible
        ? Optional.of(new JpegFrame(components, buffered, colors))
        : Optional.empty();
  }

  /** 1 for a grey picture, else 3. */
  int channels() {
    return channels;
  }

  /** Whether decoders keep all coefficients, because several scans make the picture. */
  boolean isBuffered() {
    return buffered;
  }

  /** Whether the file has a colour profile. */
  boolean hasProfile() {
    return profile.length > 0;
  }

  /**
   * The colours as sRGB.
   *
   * @param pixels the decoded picture, at any size
   * @return empty if the profile is damaged
   */
  Optional<Pixels> toSrgb(Pixels pixels) {
    return hasProfile() ? ColorProfile.toSrgb(profile, pixels) : Optional.of(pixels);
  }

  /**
   * How many pixels take as much memory, in full decoding, as scaled decoding takes for a file: the
   * coefficients of a buffered one are 2 bytes for each value, and a decoded pixel is counted as 14
   * bytes.
   */
  long pixelsHeld(ImageHeader header, int reduction) {
    long reduced =
        LeastSize.reduced(header.height(), reduction)
            * LeastSize.reduced(header.width(), reduction);
    return reduced + (buffered ? header.height() * header.width() / 2 : 0);
  }

  private static boolean isUsual(FileBytes file, int frame, boolean jfif, int transform)
      throws UnreadableImageException {
    if (file.unsignedByte(frame) != 8) {
      return false;
    }
    if (file.unsignedByte(frame + 5) == 1) {
      return true;
    }
    if (file.unsignedByte(frame + 5) != 3) {
      return false;
    }
    int luma = file.unsignedByte(frame + 7);
    for (int i = 0; i < 3; i++) {
      boolean named = file.unsignedByte(frame + 6 + 3 * i) == i + 1;
      boolean sampled = i == 0 || file.unsignedByte(frame + 7 + 3 * i) == 0x11;
      if (!named || !sampled) {
        return false;
      }
    }
    boolean whole = luma == 0x11;
    // Without JFIF and Adobe segments, decoders take components that are sampled alike for RGB.
    boolean ycbcr = transform == NO_ADOBE_SEGMENT ? jfif || !whole : transform == YCBCR;
    return ycbcr && (whole || luma == 0x12 || luma == 0x21 || luma == 0x22);
  }
}
