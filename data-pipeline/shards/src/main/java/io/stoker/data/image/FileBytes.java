// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.image;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * An image file in memory, whose contents are not trusted: reading past its end means that the file
 * is truncated.
 */
final class FileBytes {
  private final byte[] bytes;
  private final ByteBuffer values;

  FileBytes(byte[] bytes, ByteOrder order) {
    this.bytes = bytes;
    this.values = ByteBuffer.wrap(bytes).order(order);
  }

  /** A part of it, as a file of its own. */
  FileBytes part(int start, int end, ByteOrder order) {
    return new FileBytes(Arrays.copyOfRange(bytes, start, end), order);
  }

  /** An unsigned byte. */
  int unsignedByte(int position) throws UnreadableImageException {
    require(position, 1);
    return bytes[position] & 0xFF;
  }

  /** An unsigned 16-bit number. */
  int unsignedShort(int position) throws UnreadableImageException {
    require(position, 2);
    return values.getShort(position) & 0xFFFF;
  }

  /** A signed 32-bit number. */
  int signedInt(int position) throws UnreadableImageException {
    require(position, 4);
    return values.getInt(position);
  }

  /** An unsigned 32-bit number. */
  long unsignedInt(int position) throws UnreadableImageException {
    return signedInt(position) & 0xFFFFFFFFL;
  }

  /** Whether there are these ASCII characters. */
  boolean hasText(int position, String text) {
    if (position < 0 || text.length() > bytes.length - position) {
      return false;
    }
    for (int i = 0; i < text.length(); i++) {
      if (bytes[position + i] != text.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  /**
   * The position after some bytes, which must be there.
   *
   * @throws UnreadableImageException if the file ends before
   */
  int require(long position, long count) throws UnreadableImageException {
    if (position < 0 || count < 0 || position + count > bytes.length) {
      throw new UnreadableImageException("truncated");
    }
    return (int) (position + count);
  }
}
