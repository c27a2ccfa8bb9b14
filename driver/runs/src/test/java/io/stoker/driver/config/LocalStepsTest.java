// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.failure.InputException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LocalStepsTest {
  @Test
  void areANumberOrARule() {
    assertThat(LocalSteps.parse("10")).isEqualTo(LocalSteps.of(10));
    assertThat(LocalSteps.parse("qsr:4:0.02")).isEqualTo(new LocalSteps(4, 0.02));
    assertThat(LocalSteps.parse("qsr:4:2e-2")).hasToString("qsr:4:0.02");
  }

  @Test
  void growWithTheSquareOfTheRateAndNeverFall() {
    LocalSteps rule = new LocalSteps(4, 0.02);

    assertThat(rule.at(0.1, 1000)).isEqualTo(4);
    assertThat(rule.at(0.005, 1000)).isEqualTo(16);
    assertThat(rule.at(0.0001, 1000)).isEqualTo(1000);
    assertThat(rule.at(0, 1000)).isEqualTo(1000);
    assertThat(rule.at(0.1, 2)).isEqualTo(4);
    assertThat(LocalSteps.of(7).at(0, 1000)).isEqualTo(7);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "0",
        "-1",
        "ten",
        "1.5",
        "99999999999",
        "qsr",
        "qsr:4",
        "qsr:0:0.1",
        "qsr:4:0",
        "qsr:4:-0.1",
        "qsr:4:1e999",
        "qsr:4:e",
        "qsr:4:0.1:2",
        "qsr:4:NaN"
      })
  void othersAreRefused(String text) {
    assertThatThrownBy(() -> LocalSteps.parse(text))
        .isInstanceOf(InputException.class)
        .hasMessageStartingWith("Invalid ");
  }

  /** The hashes of earlier jobs depend on it. */
  @Test
  void aNumberStaysANumberInJson() {
    TrainingConfig.Builder config = TrainingConfigTest.minimal();

    assertThat(ConfigFormat.toJson(config.localSteps(7).build()).get("local_steps").isInt())
        .isTrue();
    ObjectNode rule = ConfigFormat.toJson(config.localSteps(new LocalSteps(4, 0.02)).build());
    assertThat(rule.get("local_steps").textValue()).isEqualTo("qsr:4:0.02");
    assertThat(ConfigFormat.fromJson(rule, "it").rounds().localSteps())
        .isEqualTo(new LocalSteps(4, 0.02));
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.5", "true", "[]", "{}", "\"qsr\"", "99999999999"})
  void otherJsonIsRefused(String value) throws Exception {
    ObjectNode json = ConfigFormat.toJson(TrainingConfigTest.minimal().build());
    JsonNode steps = new ObjectMapper().readTree(value);
    json.set("local_steps", steps);

    assertThatThrownBy(() -> ConfigFormat.fromJson(json, "it"))
        .isInstanceOf(InputException.class)
        .hasMessageStartingWith("Cannot use it: ");
  }
}
