// SPDX-License-Identifier: Apache-2.0
package io.stoker.base.yaml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.stoker.failure.InputException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class StrictYamlTest {
  private static final StrictYaml YAML = new StrictYaml("Cannot read it", 1000, 3);

  @Test
  void readsMapsListsAndScalars() throws IOException {
    JsonNode tree = read("a: [1, x]\nb: {c: 1e-3} # a comment\nd: \u00c4pfel\ne:\n");

    assertThat(tree.at("/a/0").asInt()).isEqualTo(1);
    assertThat(tree.at("/b/c").asDouble()).isEqualTo(1e-3);
    assertThat(tree.at("/e").isNull()).isTrue();
    assertThat(tree.at("/d").asText()).isEqualTo("\u00c4pfel");
  }

  /** A class may be called 007. */
  @Test
  void aNumberWithZerosInFrontIsAKeyOrQuoted() throws IOException {
    JsonNode tree = read("007: 2\na: '010'\nb: {08: 1, c: [0, 0.5, -0.1e-3, 0x8]}\n");

    assertThat(tree.at("/007").asInt()).isEqualTo(2);
    assertThat(tree.at("/a").asText()).isEqualTo("010");
    assertThat(tree.at("/b/08").asInt()).isEqualTo(1);
    assertThat(tree.at("/b/c/3").asInt()).isEqualTo(8);
  }

  @ParameterizedTest
  @MethodSource("refused")
  void saysWhatIsWrongAndWhere(String text, String message) {
    assertThatThrownBy(() -> read(text))
        .isInstanceOf(InputException.class)
        .hasMessageStartingWith("Cannot read it: ")
        .hasMessageContaining(message)
        .message()
        .doesNotContain("\n");
  }

  static Stream<Arguments> refused() {
    return Stream.of(
        Arguments.of("", "empty"),
        Arguments.of("a: 1\na: 2", "line 2: Duplicate field 'a'"),
        Arguments.of("a: {b: 1, b: 1}", "Duplicate field 'b'"),
        Arguments.of("a: &x 1\nb: *x", "line 1: YAML anchors"),
        Arguments.of("a:\n - [[[1]]]", "line 2: nested deeper than 3"),
        Arguments.of("[".repeat(999), "nested deeper than 3"),
        Arguments.of("- ".repeat(499), "nested deeper than 3"),
        Arguments.of("x".repeat(1001), "larger than 1000 bytes"),
        Arguments.of("a: \"\\e[31m\"", "line 1: there is a control character"),
        Arguments.of("x: 1\na: 010", "line 2: 010 is one number in YAML 1.1"),
        Arguments.of("a: [1, 1_0]", "line 1: 1_0 is one number"),
        Arguments.of("a: {b: 0b10}", "line 1: 0b10 is one number"),
        Arguments.of("a: -007.5", "line 1: -007.5 is one number"),
        Arguments.of("a: b: c", "line 1"),
        Arguments.of("a: [", "line 1"),
        Arguments.of("a: 1\n--- \nb: 2", "line"));
  }

  @Test
  void refusesWhatIsNoText() {
    assertThatThrownBy(() -> YAML.read(new ByteArrayInputStream(new byte[] {'a', ':', ' ', -1})))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("not UTF-8");
  }

  private static JsonNode read(String text) throws IOException {
    return YAML.read(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
  }
}
