// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.image;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.DeflaterOutputStream;

/** Small files of images that are large, or say so. */
public final class ExtremeImages {
  /** More pixels than these are promised by a header and not there. */
  private static final long MOST_PIXELS = 100_000_000;

  private ExtremeImages() {}

  /**
   * A grey PNG file with valid checksums, whose black pixels are there if they are not too many.
   */
  public static byte[] png(int width, int height) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    out.writeLong(0x89504E470D0A1A0AL);
    ByteBuffer header = ByteBuffer.allocate(13).putInt(width).putInt(height);
    header.put((byte) 8); // Bits; then grey, deflate, no filter, no interlacing: all 0.
    chunk(out, "IHDR", header.array());
    chunk(out, "IDAT", deflated(width, height));
    chunk(out, "IEND", new byte[0]);
    return bytes.toByteArray();
  }

  private static byte[] deflated(int width, int height) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DeflaterOutputStream deflate = new DeflaterOutputStream(bytes)) {
      long pixels = (long) width * height;
      long left = pixels < 0 || pixels > MOST_PIXELS ? 10 : height + pixels;
      byte[] zeros = new byte[1 << 16];
      for (; left > 0; left -= zeros.length) {
        deflate.write(zeros, 0, (int) Math.min(left, zeros.length));
      }
    }
    return bytes.toByteArray();
  }

  private static void chunk(DataOutputStream out, String type, byte[] data) throws IOException {
    byte[] name = type.getBytes(StandardCharsets.US_ASCII);
    CRC32 crc = new CRC32();
    crc.update(name);
    crc.update(data);
    out.writeInt(data.length);
    out.write(name);
    out.write(data);
    out.writeInt((int) crc.getValue());
  }

  /** A file of another format whose header says another size. */
  static byte[] withSize(byte[] file, String format, int width, int height) {
    byte[] changed = file.clone();
    ByteBuffer little = ByteBuffer.wrap(changed).order(ByteOrder.LITTLE_ENDIAN);
    ByteBuffer big = ByteBuffer.wrap(changed);
    switch (format) {
      case "bmp" -> little.putInt(18, width).putInt(22, height);
      case "gif" -> {
        little.putShort(6, (short) width).putShort(8, (short) height);
        int table = (changed[10] & 0x80) == 0 ? 0 : 3 << ((changed[10] & 7) + 1);
        int image = 13 + table;
        while (changed[image] == 0x21) {
          image += 2;
          while (changed[image] != 0) {
            image += 1 + (changed[image] & 0xFF);
          }
          image++;
        }
        little.putShort(image + 5, (short) width).putShort(image + 7, (short) height);
      }
      case "jpg" -> {
        int segment = 2;
        while ((changed[segment + 1] & 0xFF) != 0xC0 && (changed[segment + 1] & 0xFF) != 0xC2) {
          segment += 2 + (big.getShort(segment + 2) & 0xFFFF);
        }
        big.putShort(segment + 5, (short) height).putShort(segment + 7, (short) width);
      }
      case "webp" -> {
        // The frame of a lossy picture, in a file of one chunk.
        little.putShort(26, (short) (width & 0x3FFF)).putShort(28, (short) (height & 0x3FFF));
      }
      default -> throw new IllegalArgumentException(format);
    }
    return changed;
  }
}
