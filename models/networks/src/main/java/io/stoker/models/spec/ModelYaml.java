// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.spec;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.base.yaml.StrictYaml;
import io.stoker.failure.InputException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads and writes models as YAML; {@link ModelTree} shows the format. */
public final class ModelYaml {
  /** A larger file is not a model. */
  private static final int MAXIMUM_BYTES = 1 << 20;

  /** A layer inside of another is up to four lists and maps deeper. */
  private static final int MAXIMUM_DEPTH = 10 + 4 * Composites.MAXIMUM_DEPTH;

  /** The layers that consist of layers. */
  private static final Set<String> BLOCKS =
      Set.of("sequence", "residual", "branches", "channel-gate");

  private ModelYaml() {}

  /**
   * Reads a model.
   *
   * @param stream UTF-8 text of at most 1 MiB; left open
   * @param source the file's name, for error messages
   * @param classes what {@code dense: classes} stands for
   * @throws InputException if it is no YAML or not a model
   * @throws IOException if the stream fails
   */
  public static ModelSpec read(InputStream stream, String source, int classes) throws IOException {
    return ModelTree.read(yaml(source).read(stream), source, classes);
  }

  /**
   * Reads a model of a file.
   *
   * @param file of at most 1 MiB
   * @param classes what {@code dense: classes} stands for
   * @throws InputException if it cannot be read, is no YAML or not a model
   */
  public static ModelSpec read(Path file, int classes) {
    return ModelTree.read(yaml(file.toString()).read(file), file.toString(), classes);
  }

  private static StrictYaml yaml(String source) {
    return new StrictYaml("Invalid model file " + source, MAXIMUM_BYTES, MAXIMUM_DEPTH);
  }

  /** Writes a model with every value spelt out, one plain layer a line. */
  public static String write(ModelSpec model) {
    ObjectNode tree = ModelTree.write(model);
    StringBuilder text = new StringBuilder();
    // A JSON string is a YAML string, whatever characters are in it.
    text.append("name: ").append(tree.get("name")).append('\n');
    text.append("input: ").append(flow(tree.get("input"))).append('\n');
    text.append("layers:\n");
    tree.get("layers").forEach(layer -> layer(layer, "  - ", "    ", text));
    return text.toString();
  }

  /**
   * Writes an element of a list of layers.
   *
   * @param first what its first line begins with
   * @param next what its other lines begin with
   */
  private static void layer(JsonNode layer, String first, String next, StringBuilder text) {
    if (layer.isArray()) { // a branch
      if (layer.isEmpty()) {
        text.append(first).append("[]\n");
      }
      String begin = first;
      for (JsonNode each : layer) {
        layer(each, begin + "- ", next + "  ", text);
        begin = next;
      }
      return;
    }
    String keyword = layer.isObject() ? layer.fieldNames().next() : "";
    if (!BLOCKS.contains(keyword)) {
      String line = flow(layer);
      text.append(first)
          .append(layer.isObject() ? line.substring(1, line.length() - 1) : line)
          .append('\n');
      return;
    }
    text.append(first).append(keyword).append(":\n");
    for (Map.Entry<String, JsonNode> field : layer.get(keyword).properties()) {
      text.append(next).append("  ").append(field.getKey()).append(':');
      JsonNode value = field.getValue();
      if (!value.isArray() || value.isEmpty()) {
        // The name is quoted, because YAML takes some words for something else.
        text.append(' ').append(value.isTextual() ? value : flow(value)).append('\n');
      } else {
        text.append('\n');
        value.forEach(each -> layer(each, next + "    - ", next + "      ", text));
      }
    }
  }

  private static String flow(JsonNode node) {
    List<String> parts = new ArrayList<>();
    if (node.isObject()) {
      for (Map.Entry<String, JsonNode> field : node.properties()) {
        parts.add(field.getKey() + ": " + flow(field.getValue()));
      }
      return "{" + String.join(", ", parts) + "}";
    }
    if (node.isArray()) {
      node.forEach(element -> parts.add(flow(element)));
      return "[" + String.join(", ", parts) + "]";
    }
    return node.asText();
  }
}
