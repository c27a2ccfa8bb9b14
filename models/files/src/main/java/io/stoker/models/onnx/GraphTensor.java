// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onnx;

import io.stoker.base.LittleEndian;
import io.stoker.models.file.VectorSource;
import io.stoker.models.interchange.MappedTensor;
import java.io.IOException;
import java.util.List;
import onnx.Onnx.TensorProto;
import org.nd4j.shade.protobuf.CodedOutputStream;

/**
 * A tensor of a graph whose values are read when it is written.
 *
 * @param header its name, dimensions and type
 * @param bytes of its values
 * @param values writes them, little-endian and row-major
 */
record GraphTensor(TensorProto header, long bytes, Values values) {
  private static final int CHUNK_VALUES = 1 << 20;

  /** Writes the values of a tensor. */
  interface Values {
    /**
     * Writes all of them.
     *
     * @param canonical the model's parameters
     */
    void write(VectorSource canonical, CodedOutputStream out) throws IOException;
  }

  static GraphTensor of(
      String name, List<Long> dimensions, TensorProto.DataType type, int size, Values values) {
    TensorProto header =
        TensorProto.newBuilder()
            .addAllDims(dimensions)
            .setDataType(type.getNumber())
            .setName(name)
            .build();
    long count = dimensions.stream().reduce(1L, Math::multiplyExact);
    return new GraphTensor(header, count * size, values);
  }

  /** A tensor of the model in fp32. */
  static GraphTensor of(MappedTensor tensor) {
    return of(
        tensor.name(),
        tensor.dimensions(),
        TensorProto.DataType.FLOAT,
        Float.BYTES,
        (canonical, out) -> write(tensor.count(), tensor.values(canonical), out));
  }

  private static void write(long count, VectorSource values, CodedOutputStream out)
      throws IOException {
    byte[] chunk = new byte[(int) Math.min(CHUNK_VALUES, count) * Float.BYTES];
    for (long offset = 0; offset < count; offset += CHUNK_VALUES) {
      int length = (int) Math.min(CHUNK_VALUES, count - offset);
      values.read(offset, LittleEndian.floats(chunk).limit(length));
      out.write(chunk, 0, length * Float.BYTES);
    }
  }

  String name() {
    return header.getName();
  }
}
