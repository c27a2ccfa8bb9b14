package io.stoker.models.spec;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.events.CollectionEndEvent;
import org.yaml.snakeyaml.events.CollectionStartEvent;
import org.yaml.snakeyaml.events.Event;
import org.yaml.snakeyaml.events.NodeEvent;
import org.yaml.snakeyaml.events.ScalarEvent;

/** Reads and writes models as YAML; {@link ModelTree} shows the format. */
public final class ModelYaml {
  /** A larger file is not a model. */
  private static final int MAXIMUM_BYTES = 1 << 20;

  private static final int MAXIMUM_DEPTH = 10;

  private static final LoaderOptions OPTIONS = options();
  private static final YAMLMapper MAPPER = mapper();

  private ModelYaml() {}

  private static LoaderOptions options() {
    LoaderOptions options = new LoaderOptions();
    options.setCodePointLimit(MAXIMUM_BYTES);
    return options;
  }

  private static YAMLMapper mapper() {
    YAMLMapper mapper = new YAMLMapper(YAMLFactory.builder().loaderOptions(OPTIONS).build());
    mapper.enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION);
    mapper.enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
    return mapper;
  }

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
    byte[] bytes = stream.readNBytes(MAXIMUM_BYTES + 1);
    Check.input(
        bytes.length <= MAXIMUM_BYTES,
        "Invalid model file %s: larger than %d bytes",
        source,
        MAXIMUM_BYTES);
    String text = new String(bytes, StandardCharsets.UTF_8);
    try {
      refuseTricks(text, source);
      JsonNode tree = MAPPER.readTree(text);
      Check.input(!tree.isMissingNode(), "Invalid model file %s: it is empty", source);
      return ModelTree.read(tree, source, classes);
    } catch (JsonProcessingException e) {
      int line = e.getLocation() == null ? 1 : e.getLocation().getLineNr();
      throw noYaml(source, line, e.getOriginalMessage(), e);
    } catch (MarkedYAMLException e) {
      throw noYaml(source, e.getProblemMark().getLine() + 1, e.getProblem(), e);
    } catch (YAMLException e) {
      throw noYaml(source, 1, e.getMessage(), e);
    }
  }

  private static InputException noYaml(String source, int line, String problem, Exception cause) {
    return new InputException(
        "Invalid model file %s: line %d: %s"
            .formatted(source, line, problem.lines().findFirst().orElse("no YAML")),
        cause);
  }

  /**
   * A model needs no references, which could expand without end, no deep nesting, and nothing that
   * a terminal would obey.
   */
  private static void refuseTricks(String text, String source) {
    int depth = 0;
    for (Event event : new Yaml(OPTIONS).parse(new StringReader(text))) {
      int line = event.getStartMark().getLine() + 1;
      Check.input(
          !(event instanceof NodeEvent node) || node.getAnchor() == null,
          "Invalid model file %s: line %d: YAML anchors and aliases are not supported",
          source,
          line);
      Check.input(
          !(event instanceof ScalarEvent scalar)
              || scalar.getValue().chars().noneMatch(Character::isISOControl),
          "Invalid model file %s: line %d: there is a control character in a value",
          source,
          line);
      if (event instanceof CollectionStartEvent) {
        depth++;
      } else if (event instanceof CollectionEndEvent) {
        depth--;
      }
      Check.input(
          depth <= MAXIMUM_DEPTH,
          "Invalid model file %s: line %d: nested deeper than %d",
          source,
          line,
          MAXIMUM_DEPTH);
    }
  }

  /** Writes a model with every value spelt out, one layer a line. */
  public static String write(ModelSpec model) {
    ObjectNode tree = ModelTree.write(model);
    StringBuilder text = new StringBuilder();
    // A JSON string is a YAML string, whatever characters are in it.
    text.append("name: ").append(tree.get("name")).append('\n');
    text.append("input: ").append(flow(tree.get("input"))).append('\n');
    text.append("layers:\n");
    for (JsonNode layer : tree.get("layers")) {
      String line = flow(layer);
      text.append("  - ")
          .append(layer.isObject() ? line.substring(1, line.length() - 1) : line)
          .append('\n');
    }
    return text.toString();
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
