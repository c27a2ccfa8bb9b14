// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onnx;

import io.stoker.base.LittleEndian;
import io.stoker.failure.Check;
import io.stoker.models.file.ModelMetadata;
import io.stoker.models.file.VectorSource;
import io.stoker.models.interchange.MappedTensor;
import io.stoker.models.interchange.PortableMetadata;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import onnx.Onnx.GraphProto;
import onnx.Onnx.ModelProto;
import onnx.Onnx.OperatorSetIdProto;
import onnx.Onnx.StringStringEntryProto;
import onnx.Onnx.TensorProto;
import org.nd4j.shade.protobuf.CodedOutputStream;
import org.nd4j.shade.protobuf.WireFormat;

/**
 * Writes a model as ONNX. The graph takes fp32 images {@code [batch, channels, height, width]}, RGB
 * or grey, for any batch, and gives {@code probabilities [batch, classes]} and, as a second output,
 * {@code scores}: the same before softmax, and before a temperature divides it. Dropout, which does
 * nothing in inference, is left out.
 *
 * <p>The writer reads the parameters in ranges, so memory does not grow with the model: the tensors
 * are the last field of the graph and the graph the last field of the model, and each is written as
 * protobuf's own library frames it.
 */
public final class OnnxWriter {
  /** The longest message of protobuf. */
  private static final long MAXIMUM_BYTES = Integer.MAX_VALUE;

  private static final int CHUNK_VALUES = 1 << 20;

  private final ModelProto head;
  private final GraphProto graph;
  private final List<MappedTensor> tensors;

  private OnnxWriter(ModelProto head, GraphProto graph, List<MappedTensor> tensors) {
    this.head = head;
    this.graph = graph;
    this.tensors = tensors;
  }

  /**
   * Describes a file.
   *
   * @param metadata the model and everything else that prediction needs
   * @param parametersSha256 the digest of the canonical vector, which the file mentions
   * @param version the version of this program, which the file mentions
   * @param options how it is written
   * @throws io.stoker.failure.InputException if the file would be larger than ONNX allows
   */
  public static OnnxWriter of(
      ModelMetadata metadata, String parametersSha256, String version, OnnxOptions options) {
    return of(metadata, parametersSha256, version, options, 1);
  }

  /**
   * Describes a file whose probabilities are calibrated.
   *
   * @param temperature by which the graph divides scores before softmax; with 1 it does not
   * @throws io.stoker.failure.InputException if the file would be larger than ONNX allows
   */
  public static OnnxWriter of(
      ModelMetadata metadata,
      String parametersSha256,
      String version,
      OnnxOptions options,
      double temperature) {
    OnnxGraphBuilder built = new OnnxGraphBuilder(metadata, options, temperature);
    ModelProto.Builder head =
        ModelProto.newBuilder()
            .setIrVersion(options.irVersion())
            .setProducerName(PortableMetadata.STOKER)
            .setProducerVersion(version)
            .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(options.opset()));
    PortableMetadata.of(metadata, parametersSha256, temperature)
        .forEach(
            (key, value) ->
                head.addMetadataProps(
                    StringStringEntryProto.newBuilder().setKey(key).setValue(value)));
    OnnxWriter writer = new OnnxWriter(head.build(), built.graph(), built.tensors());
    long bytes = writer.graphBytes() + writer.head.getSerializedSize();
    Check.input(
        bytes + 16 <= MAXIMUM_BYTES,
        "Cannot write %s as ONNX: it takes %d bytes, an ONNX file has at most %d (use safetensors)",
        metadata.model().name(),
        bytes,
        MAXIMUM_BYTES);
    return writer;
  }

  /**
   * Writes the file.
   *
   * @param canonical the model's parameters
   * @param stream takes the bytes; left open
   */
  public void write(VectorSource canonical, OutputStream stream) throws IOException {
    CodedOutputStream out = CodedOutputStream.newInstance(stream, 1 << 16);
    head.writeTo(out);
    out.writeTag(ModelProto.GRAPH_FIELD_NUMBER, WireFormat.WIRETYPE_LENGTH_DELIMITED);
    out.writeUInt32NoTag(Math.toIntExact(graphBytes()));
    graph.writeTo(out);
    for (MappedTensor tensor : tensors) {
      TensorProto header = header(tensor);
      out.writeTag(GraphProto.INITIALIZER_FIELD_NUMBER, WireFormat.WIRETYPE_LENGTH_DELIMITED);
      out.writeUInt32NoTag(Math.toIntExact(tensorBytes(tensor, header)));
      header.writeTo(out);
      out.writeTag(TensorProto.RAW_DATA_FIELD_NUMBER, WireFormat.WIRETYPE_LENGTH_DELIMITED);
      out.writeUInt32NoTag(Math.toIntExact(tensor.count() * Float.BYTES));
      writeValues(tensor, tensor.values(canonical), out);
    }
    out.flush();
  }

  private static void writeValues(MappedTensor tensor, VectorSource values, CodedOutputStream out)
      throws IOException {
    long count = tensor.count();
    byte[] chunk = new byte[(int) Math.min(CHUNK_VALUES, count) * Float.BYTES];
    for (long offset = 0; offset < count; offset += CHUNK_VALUES) {
      int length = (int) Math.min(CHUNK_VALUES, count - offset);
      values.read(offset, LittleEndian.floats(chunk).limit(length));
      out.write(chunk, 0, length * Float.BYTES);
    }
  }

  private static TensorProto header(MappedTensor tensor) {
    return TensorProto.newBuilder()
        .addAllDims(tensor.dimensions())
        .setDataType(TensorProto.DataType.FLOAT.getNumber())
        .setName(tensor.name())
        .build();
  }

  private long graphBytes() {
    long bytes = graph.getSerializedSize();
    for (MappedTensor tensor : tensors) {
      long length = tensorBytes(tensor, header(tensor));
      bytes +=
          CodedOutputStream.computeTagSize(GraphProto.INITIALIZER_FIELD_NUMBER)
              + CodedOutputStream.computeUInt64SizeNoTag(length)
              + length;
    }
    return bytes;
  }

  private static long tensorBytes(MappedTensor tensor, TensorProto header) {
    long values = tensor.count() * Float.BYTES;
    return header.getSerializedSize()
        + CodedOutputStream.computeTagSize(TensorProto.RAW_DATA_FIELD_NUMBER)
        + CodedOutputStream.computeUInt64SizeNoTag(values)
        + values;
  }
}
