// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.file;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;

/**
 * The bytes that {@code Nd4j.write} writes for an fp32 row vector: a header that depends only on
 * the length, then the values, big-endian. With this class, writing and reading a model file needs
 * neither the vector in memory nor ND4J's native code.
 */
final class Nd4jFormat {
  /** ND4J's shape information of a row vector: rank, dimensions, strides, options, step, order. */
  private static final int SHAPE_VALUES = 8;

  private static final long FLOAT_OPTION = 8192;
  private static final String ALLOCATION = "MIXED_DATA_TYPES";

  private Nd4jFormat() {}

  /** The bytes before the values of a {@code [1, length]} vector. */
  static byte[] header(long length) {
    return bytes(out -> writeHeader(length, out));
  }

  /** The number of bytes of a vector with its header. */
  static long size(long length) {
    return header(length).length + length * Float.BYTES;
  }

  /**
   * A {@code NormalizerStandardize} as its {@code NormalizerSerializer} writes it: features only,
   * with one mean and deviation a channel.
   */
  static byte[] normalizer(List<Double> mean, List<Double> standardDeviation) {
    return bytes(
        out -> {
          out.writeUTF("NORMALIZER");
          out.writeInt(1);
          out.writeUTF("STANDARDIZE");
          out.writeBoolean(false);
          writeVector(mean, out);
          writeVector(standardDeviation, out);
        });
  }

  private static void writeVector(List<Double> values, DataOutputStream out) throws IOException {
    writeHeader(values.size(), out);
    for (double value : values) {
      out.writeFloat((float) value);
    }
  }

  private static void writeHeader(long length, DataOutputStream out) throws IOException {
    out.writeUTF(ALLOCATION);
    out.writeLong(SHAPE_VALUES);
    out.writeUTF("LONG");
    for (long value : new long[] {2, 1, length, 1, 1, FLOAT_OPTION, 1, 'c'}) {
      out.writeLong(value);
    }
    out.writeUTF(ALLOCATION);
    out.writeLong(length);
    out.writeUTF("FLOAT");
  }

  private interface Writing {
    void to(DataOutputStream out) throws IOException;
  }

  private static byte[] bytes(Writing writing) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      writing.to(new DataOutputStream(bytes));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }
}
