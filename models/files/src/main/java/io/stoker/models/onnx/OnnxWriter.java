// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onnx;

import io.stoker.failure.Check;
import io.stoker.models.file.ModelMetadata;
import io.stoker.models.file.VectorSource;
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
 * <p>A layer in int8 has nodes that make integers of its input and numbers of integers (QDQ): one
 * after the other they do nothing but round, and programs that compute with integers leave them
 * out.
 *
 * <p>The writer reads the parameters in ranges, so memory does not grow with the model, but for the
 * weights of the largest layer in int8: the tensors are the last field of the graph and the graph
 * the last field of the model, and each is written as protobuf's own library frames it.
 */
public final class OnnxWriter {
  /** The longest message of protobuf. */
  private static final long MAXIMUM_BYTES = Integer.MAX_VALUE;

  private final ModelProto head;
  private final GraphProto graph;
  private final List<GraphTensor> tensors;

  private OnnxWriter(ModelProto head, GraphProto graph, List<GraphTensor> tensors) {
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
    for (GraphTensor tensor : tensors) {
      out.writeTag(GraphProto.INITIALIZER_FIELD_NUMBER, WireFormat.WIRETYPE_LENGTH_DELIMITED);
      out.writeUInt32NoTag(Math.toIntExact(tensorBytes(tensor)));
      tensor.header().writeTo(out);
      out.writeTag(TensorProto.RAW_DATA_FIELD_NUMBER, WireFormat.WIRETYPE_LENGTH_DELIMITED);
      out.writeUInt32NoTag(Math.toIntExact(tensor.bytes()));
      tensor.values().write(canonical, out);
    }
    out.flush();
  }

  private long graphBytes() {
    long bytes = graph.getSerializedSize();
    for (GraphTensor tensor : tensors) {
      long length = tensorBytes(tensor);
      bytes +=
          CodedOutputStream.computeTagSize(GraphProto.INITIALIZER_FIELD_NUMBER)
              + CodedOutputStream.computeUInt64SizeNoTag(length)
              + length;
    }
    return bytes;
  }

  private static long tensorBytes(GraphTensor tensor) {
    return tensor.header().getSerializedSize()
        + CodedOutputStream.computeTagSize(TensorProto.RAW_DATA_FIELD_NUMBER)
        + CodedOutputStream.computeUInt64SizeNoTag(tensor.bytes())
        + tensor.bytes();
  }
}
