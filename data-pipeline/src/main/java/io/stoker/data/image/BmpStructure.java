package io.stoker.data.image;

import io.stoker.base.Division;
import java.nio.ByteOrder;

/**
 * The outline of a BMP file (Windows GDI, BITMAPINFOHEADER and its older and newer forms): the
 * header's numbers must fit each other, and the file must hold every row.
 */
final class BmpStructure {
  private static final int FILE_HEADER_BYTES = 14;

  /** The header of OS/2 1.x, with sizes of 16 bits and nothing on compression. */
  private static final int CORE_HEADER_BYTES = 12;

  private static final int RLE_8 = 1;
  private static final int RLE_4 = 2;
  private static final int BIT_FIELDS = 3;
  private static final int ALPHA_BIT_FIELDS = 6;

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
      throw new UnreadableImageException(
          "damaged BMP: %d colours of %d bits".formatted(file.unsignedInt(46), bits));
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
    boolean known =
        switch (compression) {
          case 0 -> bits == 1 || bits == 4 || bits == 8 || bits == 16 || bits == 24 || bits == 32;
          case RLE_8 -> bits == 8;
          case RLE_4 -> bits == 4;
          case BIT_FIELDS, ALPHA_BIT_FIELDS -> bits == 16 || bits == 32;
          default -> false;
        };
    if (!known || headerBytes < CORE_HEADER_BYTES || headerBytes > 1 << 10) {
      throw new UnreadableImageException(
          "damaged BMP, or one of a kind that is not read: header of %d bytes, %d bits, compression %d"
              .formatted(headerBytes, bits, compression));
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
      } else if (value > 2) { // So many pixels as they are, in whole 16-bit words.
        int bytes = Division.ceiling(value, pixelsPerByte);
        position = file.require(position, bytes + bytes % 2);
      }
    }
  }
}
