// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.image;

import java.nio.ByteOrder;
import java.util.zip.CRC32;

/** The outline of a PNG file (PNG 1.2, section 3): every chunk has a CRC, and IEND is the last. */
final class PngStructure {
  private static final int SIGNATURE_BYTES = 8;

  /** Length, type and CRC. */
  private static final int FRAME_BYTES = 12;

  private PngStructure() {}

  /**
   * Checks a file from its first to its last chunk, without decoding it.
   *
   * @throws UnreadableImageException if the file ends early, or a checksum is wrong
   */
  static ImageHeader check(byte[] bytes) throws UnreadableImageException {
    FileBytes file = new FileBytes(bytes, ByteOrder.BIG_ENDIAN);
    int position = SIGNATURE_BYTES;
    file.require(position, FRAME_BYTES);
    if (!file.hasText(position + 4, "IHDR") || file.unsignedInt(position) != 13) {
      throw new UnreadableImageException("damaged PNG: it does not start with a header");
    }
    boolean pixels = false;
    int orientation = ExifOrientation.UPRIGHT;
    while (true) {
      int end = checkChunk(file, bytes, position);
      pixels |= file.hasText(position + 4, "IDAT");
      if (file.hasText(position + 4, "eXIf")) {
        orientation = ExifOrientation.of(file, position + 8, end - 4);
      } else if (file.hasText(position + 4, "IEND")) {
        if (!pixels) {
          throw new UnreadableImageException("damaged PNG: it holds no picture");
        }
        int header = SIGNATURE_BYTES + 8;
        return ImageHeader.of(file.unsignedInt(header + 4), file.unsignedInt(header), orientation);
      }
      position = end;
    }
  }

  /** The end of a chunk whose checksum is right. */
  private static int checkChunk(FileBytes file, byte[] bytes, int position)
      throws UnreadableImageException {
    long length = file.unsignedInt(position);
    int end = file.require(position, FRAME_BYTES + length);
    CRC32 crc = new CRC32();
    crc.update(bytes, position + 4, (int) length + 4);
    if ((int) crc.getValue() != file.signedInt(end - 4)) {
      throw new UnreadableImageException(
          "damaged PNG: wrong checksum of the chunk at byte " + position);
    }
    return end;
  }
}
