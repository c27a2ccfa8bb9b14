// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source.parquet;

import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import org.apache.parquet.bytes.BytesUtils;
import org.apache.parquet.column.values.rle.RunLengthBitPackingHybridDecoder;

/** The values of a page of byte arrays, one after the other. */
interface PageValues {
  /** The length of the next value. */
  int nextLength() throws IOException;

  /** Copies the value whose length was asked for last. */
  void read(byte[] target, int offset) throws IOException;

  /** Passes over the value whose length was asked for last. */
  void skip() throws IOException;

  /** Values in plain encoding: each after its length. */
  final class Plain implements PageValues {
    private final InputStream in;
    private long left;
    private int length;

    /**
     * @param in the values
     * @param bytes the length of all, in plain encoding
     */
    Plain(InputStream in, long bytes) {
      this.in = in;
      this.left = bytes;
    }

    @Override
    public int nextLength() throws IOException {
      length = BytesUtils.readIntLittleEndian(in);
      left -= Integer.BYTES;
      if (length < 0 || length > left) {
        throw new EOFException("a value of " + length + " bytes, of which " + left + " are there");
      }
      left -= length;
      return length;
    }

    @Override
    public void read(byte[] target, int offset) throws IOException {
      if (in.readNBytes(target, offset, length) < length) {
        throw new EOFException("the page ends inside a value");
      }
    }

    @Override
    public void skip() throws IOException {
      in.skipNBytes(length);
    }
  }

  /** Values that are numbers of entries of a dictionary. */
  final class OfDictionary implements PageValues {
    private final RunLengthBitPackingHybridDecoder numbers;
    private final LargeDictionary dictionary;
    private int number;

    /**
     * @param numbers encoded, after the byte that says how many bits each has
     * @param dictionary the entries
     */
    OfDictionary(byte[] numbers, LargeDictionary dictionary) throws IOException {
      int bits = numbers.length == 0 ? 0 : numbers[0] & 0xFF;
      if (bits > Integer.SIZE) {
        throw new IOException("a page has numbers of " + bits + " bits");
      }
      ByteArrayInputStream in = new ByteArrayInputStream(numbers);
      in.skipNBytes(Math.min(1, numbers.length));
      this.numbers = new RunLengthBitPackingHybridDecoder(bits, in);
      this.dictionary = dictionary;
    }

    @Override
    public int nextLength() throws IOException {
      number = numbers.readInt();
      return dictionary.length(number);
    }

    @Override
    public void read(byte[] target, int offset) throws IOException {
      dictionary.read(number, target, offset);
    }

    @Override
    public void skip() {}
  }
}
