// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onnx;

import io.stoker.base.HalfPrecision;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import io.stoker.models.file.VectorSource;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.stream.LongStream;
import onnx.Onnx.TensorProto;

/** A constant of a graph: parameters, or the numbers that a node takes as an input. */
final class OnnxTensor {
  /** The value at an index, row-major. */
  private interface Values {
    double at(int index);
  }

  private final List<Long> dimensions;
  private final int count;
  private final Values values;

  private OnnxTensor(List<Long> dimensions, int count, Values values) {
    this.dimensions = dimensions;
    this.count = count;
    this.values = values;
  }

  /**
   * Reads a constant whose values are in the file.
   *
   * @param tensor as protobuf read it
   * @param place what to call it in a message, such as {@code "x.onnx: tensor 'w'"}
   * @throws InputException if its values are in another file, or of a type that is not supported
   * @throws io.stoker.failure.DamagedException if its size is not that of its values
   */
  static OnnxTensor of(TensorProto tensor, String place) {
    Check.input(
        tensor.getDataLocation() != TensorProto.DataLocation.EXTERNAL
            && tensor.getExternalDataCount() == 0,
        "Cannot import %s: its values are in another file (save the model as one file, without"
            + " external data)",
        place);
    long count = 1;
    for (long dimension : tensor.getDimsList()) {
      Check.undamaged(
          dimension >= 0 && (dimension == 0 || count <= Integer.MAX_VALUE / dimension),
          "Damaged %s: its shape is %s",
          place,
          tensor.getDimsList());
      count *= dimension;
    }
    int type = tensor.getDataType();
    Values values =
        tensor.getRawData().isEmpty()
            ? typed(tensor, type, count, place)
            : raw(tensor, type, count, place);
    return new OnnxTensor(List.copyOf(tensor.getDimsList()), (int) count, values);
  }

  private static Values raw(TensorProto tensor, int type, long count, String place) {
    ByteBuffer bytes =
        tensor
            .getRawData()
            .asReadOnlyByteBuffer()
            .order(ByteOrder.LITTLE_ENDIAN)
            .slice()
            .order(ByteOrder.LITTLE_ENDIAN);
    int size =
        switch (type) {
          case TensorProto.DataType.DOUBLE_VALUE, TensorProto.DataType.INT64_VALUE -> Long.BYTES;
          case TensorProto.DataType.FLOAT_VALUE, TensorProto.DataType.INT32_VALUE -> Float.BYTES;
          case TensorProto.DataType.FLOAT16_VALUE, TensorProto.DataType.BFLOAT16_VALUE ->
              Short.BYTES;
          case TensorProto.DataType.BOOL_VALUE -> Byte.BYTES;
          default -> throw unsupported(type, place);
        };
    Check.undamaged(
        bytes.remaining() == count * size,
        "Damaged %s: it has %d bytes, its shape %s takes %d",
        place,
        bytes.remaining(),
        tensor.getDimsList(),
        count * size);
    return switch (type) {
      case TensorProto.DataType.DOUBLE_VALUE -> i -> bytes.getDouble(i * Double.BYTES);
      case TensorProto.DataType.FLOAT_VALUE -> i -> bytes.getFloat(i * Float.BYTES);
      case TensorProto.DataType.INT64_VALUE -> i -> bytes.getLong(i * Long.BYTES);
      case TensorProto.DataType.INT32_VALUE -> i -> bytes.getInt(i * Integer.BYTES);
      case TensorProto.DataType.FLOAT16_VALUE ->
          i -> HalfPrecision.toFloat(bytes.getShort(i * Short.BYTES));
      case TensorProto.DataType.BOOL_VALUE -> bytes::get;
      default -> i -> HalfPrecision.bfloat16(bytes.getShort(i * Short.BYTES));
    };
  }

  private static Values typed(TensorProto tensor, int type, long count, String place) {
    int present =
        switch (type) {
          case TensorProto.DataType.DOUBLE_VALUE -> tensor.getDoubleDataCount();
          case TensorProto.DataType.FLOAT_VALUE -> tensor.getFloatDataCount();
          case TensorProto.DataType.INT64_VALUE -> tensor.getInt64DataCount();
          case TensorProto.DataType.INT32_VALUE,
              TensorProto.DataType.BOOL_VALUE,
              TensorProto.DataType.FLOAT16_VALUE,
              TensorProto.DataType.BFLOAT16_VALUE ->
              tensor.getInt32DataCount();
          default -> throw unsupported(type, place);
        };
    Check.undamaged(
        present == count,
        "Damaged %s: it has %d values, its shape %s takes %d",
        place,
        present,
        tensor.getDimsList(),
        count);
    return switch (type) {
      case TensorProto.DataType.DOUBLE_VALUE -> tensor::getDoubleData;
      case TensorProto.DataType.FLOAT_VALUE -> tensor::getFloatData;
      case TensorProto.DataType.INT64_VALUE -> tensor::getInt64Data;
      case TensorProto.DataType.INT32_VALUE, TensorProto.DataType.BOOL_VALUE ->
          tensor::getInt32Data;
      case TensorProto.DataType.FLOAT16_VALUE ->
          i -> HalfPrecision.toFloat((short) tensor.getInt32Data(i));
      default -> i -> HalfPrecision.bfloat16((short) tensor.getInt32Data(i));
    };
  }

  private static InputException unsupported(int type, String place) {
    TensorProto.DataType known = TensorProto.DataType.forNumber(type);
    boolean isQuantized = known == TensorProto.DataType.INT8 || known == TensorProto.DataType.UINT8;
    return new InputException(
        "Cannot import %s: its values are of type %s (must be FLOAT, FLOAT16, BFLOAT16, DOUBLE, INT32, INT64 or BOOL%s)"
            .formatted(
                place,
                known == null ? type : known,
                isQuantized ? "; of a quantized model, import what it was made from" : ""));
  }

  /** These values in another shape, of as many values. */
  OnnxTensor reshaped(List<Long> other) {
    return new OnnxTensor(List.copyOf(other), count, values);
  }

  /** The transpose of a matrix. */
  OnnxTensor transposed() {
    int rows = Math.toIntExact(dimensions.get(0));
    int columns = Math.toIntExact(dimensions.get(1));
    return new OnnxTensor(
        List.of((long) columns, (long) rows),
        count,
        index -> values.at(index % rows * columns + index / rows));
  }

  /** The sum of the halves of a vector. */
  OnnxTensor foldedHalves() {
    int half = count / 2;
    return new OnnxTensor(
        List.of((long) half), half, index -> values.at(index) + values.at(half + index));
  }

  List<Long> dimensions() {
    return dimensions;
  }

  /** The number of values. */
  int count() {
    return count;
  }

  double at(int index) {
    return values.at(index);
  }

  /** All values as integers, of a small tensor. */
  long[] longs() {
    return LongStream.range(0, count).map(index -> (long) values.at((int) index)).toArray();
  }

  /** The values as fp32. */
  VectorSource source() {
    return this::read;
  }

  private void read(long offset, FloatBuffer target) {
    for (int index = Math.toIntExact(offset); target.hasRemaining(); index++) {
      target.put((float) values.at(index));
    }
  }
}
