// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.image;

import java.nio.ByteOrder;

/**
 * The outline of a GIF file (GIF89a, sections 15 to 27 and appendix F) up to the end of its first
 * image, whose compressed data must hold a code for every pixel: decoders leave the rest of the
 * image empty where they do not.
 */
final class GifStructure {
  private static final int HEADER_BYTES = 13;
  private static final int MAXIMUM_CODES = 1 << 12;

  private final FileBytes file;

  private GifStructure(byte[] bytes) {
    file = new FileBytes(bytes, ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * Checks a file up to the end of its first image, without decoding it.
   *
   * @param maximumPixels where the count of pixels may stop
   * @throws UnreadableImageException if the file ends early, or holds no whole image
   */
  static ImageHeader check(byte[] bytes, long maximumPixels) throws UnreadableImageException {
    return new GifStructure(bytes).walk(maximumPixels);
  }

  private ImageHeader walk(long maximumPixels) throws UnreadableImageException {
    file.require(0, HEADER_BYTES);
    int position = file.require(HEADER_BYTES, colorTableBytes(file.unsignedByte(10)));
    boolean transparent = false;
    while (file.unsignedByte(position) == 0x21) { // An extension.
      boolean control = file.unsignedByte(position + 1) == 0xF9;
      transparent |= control && (file.unsignedByte(position + 3) & 1) == 1;
      position = skipSubBlocks(position + 2);
    }
    if (file.unsignedByte(position) != 0x2C) {
      throw new UnreadableImageException(
          "damaged GIF: it holds no picture before byte " + position);
    }
    file.require(position, 10);
    int left = file.unsignedShort(position + 1);
    int top = file.unsignedShort(position + 3);
    int width = file.unsignedShort(position + 5);
    int height = file.unsignedShort(position + 7);
    // Some files have a canvas of 0 x 0, or one that is smaller than their picture.
    ImageHeader header =
        new ImageHeader(
            Math.max(file.unsignedShort(8), top + height),
            Math.max(file.unsignedShort(6), left + width),
            top,
            left,
            transparent ? ImageHeader.WHITE : background(),
            ExifOrientation.UPRIGHT);
    header.check(maximumPixels);
    int data = position + 10 + colorTableBytes(file.unsignedByte(position + 9));
    skipSubBlocks(data + 1);
    if (new Codes(data + 1, file.unsignedByte(data)).pixels((long) width * height)
        < (long) width * height) {
      throw new UnreadableImageException("damaged GIF: its picture is not complete");
    }
    return header;
  }

  /** The colour of the canvas, of the table that all images share. */
  private int background() throws UnreadableImageException {
    int index = file.unsignedByte(11);
    if (3 * index >= colorTableBytes(file.unsignedByte(10))) {
      return ImageHeader.WHITE;
    }
    int entry = HEADER_BYTES + 3 * index;
    return file.unsignedByte(entry) << 16
        | file.unsignedByte(entry + 1) << 8
        | file.unsignedByte(entry + 2);
  }

  private static int colorTableBytes(int flags) {
    return (flags & 0x80) == 0 ? 0 : 3 << ((flags & 7) + 1);
  }

  private int skipSubBlocks(int start) throws UnreadableImageException {
    int position = start;
    while (true) {
      int length = file.unsignedByte(position);
      position = file.require(position, 1L + length);
      if (length == 0) {
        return position;
      }
    }
  }

  /** The codes of an image's data, of which only the lengths of what they stand for are kept. */
  private final class Codes {
    private final int clear;
    private int position;
    private int leftInBlock;
    private int bits;
    private int bitCount;

    Codes(int position, int minimumBits) throws UnreadableImageException {
      if (minimumBits < 1 || minimumBits > 8) {
        throw new UnreadableImageException("damaged GIF: codes of " + minimumBits + " bits");
      }
      this.position = position;
      this.clear = 1 << minimumBits;
    }

    /** How many pixels the codes stand for; once there are enough, no more are counted. */
    long pixels(long enough) throws UnreadableImageException {
      int[] lengths = new int[MAXIMUM_CODES];
      java.util.Arrays.fill(lengths, 0, clear, 1);
      int size = Integer.numberOfTrailingZeros(clear) + 1;
      int next = clear + 2;
      int previous = -1;
      long pixels = 0;
      while (pixels < enough) {
        int code = code(size);
        if (code < 0 || code == clear + 1) {
          return pixels;
        }
        if (code == clear) {
          size = Integer.numberOfTrailingZeros(clear) + 1;
          next = clear + 2;
          previous = -1;
          continue;
        }
        if (previous < 0 ? code >= clear : code > next) {
          throw new UnreadableImageException("damaged GIF: a code that stands for nothing");
        }
        if (previous >= 0 && next < MAXIMUM_CODES) {
          lengths[next++] = lengths[previous] + 1;
          if (next == 1 << size && size < 12) {
            size++;
          }
        }
        if (code >= next) {
          throw new UnreadableImageException("damaged GIF: a code that stands for nothing");
        }
        pixels += lengths[code];
        previous = code;
      }
      return pixels;
    }

    /** The next code, or -1 if there are no more. */
    private int code(int size) throws UnreadableImageException {
      while (bitCount < size) {
        if (leftInBlock == 0) {
          leftInBlock = file.unsignedByte(position++);
          if (leftInBlock == 0) {
            return -1;
          }
        }
        bits |= file.unsignedByte(position++) << bitCount;
        bitCount += 8;
        leftInBlock--;
      }
      int code = bits & ((1 << size) - 1);
      bits >>>= size;
      bitCount -= size;
      return code;
    }
  }
}
