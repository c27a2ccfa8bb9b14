package io.stoker.data.image;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32;

/**
 * Finds image files that are cut or damaged by what the formats say about themselves. Decoders make
 * the best of such files: half a picture and half grey.
 */
final class FileIntegrity {
  private FileIntegrity() {}

  /**
   * Checks a file from its first to its last byte, without decoding it.
   *
   * @throws UnreadableImageException if the file ends early, or a checksum is wrong
   */
  static void check(ImageFormat format, byte[] file) throws UnreadableImageException {
    switch (format) {
      case JPEG -> checkJpeg(file);
      case PNG -> checkPng(file);
      case GIF -> checkGif(file);
      case BMP -> checkBmp(file);
    }
  }

  /** ITU-T T.81, annex B: segments up to the first scan, and an end of image after it. */
  private static void checkJpeg(byte[] file) throws UnreadableImageException {
    int position = 2;
    while (true) {
      position = require(position, 4, file) - 4;
      if ((file[position] & 0xFF) != 0xFF) {
        throw new UnreadableImageException("damaged JPEG: no marker at byte " + position);
      }
      int marker = file[position + 1] & 0xFF;
      if (marker == 0xFF) { // Fill bytes may stand before a marker.
        position++;
        continue;
      }
      if (marker == 0xD9) {
        throw new UnreadableImageException("damaged JPEG: it holds no picture");
      }
      int length = unsignedShort(file, position + 2);
      position = require(position + 2, length, file);
      if (marker == 0xDA) {
        break;
      }
    }
    // In entropy-coded data FF is followed by 00 or a restart marker, so FF D9 is the end.
    for (int i = position; i + 1 < file.length; i++) {
      if ((file[i] & 0xFF) == 0xFF && (file[i + 1] & 0xFF) == 0xD9) {
        return;
      }
    }
    throw truncated();
  }

  /** PNG, section 5.3: every chunk has a CRC, and IEND is the last. */
  private static void checkPng(byte[] file) throws UnreadableImageException {
    int position = 8;
    boolean pixels = false;
    while (true) {
      require(position, 12, file);
      long length = ByteBuffer.wrap(file, position, 4).getInt() & 0xFFFFFFFFL;
      int end = require(position, 12 + length, file);
      CRC32 crc = new CRC32();
      crc.update(file, position + 4, (int) length + 4);
      if ((int) crc.getValue() != ByteBuffer.wrap(file, end - 4, 4).getInt()) {
        throw new UnreadableImageException(
            "damaged PNG: wrong checksum of the chunk at byte " + position);
      }
      int type = ByteBuffer.wrap(file, position + 4, 4).getInt();
      pixels |= type == 0x49444154; // IDAT
      if (type == 0x49454E44) { // IEND
        if (!pixels) {
          throw new UnreadableImageException("damaged PNG: it holds no picture");
        }
        return;
      }
      position = end;
    }
  }

  /** GIF89a, sections 15 to 27: blocks up to the first image, and that image's sub-blocks. */
  private static void checkGif(byte[] file) throws UnreadableImageException {
    require(0, 13, file);
    int position = require(13, colorTableBytes(file[10]), file);
    while (true) {
      require(position, 1, file);
      switch (file[position] & 0xFF) {
        case 0x21 -> position = skipSubBlocks(file, require(position, 2, file));
        case 0x2C -> {
          require(position, 10, file);
          int data = require(position + 10, colorTableBytes(file[position + 9]) + 1L, file);
          skipSubBlocks(file, data);
          return;
        }
        default ->
            throw new UnreadableImageException(
                "damaged GIF: it holds no picture before byte " + position);
      }
    }
  }

  private static int colorTableBytes(byte flags) {
    return (flags & 0x80) == 0 ? 0 : 3 << ((flags & 7) + 1);
  }

  private static int skipSubBlocks(byte[] file, int start) throws UnreadableImageException {
    int position = start;
    while (true) {
      require(position, 1, file);
      int length = file[position] & 0xFF;
      position = require(position, 1L + length, file);
      if (length == 0) {
        return position;
      }
    }
  }

  /** The header says how long the file is. */
  private static void checkBmp(byte[] file) throws UnreadableImageException {
    require(0, 26, file);
    long length = ByteBuffer.wrap(file, 2, 4).order(ByteOrder.LITTLE_ENDIAN).getInt() & 0xFFFFFFFFL;
    require(0, length, file);
  }

  private static int unsignedShort(byte[] file, int position) {
    return (file[position] & 0xFF) << 8 | (file[position + 1] & 0xFF);
  }

  /** The end of so many bytes at a position, if the file has them. */
  private static int require(int position, long bytes, byte[] file)
      throws UnreadableImageException {
    if (position + bytes > file.length) {
      throw truncated();
    }
    return (int) (position + bytes);
  }

  private static UnreadableImageException truncated() {
    return new UnreadableImageException("truncated");
  }
}
