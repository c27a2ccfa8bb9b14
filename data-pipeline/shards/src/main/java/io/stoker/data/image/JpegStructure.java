// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.image;

import java.nio.ByteOrder;
import java.util.Set;

/** The outline of a JPEG file (ITU-T T.81, annex B): segments, scans, and an end of image. */
final class JpegStructure {
  private static final int END_OF_IMAGE = 0xD9;
  private static final int START_OF_SCAN = 0xDA;
  private static final int APP1 = 0xE1;

  /** SOF0 to SOF15, without DHT, JPG and DAC, which share their range. */
  private static final Set<Integer> FRAMES =
      Set.of(0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF);

  /** Encoders use about ten; each costs a pass over all pixels, however few bytes it has. */
  private static final int MAXIMUM_SCANS = 100;

  private final FileBytes file;
  private ImageHeader header;
  private int orientation = ExifOrientation.UPRIGHT;
  private int scans;

  private JpegStructure(byte[] bytes) {
    file = new FileBytes(bytes, ByteOrder.BIG_ENDIAN);
  }

  /**
   * Checks a file from its first segment to its end of image, without decoding it.
   *
   * @throws UnreadableImageException if the file ends early or is no JPEG
   */
  static ImageHeader check(byte[] bytes) throws UnreadableImageException {
    return new JpegStructure(bytes).walk();
  }

  private ImageHeader walk() throws UnreadableImageException {
    int position = 2;
    while (true) {
      if (file.unsignedByte(position) != 0xFF) {
        throw new UnreadableImageException("damaged JPEG: no marker at byte " + position);
      }
      int marker = file.unsignedByte(position + 1);
      if (marker == 0xFF) { // Fill bytes may stand before a marker.
        position++;
      } else if (marker == END_OF_IMAGE) {
        return end();
      } else {
        int length = file.unsignedShort(position + 2);
        int end = file.require(position + 2, length);
        segment(marker, position + 4, end);
        position = marker == START_OF_SCAN ? nextMarker(end) : end;
      }
    }
  }

  private ImageHeader end() throws UnreadableImageException {
    if (header == null || scans == 0) {
      throw new UnreadableImageException("damaged JPEG: it holds no picture");
    }
    return ImageHeader.of(header.height(), header.width(), orientation);
  }

  private void segment(int marker, int start, int end) throws UnreadableImageException {
    if (FRAMES.contains(marker)) {
      if (header != null) {
        throw new UnreadableImageException("damaged JPEG: it has a second frame");
      }
      header =
          ImageHeader.of(file.unsignedShort(start + 1), file.unsignedShort(start + 3), orientation);
    } else if (marker == START_OF_SCAN) {
      scans++;
      if (scans > MAXIMUM_SCANS) {
        throw new UnreadableImageException("damaged JPEG: more than " + MAXIMUM_SCANS + " scans");
      }
    } else if (marker == APP1 && header == null && file.hasText(start, "Exif\0")) {
      orientation = ExifOrientation.of(file, start + 6, end);
    }
  }

  /**
   * In entropy-coded data FF is followed by 00 or a restart marker, so anything else is the end of
   * the scan. Bytes that belong to nothing may stand between scans.
   */
  private int nextMarker(int start) throws UnreadableImageException {
    for (int position = start; ; position++) {
      if (file.unsignedByte(position) == 0xFF) {
        int next = file.unsignedByte(position + 1);
        boolean restart = next >= 0xD0 && next <= 0xD7;
        if (next != 0 && next != 0xFF && !restart) {
          return position;
        }
      }
    }
  }
}
