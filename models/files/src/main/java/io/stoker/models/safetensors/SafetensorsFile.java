// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.safetensors;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.base.json.StrictJson;
import io.stoker.failure.Check;
import io.stoker.failure.DamagedException;
import io.stoker.failure.InputException;
import io.stoker.models.file.VectorSource;
import io.stoker.models.interchange.ByteSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * A safetensors file whose header has been checked.
 *
 * <p>The format (huggingface/safetensors): 8 bytes with the length of the header, little-endian;
 * the header, JSON with the type, shape and place of each tensor; the values of the tensors, one
 * tensor after the other, without gaps and overlaps. Nothing is allocated for a size that the
 * header claims before it was compared with the size of the file.
 */
public final class SafetensorsFile {
  /** The longest header that the format allows. */
  static final int MAXIMUM_HEADER_BYTES = 100_000_000;

  /** The key of the header that is no tensor. */
  static final String METADATA = "__metadata__";

  private static final int LENGTH_BYTES = 8;
  private static final int CHUNK_BYTES = 1 << 20;
  private static final Set<String> KEYS = Set.of("dtype", "shape", "data_offsets");
  private static final JsonMapper JSON = StrictJson.mapper().build();

  private final String name;
  private final ByteSource file;
  private final Map<String, Tensor> tensors;
  private final Map<String, String> metadata;

  /** A tensor's header. */
  private record Tensor(TensorType type, List<Long> shape, long begin, long end) {}

  private SafetensorsFile(
      String name, ByteSource file, Map<String, Tensor> tensors, Map<String, String> metadata) {
    this.name = name;
    this.file = file;
    this.tensors = tensors;
    this.metadata = metadata;
  }

