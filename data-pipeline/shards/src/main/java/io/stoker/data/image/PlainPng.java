// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.image;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * Decodes the usual PNG files: 8 bits a value, not interlaced. It takes a fraction of the time of
 * Java's reader, whose set-up costs more than a small image. Everything else, and everything that
 * is not as it should be, is left to that reader, so that images and messages are the same.
 *
 * <p>Format: https://www.w3.org/TR/png-3/ (chunks in section 5, filters in section 9).
 */
final class PlainPng {
  private static final long SIGNATURE = 0x89504E470D0A1A0AL;
  private static final int SIGNATURE_BYTES = 8;
  private static final int HEADER_BYTES = 13;

  /** Length, type and CRC. */
  private static final int FRAME_BYTES = 12;

  private static final int BLOCK_BYTES = 1 << 16;

  /** Colours of these files depend on what a reader makes of a profile. */
  private static final Set<String> PROFILES = Set.of("iCCP", "cICP");

  private final byte[] source;
  private final int end;
  private int width;
  private int height;
  private ColorType color;

  /** The colours of a palette, 3 values each; or null. */
  private byte[] palette;

  /** The opacity of the first colours of a palette. */
  private byte[] opacity = new byte[0];

  /** How a pixel is stored: bytes in the file, and channels that are made of them. */
  private enum ColorType {
    GRAY(0, 1, 1),
    RGB(2, 3, 3),
    PALETTE(3, 1, 3),
    GRAY_ALPHA(4, 2, 1),
    RGBA(6, 4, 3);

    private final int code;
    private final int bytes;
    private final int channels;

    ColorType(int code, int bytes, int channels) {
      this.code = code;
      this.bytes = bytes;
      this.channels = channels;
    }

    static ColorType of(int code) throws UnusualFile {
      return Arrays.stream(values())
          .filter(each -> each.code == code)
          .findFirst()
          .orElseThrow(UnusualFile::new);
    }
  }

  /** The file is not one that is decoded here. */
  private static final class UnusualFile extends Exception {
    private static final long serialVersionUID = 1L;

    UnusualFile() {
      super(null, null, false, false); // Costs no stack trace.
    }
  }

  private PlainPng(byte[] source, int end) {
    this.source = source;
    this.end = end;
  }

  /**
   * Decodes a file.
   *
   * @param source holds the file
   * @param offset where it starts
   * @param length its bytes
   * @param maximumPixels a larger image is not decoded here
   * @return empty if Java's reader has to look at it
   */
  static Optional<Pixels> decode(byte[] source, int offset, int length, long maximumPixels) {
    try {
      return Optional.of(new PlainPng(source, offset + length).decode(offset, maximumPixels));
    } catch (UnusualFile | DataFormatException | ArithmeticException e) {
      return Optional.empty();
    }
  }

  private Pixels decode(int offset, long maximumPixels) throws UnusualFile, DataFormatException {
    require(end - offset >= SIGNATURE_BYTES);
    require(ByteBuffer.wrap(source).getLong(offset) == SIGNATURE);
    int position = offset + SIGNATURE_BYTES;
    readHeader(position);
    require((long) width * height <= maximumPixels);
    position += FRAME_BYTES + HEADER_BYTES;
    while (!isType(position, "IDAT")) {
      int after = next(position);
      readBeforePixels(position);
      position = after;
    }
    require(color != ColorType.PALETTE || palette != null);
    return readPixels(position);
  }

  private void readHeader(int position) throws UnusualFile {
    require(isType(position, "IHDR"));
    require(next(position) == position + FRAME_BYTES + HEADER_BYTES);
    int data = position + 8;
    width = number(data);
    height = number(data + 4);
    require(width > 0 && height > 0);
    color = ColorType.of(source[data + 9]);
    // Bits a value; then compression, filters and interlacing, of which 0 is the usual one.
    require(source[data + 8] == 8);
    require(source[data + 10] == 0 && source[data + 11] == 0 && source[data + 12] == 0);
  }

  private void readBeforePixels(int position) throws UnusualFile {
    int start = position + 8;
    int length = number(position);
    if (isType(position, "PLTE")) {
      require(color == ColorType.PALETTE && palette == null);
      require(length % 3 == 0 && length >= 3 && length <= 3 * 256);
      palette = Arrays.copyOfRange(source, start, start + length);
    } else if (isType(position, "tRNS")) {
      require(color == ColorType.PALETTE && palette != null && length <= palette.length / 3);
      opacity = Arrays.copyOfRange(source, start, start + length);
    } else {
      boolean isAncillary = (source[position + 4] & 0x20) != 0;
      // In a file with a palette Java's reader looks at every chunk, and refuses some.
      require(isAncillary && color != ColorType.PALETTE);
      require(!PROFILES.contains(new String(source, position + 4, 4, StandardCharsets.ISO_8859_1)));
    }
  }

  private Pixels readPixels(int first) throws UnusualFile, DataFormatException {
    int rowBytes = Math.multiplyExact(width, color.bytes);
    ImageShape shape = new ImageShape(height, width, color.channels);
    byte[] values = new byte[shape.bytes()];
    // A margin of one pixel on the left, which is zero.
    byte[] above = new byte[color.bytes + rowBytes];
    byte[] row = new byte[color.bytes + rowBytes];
    Inflater inflater = new Inflater();
    try {
      Rows rows = new Rows(inflater, first, 1 + rowBytes);
      for (int y = 0; y < height; y++) {
        int start = rows.next();
        unfilter(rows.block[start], rows.block, start + 1, row, above);
        convert(row, values, y * width * color.channels);
        byte[] reused = above;
        above = row;
        row = reused;
      }
      rows.end();
    } finally {
      inflater.end();
    }
    return new Pixels(shape, values);
  }

