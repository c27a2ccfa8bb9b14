// SPDX-License-Identifier: Apache-2.0
package io.stoker.base.yaml;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import io.stoker.base.UserFile;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.regex.Pattern;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.events.CollectionEndEvent;
import org.yaml.snakeyaml.events.CollectionStartEvent;
import org.yaml.snakeyaml.events.Event;
import org.yaml.snakeyaml.events.MappingStartEvent;
import org.yaml.snakeyaml.events.NodeEvent;
import org.yaml.snakeyaml.events.ScalarEvent;

/**
 * Reads YAML that a user wrote. Its size and depth are bounded before a tree is made of it. Anchors
 * and aliases, which could expand without end, are refused, and so are keys that appear twice and
 * characters that control a terminal.
 *
 * @param failure how a message begins, such as "Invalid model file lenet.yaml"
 * @param maximumBytes of the text
 * @param maximumDepth how deep lists and maps may be in each other
 */
public record StrictYaml(String failure, int maximumBytes, int maximumDepth) {
  /** Octal, binary, or with underscores in YAML 1.1. */
  private static final Pattern TWO_READINGS =
      Pattern.compile("[-+]?(?:0[0-9_]+|0b[01_]+|[0-9]+_[0-9_]*)(?:\\.[0-9_]*)?");

  /**
   * Reads a document.
   *
   * @param stream UTF-8 text; left open
   * @throws InputException if it is anything else; the message has the line
   * @throws IOException if the stream fails
   */
  public JsonNode read(InputStream stream) throws IOException {
    return read(stream.readNBytes(maximumBytes + 1));
  }

  /**
   * Reads a file that a user names.
   *
   * @throws InputException if it is no regular file, or holds anything else; the message has the
   *     line
   */
  public JsonNode read(Path file) {
    return read(UserFile.read(failure, file, maximumBytes));
  }

  private JsonNode read(byte[] bytes) {
    Check.input(bytes.length <= maximumBytes, "%s: larger than %s bytes", failure, maximumBytes);
    LoaderOptions options = new LoaderOptions();
    options.setCodePointLimit(maximumBytes);
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      checkEvents(new Yaml(options).parse(new StringReader(text)));
      JsonNode tree = mapper(options).readTree(text);
      Check.input(!tree.isMissingNode(), "%s: it is empty", failure);
      return tree;
    } catch (CharacterCodingException e) {
      throw new InputException("%s: it is not UTF-8 text".formatted(failure), e);
    } catch (JsonProcessingException e) {
      int line = e.getLocation() == null ? 1 : e.getLocation().getLineNr();
      throw invalid(line, e.getOriginalMessage(), e);
    } catch (MarkedYAMLException e) {
      throw invalid(e.getProblemMark().getLine() + 1, e.getProblem(), e);
    } catch (YAMLException e) {
      throw invalid(1, e.getMessage(), e);
    }
  }

  private static YAMLMapper mapper(LoaderOptions options) {
    YAMLMapper mapper =
        new YAMLMapper(
            YAMLFactory.builder()
                .loaderOptions(options)
                .enable(YAMLParser.Feature.EMPTY_STRING_AS_NULL)
                .build());
    mapper.enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION);
    mapper.enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
    return mapper;
  }

  private InputException invalid(int line, String problem, Exception cause) {
    return new InputException(
        "%s: line %s: %s"
            .formatted(failure, line, problem.lines().findFirst().orElse("it is not YAML")),
        cause);
  }

  private void checkEvents(Iterable<Event> events) {
    Deque<Next> collections = new ArrayDeque<>();
    for (Event event : events) {
      int line = event.getStartMark().getLine() + 1;
      Check.input(
          !(event instanceof NodeEvent node) || node.getAnchor() == null,
          "%s: line %s: YAML anchors and aliases are not supported",
          failure,
          line);
      Check.input(
          !(event instanceof ScalarEvent scalar)
              || scalar.getValue().chars().noneMatch(Character::isISOControl),
          "%s: line %s: there is a control character in a value",
          failure,
          line);
      if (event instanceof NodeEvent node) {
        Next place = collections.isEmpty() ? Next.ENTRY : collections.pop();
        requireOneReading(node, place, line);
        collections.push(place.following());
      }
      if (event instanceof CollectionStartEvent) {
        collections.push(event instanceof MappingStartEvent ? Next.KEY : Next.ENTRY);
      } else if (event instanceof CollectionEndEvent) {
        collections.pop();
      }
      Check.input( // The document itself is around all collections.
          collections.size() - 1 <= maximumDepth,
          "%s: line %s: nested deeper than %s",
          failure,
          line,
          maximumDepth);
    }
  }

  private void requireOneReading(NodeEvent node, Next place, int line) {
    if (node instanceof ScalarEvent scalar && scalar.isPlain() && place != Next.KEY) {
      Check.input(
          !TWO_READINGS.matcher(scalar.getValue()).matches(),
          "%s: line %s: %s is one number in YAML 1.1 and another, or text, in YAML 1.2 (write it"
              + " without zeros in front and without _; text in quotes)",
          failure,
          line,
          scalar.getValue());
    }
  }

  /** What comes next in a collection. */
  private enum Next {
    ENTRY,
    KEY,
    VALUE;

    Next following() {
      return this == ENTRY ? ENTRY : this == KEY ? VALUE : KEY;
    }
  }
}
