// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source.parquet;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import org.apache.commons.io.input.TeeInputStream;

/**
 * Copies a structure in Thrift's compact protocol, and checks each length in it against the bytes
 * that there can be. Parquet's parser takes memory for a length before it has seen the bytes: a
 * header of 20 bytes can cost 400 MB.
 *
 * <p>Format: https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md.
 */
final class ThriftStruct {
  private static final int MAXIMUM_DEPTH = 32;
  private static final int LONG_LIST = 15;

  private final Part in;

  private ThriftStruct(Part in) {
    this.in = in;
  }

  /**
   * The bytes of a structure.
   *
   * @param in where it begins
   * @param limit in bytes
   * @throws IOException if it is damaged or longer
   */
  static byte[] read(InputStream in, int limit) throws IOException {
    ByteArrayOutputStream copy = new ByteArrayOutputStream();
    new ThriftStruct(new Part(new TeeInputStream(in, copy), limit)).readStruct(0);
    return copy.toByteArray();
  }

  private void readStruct(int depth) throws IOException {
    for (int field = next(); (field & 0x0F) != 0; field = next()) {
      if (field >> 4 == 0) {
        in.varint(); // The field's number, where it is not a small step from the one before.
      }
      int type = field & 0x0F;
      if (type > 2) { // Booleans are in the type: 1 is true, 2 is false.
        readValue(type, depth + 1);
      }
    }
  }

  private void readValue(int type, int depth) throws IOException {
    if (depth > MAXIMUM_DEPTH) {
      throw new IOException("its structures are nested too deeply");
    }
    switch (type) {
      case 1, 2, 3 -> next();
      case 4, 5, 6 -> in.varint();
      case 7 -> in.bytes("a number", Double.BYTES);
      case 8 -> in.bytes("a value", in.varint());
      case 9, 10 -> {
        int head = next();
        int size = head >> 4 == LONG_LIST ? length() : head >> 4;
        readValues(size, depth, head & 0x0F);
      }
      case 11 -> {
        int size = length();
        int types = size > 0 ? next() : 0;
        readValues(size, depth, types >> 4, types & 0x0F);
      }
      case 12 -> readStruct(depth);
      default -> throw new IOException("a value of type " + type + ", which does not exist");
    }
  }

  private void readValues(int size, int depth, int... types) throws IOException {
    for (int i = 0; i < size; i++) {
      for (int type : types) {
        readValue(type, depth + 1);
      }
    }
  }

  private int next() throws IOException {
    return (int) in.littleEndian(1);
  }

  /** A length; each element of a list has at least a byte. */
  private int length() throws IOException {
    long length = in.varint();
    in.require("a value", length);
    return (int) length;
  }
}
