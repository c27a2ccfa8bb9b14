// SPDX-License-Identifier: Apache-2.0
package io.stoker.base.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.stoker.failure.Check;
import io.stoker.failure.DamagedException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StrictJsonTest {
  private static final JsonMapper MAPPER = StrictJson.mapper().build();
  private static final JsonMapper OLDER =
      StrictJson.mapper()
          .disable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
          .disable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .build();

  record Part(List<Integer> sizes) {}

  record Whole(int rounds, String name, Map<String, Part> parts) {
    Whole {
      Check.undamaged(rounds >= 0, "Invalid rounds: %s", rounds);
    }
  }

  @Test
  void readsWhatIsAsItShouldBe() {
    assertThat(read("{\"rounds\":1,\"name\":\"a\",\"parts\":{\"b\":{\"sizes\":[1,2]}}}"))
        .isEqualTo(new Whole(1, "a", Map.of("b", new Part(List.of(1, 2)))));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "null | it is null",
        "[] | a value has the wrong type (line 1, column 1)",
        "'' | it ends too early",
        "{\"rounds\":1 | it ends too early",
        "oops | it is not valid JSON",
        "{\"rounds\":1,\"name\":\"a\"} | a field is missing (field parts",
        "{\"rounds\":1,\"rounds\":2} | the field 'rounds' appears twice (line 1",
        "{\"rounds\":null} | a value is null (field rounds, line 1",
        "{\"rounds\":\"1\"} | a value has the wrong type (field rounds",
        "{\"rounds\":1.0} | a value has the wrong type (field rounds",
        "{\"rounds\":true} | a value has the wrong type (field rounds",
        "{\"rounds\":3000000000} | the number 3000000000 is out of range (field rounds",
        "{\"name\":3} | a value has the wrong type (field name",
        "{\"rounds\":1,\"name\":\"a\",\"parts\":{},\"more\":3} | the field 'more' is unknown (field"
            + " more",
        "{\"parts\":{\"b\":{\"sizes\":[1,null]}}} | a value is null (field parts.b.sizes[1]",
        "{\"rounds\":-1,\"name\":\"a\",\"parts\":{}} | Invalid rounds: -1",
        "{\"rounds\":1,\"name\":\"a\",\"parts\":{}} {} | there is more after its end",
      })
  void saysWhatIsWrongAndWhere(String json, String reason) {
    assertThatThrownBy(() -> read(json))
        .isInstanceOf(DamagedException.class)
        .hasMessageStartingWith("Cannot read run.json: " + reason);
  }

  @Test
  void boundsNestingAndNumbers() {
    byte[] deep = bytes("[".repeat(100_000));
    assertThatThrownBy(() -> StrictJson.read(MAPPER, deep, JsonNode.class, "run.json"))
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining("nesting");
    assertThatThrownBy(() -> read("{\"rounds\":" + "9".repeat(100_000) + "}"))
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining("length (100000)");
  }

  @Test
  void takesAbsentFieldsOfAnOlderFileForEmptyButNoNull() {
    assertThat(older("{\"name\":\"a\"}")).isEqualTo(new Whole(0, "a", null));
    assertThatThrownBy(() -> older("{\"name\":null}"))
        .isInstanceOf(DamagedException.class)
        .hasMessage("Cannot read run.json: a value is null (field name)");
    assertThatThrownBy(() -> older("[]")).isInstanceOf(DamagedException.class);
    assertThatThrownBy(() -> older("null")).isInstanceOf(DamagedException.class);
    assertThatThrownBy(() -> older("{\"rounds\":-3}"))
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining("Invalid rounds: -3");
  }

  private static Whole read(String json) {
    return StrictJson.read(MAPPER, bytes(json), Whole.class, "run.json");
  }

  private static Whole older(String json) {
    return StrictJson.readOlder(OLDER, bytes(json), Whole.class, "run.json");
  }

  private static byte[] bytes(String json) {
    return json.getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void saysThatAVersionIsNewerWhateverElseIsThere() {
    JsonMapper mapper = StrictJson.mapper().build();

    assertThatThrownBy(
            () ->
                StrictJson.requireKnownVersion(
                    mapper, bytes("{\"a\":{\"v\":0},\"v\":99999999999999999999}"), "v", 1, "it"))
        .isInstanceOf(DamagedException.class)
        .hasMessage(
            "Cannot read it: its v is 99999999999999999999, of a newer Stoker; this one reads 1"
                + " (use the one that wrote it)");
    for (String known :
        new String[] {"{\"v\":1}", "{\"v\":\"2\"}", "{}", "[2]", "null", "{\"v", ""}) {
      assertThatCode(() -> StrictJson.requireKnownVersion(mapper, bytes(known), "v", 1, "it"))
          .as(known)
          .doesNotThrowAnyException();
    }
  }
}
