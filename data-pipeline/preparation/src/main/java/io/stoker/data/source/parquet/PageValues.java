// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source.parquet;

import java.io.EOFException;
import java.io.IOException;
import org.apache.parquet.format.Encoding;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;

/**
 * The values of a page, one after the other. Nothing is held of a page but the value that is read,
 * and of some encodings the lengths of its values.
 *
 * <p>Format: https://parquet.apache.org/docs/file-format/data-pages/encodings/.
 */
interface PageValues {
  /** The bits of the next number or boolean; of byte arrays, the length of the next one. */
  long next() throws IOException;

  /** Copies the byte array whose length was asked for last. */
  default void read(byte[] target, int offset) throws IOException {
    throw new IOException("a number where a byte array is asked for");
  }

  /** Passes over the byte array whose length was asked for last. */
  default void skip() throws IOException {}

  /**
   * The values of a page.
   *
   * @param encoding null for one that is not known
   * @param type of the values
   * @param in the values, and nothing after them
   * @param most the number of values that there can be
   * @param dictionary null if there is none
   * @throws IOException if values of this type have no such encoding, or the page is damaged
   */
  static PageValues of(
      Encoding encoding, PrimitiveTypeName type, Part in, int most, ColumnDictionary dictionary)
      throws IOException {
    boolean isBinary = type == PrimitiveTypeName.BINARY;
    boolean isBoolean = type == PrimitiveTypeName.BOOLEAN;
    if (encoding == Encoding.PLAIN) {
      return isBinary ? new PlainBytes(in) : isBoolean ? bits(in, 1) : numbers(in, width(type));
    }
    if (encoding == Encoding.PLAIN_DICTIONARY || encoding == Encoding.RLE_DICTIONARY) {
      if (dictionary == null) {
        throw new IOException("a page needs a dictionary that is not there");
      }
      return new OfDictionary(new RunLengths(in, (int) in.littleEndian(1)), dictionary);
    }
    if (encoding == Encoding.RLE && isBoolean) {
      in.require("a list of booleans", in.littleEndian(Integer.BYTES));
      return new RunLengths(in, 1)::next;
    }
    if (encoding == Encoding.DELTA_BINARY_PACKED && !isBinary && !isBoolean) {
      return new DeltaNumbers(in)::next;
    }
    if (encoding == Encoding.DELTA_LENGTH_BYTE_ARRAY && isBinary) {
      return new DeltaLengths(in, most);
    }
    if (encoding == Encoding.DELTA_BYTE_ARRAY && isBinary) {
      return new DeltaBytes(in, most);
    }
    if (encoding == Encoding.BYTE_STREAM_SPLIT && !isBinary && !isBoolean) {
      return new SplitNumbers(in, width(type));
    }
    throw new IOException("a page of " + type + " has the encoding " + encoding);
  }

  private static int width(PrimitiveTypeName type) throws IOException {
    return switch (type) {
      case INT32, FLOAT -> Integer.BYTES;
      case INT64, DOUBLE -> Long.BYTES;
      default -> throw new IOException("values of type " + type);
    };
  }

  private static PageValues numbers(Part in, int width) {
    return () -> in.littleEndian(width);
  }

  private static PageValues bits(Part in, int width) {
    RunLengths.Bits bits = new RunLengths.Bits(in);
    return () -> bits.next(width);
  }

  /** Byte arrays, each after its length. */
  final class PlainBytes implements PageValues {
    private final Part in;
    private int length;

    PlainBytes(Part in) {
      this.in = in;
    }

    @Override
    public long next() throws IOException {
      length = (int) in.littleEndian(Integer.BYTES);
      in.require("a value", length);
      return length;
    }

    @Override
    public void read(byte[] target, int offset) throws IOException {
      readFully(in, target, offset, length);
    }

    @Override
    public void skip() throws IOException {
      in.skipNBytes(length);
    }
  }

  private static void readFully(Part in, byte[] target, int offset, int length) throws IOException {
    if (in.readNBytes(target, offset, length) < length) {
      throw new EOFException("it ends inside a value");
    }
  }

  /** Byte arrays after the lengths of all. */
  final class DeltaLengths implements PageValues {
    private final Part in;
    private final int[] lengths;
    private int index;

    DeltaLengths(Part in, int most) throws IOException {
      this.in = in;
      this.lengths = new DeltaNumbers(in).all(most);
    }

    @Override
    public long next() throws IOException {
      int length = element(lengths, index++);
      in.require("a value", length);
      return length;
    }

    @Override
    public void read(byte[] target, int offset) throws IOException {
      readFully(in, target, offset, lengths[index - 1]);
    }

    @Override
    public void skip() throws IOException {
      in.skipNBytes(lengths[index - 1]);
    }
  }

  private static int element(int[] lengths, int index) throws IOException {
    if (index >= lengths.length) {
      throw new IOException("it has " + lengths.length + " values, and more are asked for");
    }
    return lengths[index];
  }

  /** Byte arrays that begin as the one before does. */
  final class DeltaBytes implements PageValues {
    private final int[] prefixes;
    private final DeltaLengths suffixes;
    private byte[] value = new byte[0];
    private int index;

    DeltaBytes(Part in, int most) throws IOException {
      this.prefixes = new DeltaNumbers(in).all(most);
      this.suffixes = new DeltaLengths(in, most);
    }

    @Override
    public long next() throws IOException {
      int prefix = element(prefixes, index++);
      long length = prefix + suffixes.next();
      if (prefix < 0 || prefix > value.length) {
        throw new IOException("a value has " + prefix + " bytes of one of " + value.length);
      }
      if (length > ValueMemory.MAXIMUM_BYTES) { // Later values may need it.
        throw new Part.TooLongException("a value", length);
      }
      byte[] next = new byte[(int) length];
      System.arraycopy(value, 0, next, 0, prefix);
      suffixes.read(next, prefix);
      value = next;
      return length;
    }

    @Override
    public void read(byte[] target, int offset) {
      System.arraycopy(value, 0, target, offset, value.length);
    }
  }

  /** Numbers of which the first bytes come first, then all second bytes, and so on. */
  final class SplitNumbers implements PageValues {
    private final byte[] bytes;
    private final int width;
    private final int count;
    private int index;

    SplitNumbers(Part in, int width) throws IOException {
      this.bytes = in.bytes("a page", in.left());
      this.width = width;
      this.count = bytes.length / width;
    }

    @Override
    public long next() throws IOException {
      if (index >= count) {
        throw new EOFException("it has " + count + " values, and more are asked for");
      }
      long value = 0;
      for (int i = 0; i < width; i++) {
        value |= (bytes[i * count + index] & 0xFFL) << (Byte.SIZE * i);
      }
      index++;
      return value;
    }
  }

  /** Values that are numbers of entries of a dictionary. */
  final class OfDictionary implements PageValues {
    private final RunLengths numbers;
    private final ColumnDictionary dictionary;
    private int number;

    OfDictionary(RunLengths numbers, ColumnDictionary dictionary) {
      this.numbers = numbers;
      this.dictionary = dictionary;
    }

    @Override
    public long next() throws IOException {
      number = numbers.next();
      return dictionary.value(number);
    }

    @Override
    public void read(byte[] target, int offset) {
      dictionary.read(number, target, offset);
    }
  }
}
