// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.image;

import io.stoker.base.Division;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.Set;

/**
 * The outline of a BMP file (Windows GDI, BITMAPINFOHEADER and its older and newer forms): the
 * header's numbers must fit each other, and the file must hold every row.
 */
final class BmpStructure {
  private static final int FILE_HEADER_BYTES = 14;

  /** The header of OS/2 1.x, with sizes of 16 bits and nothing on compression. */
  private static final int CORE_HEADER_BYTES = 12;

  private static final int LONGEST_HEADER_BYTES = 1 << 10;

  private static final int NONE = 0;
  private static final int RLE_8 = 1;
  private static final int RLE_4 = 2;
  private static final int BIT_FIELDS = 3;
  private static final int EMBEDDED_JPEG = 4;
  private static final int EMBEDDED_PNG = 5;
  private static final int ALPHA_BIT_FIELDS = 6;

  /** The bits a pixel that each compression goes with. */
  private static final Map<Integer, Set<Integer>> DEPTHS =
      Map.of(
          NONE, Set.of(1, 4, 8, 16, 24, 32),
          RLE_8, Set.of(8),
          RLE_4, Set.of(4),
          BIT_FIELDS, Set.of(16, 32),
          ALPHA_BIT_FIELDS, Set.of(16, 32));

  private static final Map<Integer, String> COMPRESSIONS =
      Map.of(
          NONE, "not compressed",
          RLE_8, "run-length encoded in 8 bits",
          RLE_4, "run-length encoded in 4 bits",
          BIT_FIELDS, "with bit masks",
          ALPHA_BIT_FIELDS, "with bit masks and transparency");

  private final FileBytes file;

  private BmpStructure(byte[] bytes) {
    file = new FileBytes(bytes, ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * Checks a file's header and length, without decoding it.
   *
   * @param maximumPixels more than these are refused before the file's length is looked at
   * @throws UnreadableImageException if the file ends early, or its header makes no sense
   */
  static ImageHeader check(byte[] bytes, long maximumPixels) throws UnreadableImageException {
    return new BmpStructure(bytes).check(maximumPixels);
  }

  private ImageHeader check(long maximumPixels) throws UnreadableImageException {
    long start = file.unsignedInt(10);
    long headerBytes = file.unsignedInt(FILE_HEADER_BYTES);
    boolean core = headerBytes == CORE_HEADER_BYTES;
    long width = core ? file.unsignedShort(18) : file.signedInt(18);
    // Rows come from the top if the height is below 0.
    long height = Math.abs(core ? file.unsignedShort(20) : (long) file.signedInt(22));
    int bits = file.unsignedShort(core ? 24 : 28);
    int compression = core ? 0 : file.signedInt(30);
    checkNumbers(headerBytes, bits, compression);
    ImageHeader header = ImageHeader.of(height, width, ExifOrientation.UPRIGHT);
    header.check(maximumPixels);
    if (!core && bits <= 8 && file.unsignedInt(46) > 1L << bits) {
      throw UnreadableImageException.of(
          "damaged BMP: %d colours of %d bits", file.unsignedInt(46), bits);
    }
    if (start < FILE_HEADER_BYTES + headerBytes) {
      throw new UnreadableImageException("damaged BMP: its pixels start inside its header");
    }
    if (compression == RLE_8 || compression == RLE_4) {
      checkRuns(start, compression == RLE_8 ? 1 : 2);
    } else {
      file.require(start, (width * bits + 31) / 32 * 4 * height);
    }
    return header;
  }

  private static void checkNumbers(long headerBytes, int bits, int compression)
      throws UnreadableImageException {
    if (headerBytes < CORE_HEADER_BYTES || headerBytes > LONGEST_HEADER_BYTES) {
      throw UnreadableImageException.of(
          "damaged BMP: it says that its header has %d bytes", headerBytes);
    }
    if (compression == EMBEDDED_JPEG || compression == EMBEDDED_PNG) {
      throw UnreadableImageException.of(
          "a BMP file with a %s picture in it, which is not read (save it as %1$s)",
          compression == EMBEDDED_JPEG ? "JPEG" : "PNG");
    }
    Set<Integer> depths = DEPTHS.get(compression);
    if (depths == null) {
      throw UnreadableImageException.of(
          "damaged BMP, or of a kind that is not read: unknown compression %d", compression);
    }
    if (!depths.contains(bits)) {
      throw UnreadableImageException.of(
          "damaged BMP: %d bits a pixel, %s", bits, COMPRESSIONS.get(compression));
    }
  }

  /** Run-length codes up to the end of the bitmap, which must be there. */
  private void checkRuns(long start, int pixelsPerByte) throws UnreadableImageException {
    int position = file.require(start, 0);
    while (true) {
      int count = file.unsignedByte(position);
      int value = file.unsignedByte(position + 1);
      position += 2;
      if (count != 0) {
        continue;
      }
      if (value == 1) { // The end of the bitmap.
        return;
      } else if (value == 2) { // A move to another place.
        position = file.require(position, 2);
      } else if (value > 2) { // This many pixels as they are, in whole 16-bit words.
        int bytes = Division.ceiling(value, pixelsPerByte);
        position = file.require(position, bytes + bytes % 2);
      }
    }
  }
}