  /** Adds to each value what the filter predicts from those on the left and above. */
  private void unfilter(int filter, byte[] block, int start, byte[] row, byte[] above)
      throws UnusualFile {
    int step = color.bytes;
    System.arraycopy(block, start, row, step, row.length - step);
    switch (filter) {
      case 0 -> {}
      case 1 -> {
        for (int i = step; i < row.length; i++) {
          row[i] += row[i - step];
        }
      }
      case 2 -> {
        for (int i = step; i < row.length; i++) {
          row[i] += above[i];
        }
      }
      case 3 -> {
        for (int i = step; i < row.length; i++) {
          int sum = (row[i - step] & 0xFF) + (above[i] & 0xFF);
          row[i] += (byte) (sum >> 1);
        }
      }
      case 4 -> {
        for (int i = step; i < row.length; i++) {
          row[i] += paeth(row[i - step] & 0xFF, above[i] & 0xFF, above[i - step] & 0xFF);
        }
      }
      default -> throw new UnusualFile();
    }
  }

  /** The neighbour that is nearest to {@code left + above - diagonal}. */
  private static byte paeth(int left, int above, int diagonal) {
    int toLeft = Math.abs(above - diagonal);
    int toAbove = Math.abs(left - diagonal);
    int toDiagonal = Math.abs(left + above - 2 * diagonal);
    if (toLeft <= toAbove && toLeft <= toDiagonal) {
      return (byte) left;
    }
    return (byte) (toAbove <= toDiagonal ? above : diagonal);
  }

  /** Makes pixels of a row, transparent ones laid over white. */
  private void convert(byte[] row, byte[] values, int at) throws UnusualFile {
    int out = at;
    int step = color.bytes;
    switch (color) {
      case GRAY, RGB -> System.arraycopy(row, step, values, out, row.length - step);
      case GRAY_ALPHA -> {
        for (int i = step; i < row.length; i += step) {
          values[out++] = Rasters.overWhite(row[i] & 0xFF, row[i + 1] & 0xFF);
        }
      }
      case RGBA -> {
        for (int i = step; i < row.length; i += step) {
          int alpha = row[i + 3] & 0xFF;
          values[out++] = Rasters.overWhite(row[i] & 0xFF, alpha);
          values[out++] = Rasters.overWhite(row[i + 1] & 0xFF, alpha);
          values[out++] = Rasters.overWhite(row[i + 2] & 0xFF, alpha);
        }
      }
      case PALETTE -> {
        for (int i = step; i < row.length; i++) {
          int entry = row[i] & 0xFF;
          require(3 * entry < palette.length);
          int alpha = entry < opacity.length ? opacity[entry] & 0xFF : 255;
          for (int channel = 0; channel < 3; channel++) {
            values[out++] = Rasters.overWhite(palette[3 * entry + channel] & 0xFF, alpha);
          }
        }
      }
    }
  }

  private boolean isType(int position, String type) throws UnusualFile {
    require(position <= end - FRAME_BYTES);
    for (int i = 0; i < 4; i++) {
      if (source[position + 4 + i] != type.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  /** The position after a chunk, which may be too far. */
  private int next(int position) throws UnusualFile {
    int length = number(position);
    require(length >= 0 && length <= end - FRAME_BYTES - position);
    return position + FRAME_BYTES + length;
  }

  private int number(int position) throws UnusualFile {
    require(position <= end - Integer.BYTES);
    return ByteBuffer.wrap(source).getInt(position);
  }

  private static void require(boolean condition) throws UnusualFile {
    if (!condition) {
      throw new UnusualFile();
    }
  }

  /** The rows of the picture as they were compressed, each after the number of its filter. */
  private final class Rows {
    private final Inflater inflater;
    private final int rowBytes;
    private final byte[] block;
    private int position;
    private int from;
    private int filled;

    Rows(Inflater inflater, int firstChunk, int rowBytes) throws UnusualFile {
      this.inflater = inflater;
      this.rowBytes = rowBytes;
      long all = (long) rowBytes * height;
      block = new byte[(int) Math.min(all, Math.max(rowBytes, BLOCK_BYTES / rowBytes * rowBytes))];
      position = firstChunk;
      feed();
    }

    private void feed() throws UnusualFile {
      require(isType(position, "IDAT"));
      int after = PlainPng.this.next(position);
      inflater.setInput(source, position + 8, after - position - FRAME_BYTES);
      position = after;
    }

    /** Where the next row starts in the block. */
    int next() throws UnusualFile, DataFormatException {
      from += rowBytes;
      if (from >= filled) {
        fill();
      }
      return from;
    }

    private void fill() throws UnusualFile, DataFormatException {
      from = 0;
      filled = 0;
      while (filled < block.length) {
        int read = inflater.inflate(block, filled, block.length - filled);
        filled += read;
        if (read == 0) {
          if (inflater.finished()) {
            break;
          }
          require(inflater.needsInput());
          feed();
        }
      }
      require(filled >= rowBytes);
    }

    /** Checks that the compressed data end with the last row, with the right checksum. */
    void end() throws UnusualFile, DataFormatException {
      byte[] more = new byte[1];
      while (!inflater.finished()) {
        require(inflater.inflate(more) == 0);
        if (!inflater.finished()) {
          require(inflater.needsInput());
          feed();
        }
      }
      require(inflater.getRemaining() == 0 && isType(position, "IEND"));
    }
  }
}