  /**
   * Reads the header and checks all of it.
   *
   * @param name the file's name, for messages
   * @param file the file; it stays open as long as this object is used
   * @throws InputException if it is another kind of file
   * @throws DamagedException if the header is not as the format demands
   */
  public static SafetensorsFile open(String name, ByteSource file) throws IOException {
    requireKind(name, file);
    ByteBuffer length = ByteBuffer.allocate(LENGTH_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    file.read(0, length);
    long headerBytes = length.getLong(0);
    Check.undamaged(
        headerBytes >= 2 && headerBytes <= MAXIMUM_HEADER_BYTES,
        "Damaged safetensors file %s: its header claims %s bytes (2 to %d are allowed)",
        name,
        Long.toUnsignedString(headerBytes),
        MAXIMUM_HEADER_BYTES);
    long start = LENGTH_BYTES + headerBytes;
    Check.undamaged(
        start <= file.bytes(),
        "Damaged safetensors file %s: its header claims %d bytes, the file has %d",
        name,
        headerBytes,
        file.bytes());
    byte[] header = new byte[(int) headerBytes];
    file.read(LENGTH_BYTES, ByteBuffer.wrap(header));
    ObjectNode tree = StrictJson.read(JSON, header, ObjectNode.class, name + ": its header");
    Map<String, String> metadata = metadata(name, tree);
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    long values = file.bytes() - start;
    for (Map.Entry<String, JsonNode> field : tree.properties()) {
      if (!field.getKey().equals(METADATA)) {
        tensors.put(field.getKey(), tensor(name, field.getKey(), field.getValue(), values, start));
      }
    }
    requireNoGaps(name, tensors, start, file.bytes());
    return new SafetensorsFile(name, file, tensors, metadata);
  }

  /** Tells the user what to do with a file of PyTorch or another kind. */
  private static void requireKind(String name, ByteSource file) throws IOException {
    Check.undamaged(
        file.bytes() >= LENGTH_BYTES,
        "Damaged safetensors file %s: it has %d bytes",
        name,
        file.bytes());
    ByteBuffer begin = ByteBuffer.allocate(2);
    file.read(0, begin);
    int first = begin.get(0) & 0xFF;
    int second = begin.get(1) & 0xFF;
    boolean zip = first == 'P' && second == 'K';
    boolean pickle = first == 0x80 && second >= 2 && second <= 5;
    String lower = name.toLowerCase(Locale.ROOT);
    boolean named = lower.endsWith(".pth") || lower.endsWith(".pt") || lower.endsWith(".bin");
    boolean headerFollows = file.bytes() > LENGTH_BYTES && byteAt(file, LENGTH_BYTES) == '{';
    if ((zip || pickle || named) && !headerFollows) {
      throw new InputException(
          ("Cannot import %s: it is not safetensors but a file of torch.save, which can run code"
                  + " when it is read; convert it in Python: from safetensors.torch import save_file;"
                  + " save_file(torch.load(\"%s\", weights_only=True), \"weights.safetensors\")")
              .formatted(name, name.substring(name.lastIndexOf('/') + 1)));
    }
  }

  private static int byteAt(ByteSource file, long position) throws IOException {
    ByteBuffer one = ByteBuffer.allocate(1);
    file.read(position, one);
    return one.get(0);
  }

  private static Map<String, String> metadata(String name, ObjectNode tree) {
    Map<String, String> metadata = new TreeMap<>();
    JsonNode node = tree.path(METADATA);
    Check.undamaged(
        node.isMissingNode() || node.isObject(),
        "Damaged safetensors file %s: %s is no object",
        name,
        METADATA);
    for (Map.Entry<String, JsonNode> field : node.properties()) {
      Check.undamaged(
          field.getValue().isTextual(),
          "Damaged safetensors file %s: %s has a value that is no text",
          name,
          METADATA);
      metadata.put(field.getKey(), field.getValue().textValue());
    }
    return metadata;
  }

  /**
   * Reads a tensor's header.
   *
   * @param values the bytes of all values
   * @param start where they begin in the file
   */
  private static Tensor tensor(String file, String name, JsonNode node, long values, long start) {
    String place = "Damaged safetensors file %s: tensor %s".formatted(file, printable(name));
    Check.undamaged(
        node.isObject() && node.size() == KEYS.size() && KEYS.stream().allMatch(node::has),
        "%s must have dtype, shape and data_offsets, and nothing else",
        place);
    String typeName = node.get("dtype").asText();
    TensorType type =
        TensorType.named(typeName)
            .orElseThrow(
                () ->
                    new DamagedException(
                        "%s has values of an unknown type, %s"
                            .formatted(place, printable(typeName))));
    List<Long> shape = longs(place, "shape", node.get("shape"));
    List<Long> offsets = longs(place, "data_offsets", node.get("data_offsets"));
    Check.undamaged(offsets.size() == 2, "%s must have two data_offsets", place);
    long begin = offsets.get(0);
    long end = offsets.get(1);
    Check.undamaged(
        begin <= end && end <= values,
        "%s claims bytes %d to %d of the file's %d bytes of values",
        place,
        begin,
        end,
        values);
    long bytes = type.bytes();
    for (long dimension : shape) {
      Check.undamaged(
          dimension == 0 || bytes <= values / dimension,
          "%s claims the shape %s, which is larger than the file",
          place,
          shape);
      bytes *= dimension;
    }
    Check.undamaged(
        bytes == end - begin,
        "%s has %d bytes, its shape %s takes %d",
        place,
        end - begin,
        shape,
        bytes);
    return new Tensor(type, shape, start + begin, start + end);
  }

  private static List<Long> longs(String place, String key, JsonNode array) {
    Check.undamaged(array.isArray() && array.size() <= 64, "%s has an invalid %s", place, key);
    List<Long> numbers = new ArrayList<>();
    for (JsonNode number : array) {
      Check.undamaged(
          number.isIntegralNumber() && number.canConvertToLong() && number.longValue() >= 0,
          "%s has an invalid %s",
          place,
          key);
      numbers.add(number.longValue());
    }
    return List.copyOf(numbers);
  }

  private static void requireNoGaps(
      String file, Map<String, Tensor> tensors, long start, long fileBytes) {
    List<Map.Entry<String, Tensor>> placed = new ArrayList<>(tensors.entrySet());
    placed.sort(
        Comparator.<Map.Entry<String, Tensor>>comparingLong(entry -> entry.getValue().begin())
            .thenComparingLong(entry -> entry.getValue().end()));
    long next = start;
    for (Map.Entry<String, Tensor> entry : placed) {
      Tensor tensor = entry.getValue();
      Check.undamaged(
          tensor.begin() == next,
          "Damaged safetensors file %s: tensor %s %s",
          file,
          printable(entry.getKey()),
          tensor.begin() < next ? "overlaps another tensor" : "does not begin where another ends");
      next = tensor.end();
    }
    Check.undamaged(
        next == fileBytes,
        "Damaged safetensors file %s: %d bytes at its end are of no tensor",
        file,
        fileBytes - next);
  }

  /** The names of all tensors, in the order of the header. */
  public Set<String> names() {
    return Collections.unmodifiableSet(tensors.keySet());
  }

  /** Text that the file's writer added, by key. */
  public Map<String, String> metadata() {
    return Collections.unmodifiableMap(metadata);
  }

  /** The shape of a tensor that is there. */
  public List<Long> shape(String tensor) {
    return tensors.get(tensor).shape();
  }

  /**
   * The values of a tensor that is there, as fp32.
   *
   * @throws DamagedException if values of its type cannot be parameters
   */
  public VectorSource values(String tensor) {
    Tensor found = tensors.get(tensor);
    Check.undamaged(
        found.type().isReal(),
        "Cannot use tensor %s of %s: its values are %s (must be F32, F16, BF16 or F64)",
        printable(tensor),
        name,
        found.type());
    return (offset, target) -> read(found, offset, target);
  }

  private void read(Tensor tensor, long offset, FloatBuffer target) throws IOException {
    int size = tensor.type().bytes();
    ByteBuffer chunk =
        ByteBuffer.allocate((int) Math.min(CHUNK_BYTES, (long) target.remaining() * size))
            .order(ByteOrder.LITTLE_ENDIAN);
    long position = tensor.begin() + offset * size;
    while (target.hasRemaining()) {
      int count = Math.min(chunk.capacity() / size, target.remaining());
      chunk.clear().limit(count * size);
      file.read(position, chunk);
      tensor.type().convert(chunk.flip(), target.slice(target.position(), count));
      target.position(target.position() + count);
      position += chunk.limit();
    }
  }

  /** Text of a file in a message of one line. */
  static String printable(String text) {
    String plain = text.replaceAll("[^ -~]", "?");
    return plain.length() <= 100 ? plain : plain.substring(0, 100) + "...";
  }
}
