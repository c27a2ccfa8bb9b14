// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.safetensors;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.base.LittleEndian;
import io.stoker.models.file.VectorSource;
import io.stoker.models.interchange.MappedTensor;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Writes fp32 tensors as a safetensors file; see {@link SafetensorsFile}. */
public final class SafetensorsWriter {
  private static final int ALIGNMENT = 8;
  private static final int CHUNK_VALUES = 1 << 20;
  private static final JsonMapper JSON = new JsonMapper();

  private SafetensorsWriter() {}

  /**
   * Writes a file. Equal contents give equal bytes.
   *
   * @param tensors what to write, in this order
   * @param canonical the vector that has their values
   * @param metadata text by key, for readers
   * @param stream takes the bytes; left open
   */
  public static void write(
      List<MappedTensor> tensors,
      VectorSource canonical,
      Map<String, String> metadata,
      OutputStream stream)
      throws IOException {
    byte[] header = header(tensors, metadata);
    byte[] length = new byte[Long.BYTES];
    LittleEndian.bytes(length).putLong(header.length);
    stream.write(length);
    stream.write(header);
    for (MappedTensor tensor : tensors) {
      writeValues(tensor, tensor.values(canonical), stream);
    }
  }

  private static byte[] header(List<MappedTensor> tensors, Map<String, String> metadata)
      throws IOException {
    ObjectNode tree = JSON.createObjectNode();
    ObjectNode text = tree.putObject(SafetensorsFile.METADATA);
    metadata.forEach(text::put);
    long offset = 0;
    for (MappedTensor tensor : tensors) {
      ObjectNode node = tree.putObject(tensor.name());
      node.put("dtype", TensorType.F32.name());
      tensor.dimensions().forEach(node.putArray("shape")::add);
      long end = offset + tensor.count() * Float.BYTES;
      node.putArray("data_offsets").add(offset).add(end);
      offset = end;
    }
    byte[] json = JSON.writeValueAsBytes(tree);
    byte[] padded = Arrays.copyOf(json, (json.length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
    Arrays.fill(padded, json.length, padded.length, (byte) ' ');
    return padded;
  }

  private static void writeValues(MappedTensor tensor, VectorSource values, OutputStream stream)
      throws IOException {
    long count = tensor.count();
    byte[] chunk = new byte[(int) Math.min(CHUNK_VALUES, count) * Float.BYTES];
    for (long offset = 0; offset < count; offset += CHUNK_VALUES) {
      int length = (int) Math.min(CHUNK_VALUES, count - offset);
      values.read(offset, LittleEndian.floats(chunk).limit(length));
      stream.write(chunk, 0, length * Float.BYTES);
    }
  }
}
