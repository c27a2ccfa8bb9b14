// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.image;

import io.stoker.base.LittleEndian;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * The outline of a WebP file (WebP container specification; RFC 6386, section 9.1, for lossy
 * pictures; the lossless bitstream's section 3): chunks that fill the file, and a first picture
 * whose own size is that of its frame.
 */
final class WebpStructure {
  private static final int CHUNK_HEADER_BYTES = 8;
  private static final int RIFF_HEADER_BYTES = 12;
  private static final int FRAME_HEADER_BYTES = 16;

  /** A VP8X chunk with its header. */
  private static final int CANVAS_BYTES = 18;

  private static final int ALPHA_FLAG = 0x10;

  private final FileBytes file;
  private final long maximumPixels;
  private int orientation = ExifOrientation.UPRIGHT;

  /** The frame, once a chunk has told it. */
  private ImageHeader header;

  private long frameHeight;
  private long frameWidth;
  private boolean pictured;

  private WebpStructure(byte[] bytes, long maximumPixels) {
    this.file = new FileBytes(bytes, ByteOrder.LITTLE_ENDIAN);
    this.maximumPixels = maximumPixels;
  }

  /**
   * Checks a file's chunks, without decoding them.
   *
   * @param maximumPixels a canvas of more is refused at once
   * @throws UnreadableImageException if the file ends early, or its sizes contradict each other
   */
  static ImageHeader check(byte[] bytes, long maximumPixels) throws UnreadableImageException {
    return new WebpStructure(bytes, maximumPixels).walk();
  }

  private ImageHeader walk() throws UnreadableImageException {
    int end = file.require(CHUNK_HEADER_BYTES, file.unsignedInt(4));
    chunks(RIFF_HEADER_BYTES, end);
    if (!pictured) {
      throw new UnreadableImageException("damaged WebP: it holds no picture");
    }
    return new ImageHeader(
        header.height(),
        header.width(),
        header.top(),
        header.left(),
        header.background(),
        orientation);
  }

  /**
   * The first frame of an animation as a file of its own, which is what libwebp's decoder reads; a
   * file without animation as it is.
   *
   * @param bytes of a file that was checked
   */
  static byte[] firstPicture(byte[] bytes) {
    FileBytes file = new FileBytes(bytes, ByteOrder.LITTLE_ENDIAN);
    try {
      int position = RIFF_HEADER_BYTES;
      while (position < bytes.length && !file.hasText(position, "ANMF")) {
        if (file.hasText(position, "VP8 ") || file.hasText(position, "VP8L")) {
          return bytes;
        }
        long length = file.unsignedInt(position + 4);
        position = (int) (position + CHUNK_HEADER_BYTES + length + (length & 1));
      }
      int data = position + CHUNK_HEADER_BYTES;
      int frame = data + FRAME_HEADER_BYTES;
      int end = file.require(data, file.unsignedInt(position + 4));
      boolean alpha = file.hasText(frame, "ALPH");
      byte[] stillFile = new byte[RIFF_HEADER_BYTES + CANVAS_BYTES + end - frame];
      ByteBuffer still = LittleEndian.bytes(stillFile);
      still.put(ascii("RIFF")).putInt(still.capacity() - 8).put(ascii("WEBPVP8X")).putInt(10);
      still.putInt(alpha ? ALPHA_FLAG : 0).put(bytes, data + 6, 6).put(bytes, frame, end - frame);
      return stillFile;
    } catch (UnreadableImageException e) {
      throw new IllegalArgumentException("a file that was not checked", e);
    }
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private void chunks(int start, int end) throws UnreadableImageException {
    int position = start;
    while (position < end) {
      int data = file.require(position, CHUNK_HEADER_BYTES);
      long length = file.unsignedInt(position + 4);
      // An odd chunk is padded; the last byte of a file is sometimes left out.
      int next = file.require(data, length);
      if (next > end) {
        throw new UnreadableImageException("damaged WebP: a chunk that is longer than its frame");
      }
      chunk(position, data, next);
      position = next + (int) (length & 1);
    }
  }

  private void chunk(int position, int data, int end) throws UnreadableImageException {
    if (file.hasText(position, "VP8X")) {
      long width = 1L + unsigned24(data + 4);
      long height = 1L + unsigned24(data + 7);
      frame(height, width, 0, 0, height, width);
    } else if (file.hasText(position, "ANMF") && !pictured) {
      checkCanvas();
      frame(
          header.height(),
          header.width(),
          2 * unsigned24(data + 3),
          2 * unsigned24(data),
          1L + unsigned24(data + 9),
          1L + unsigned24(data + 6));
      chunks(data + FRAME_HEADER_BYTES, end);
    } else if (file.hasText(position, "VP8 ") && !pictured) {
      lossy(data, end);
    } else if (file.hasText(position, "VP8L") && !pictured) {
      lossless(data);
    } else if (file.hasText(position, "EXIF")) {
      int tiff = file.hasText(data, "Exif\0") ? data + 6 : data;
      orientation = ExifOrientation.of(file, tiff, end);
    }
  }

  private void checkCanvas() throws UnreadableImageException {
    if (header == null) {
      throw new UnreadableImageException("damaged WebP: a frame without a canvas");
    }
  }

  private void frame(long height, long width, int top, int left, long ofHeight, long ofWidth)
      throws UnreadableImageException {
    if (top + ofHeight > height || left + ofWidth > width) {
      throw new UnreadableImageException("damaged WebP: a frame that leaves its canvas");
    }
    header = new ImageHeader(height, width, top, left, ImageHeader.WHITE, orientation);
    header.check(maximumPixels);
    frameHeight = ofHeight;
    frameWidth = ofWidth;
  }

  private void lossy(int data, int end) throws UnreadableImageException {
    file.require(data, 10);
    int tag = unsigned24(data);
    boolean keyFrame = (tag & 1) == 0;
    boolean startCode = unsigned24(data + 3) == 0x2A019D;
    if (!keyFrame || !startCode || data + 10L + (tag >>> 5) > end) {
      throw new UnreadableImageException("damaged WebP: no picture at byte " + data);
    }
    picture(file.unsignedShort(data + 8) & 0x3FFF, file.unsignedShort(data + 6) & 0x3FFF);
  }

  private void lossless(int data) throws UnreadableImageException {
    long sizes = file.unsignedInt(data + 1);
    if (file.unsignedByte(data) != 0x2F) {
      throw new UnreadableImageException("damaged WebP: no picture at byte " + data);
    }
    picture(1 + (sizes >>> 14 & 0x3FFF), 1 + (sizes & 0x3FFF));
  }

  private void picture(long height, long width) throws UnreadableImageException {
    if (header == null) {
      frame(height, width, 0, 0, height, width);
    }
    if (height != frameHeight || width != frameWidth) {
      throw UnreadableImageException.of(
          "damaged WebP: a picture of %d x %d in a frame of %d x %d",
          height, width, frameHeight, frameWidth);
    }
    pictured = true;
  }

  private int unsigned24(int position) throws UnreadableImageException {
    return file.unsignedShort(position) | file.unsignedByte(position + 2) << 16;
  }
}
