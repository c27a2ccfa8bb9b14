// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.failure.InputException;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class TrainingOptionTest {
  /** The Java types of the table's types of values; the others have a type of their own. */
  private static final Map<String, Type> TYPES =
      Map.of(
          "int", int.class,
          "long", long.class,
          "double", double.class,
          "flag", boolean.class,
          "text", String.class);

  @Test
  void eachComponentOfAConfigIsAnOptionOfItsType() {
    Map<String, Object> values = ConfigComponents.valuesOf(TrainingConfigTest.unusual());

    assertThat(values.keySet()).containsExactlyInAnyOrderElementsOf(TrainingOption.keys());
    assertThat(ConfigComponents.configOf(values)).isEqualTo(TrainingConfigTest.unusual());
    for (TrainingOption option : TrainingOption.ofJob()) {
      assertThat(ConfigComponents.type(option))
          .as(option.key())
          .isEqualTo(TYPES.getOrDefault(option.type(), ConfigComponents.type(option)));
    }
  }

  @Test
  void theTestsOfConfigsHaveNoDefault() {
    ObjectNode defaults =
        ConfigFormat.toJson(TrainingConfig.builder().data("-").run("-").model("-").build());
    ObjectNode unusual = ConfigFormat.toJson(TrainingConfigTest.unusual());
    List<String> same = new ArrayList<>();
    for (String key : TrainingOption.keys()) {
      if (defaults.path(key).equals(unusual.path(key))) {
        same.add(key);
      }
    }

    // Two change what the data are, overlap goes with --wire fp32 only, adamw has no Nesterov, and
    // swa excludes ema.
    assertThat(same)
        .containsExactly("class_weights", "optimizer", "overlap_steps", "sampling", "swa");
  }

  @Test
  void choicesAreTheNamesOfTheConfigsValues() {
    for (TrainingOption option : TrainingOption.ofJob()) {
      for (String choice : option.type().equals("choice") ? option.choices() : List.<String>of()) {
        Enum<?> value = (Enum<?>) ConfigFormat.value(option, choice);
        assertThat(value.getDeclaringClass().getEnumConstants()).hasSameSizeAs(option.choices());
      }
      if (option.type().equals("choice")) {
        assertThatThrownBy(() -> ConfigFormat.value(option, 0))
            .as("an enum's place is not its name")
            .isInstanceOf(InputException.class)
            .hasMessageContaining("'0'; Known: " + String.join(", ", option.choices()));
      }
    }
  }

  @Test
  void rulesCompareNumbersAndTheirNearestFloats() {
    ValueRule share = ValueRule.parse(">= 0 and < 1");
    ValueRule interval = ValueRule.parse("-1 or >= 1");

    assertThat(List.of(share.holds(0.0), share.holds(0.5), interval.holds(-1), interval.holds(7)))
        .containsOnly(true);
    assertThat(
            List.of(
                share.holds(1.0),
                share.holds(0.999999999),
                share.holds(Double.NaN),
                interval.holds(0),
                interval.holds(-2),
                ValueRule.parse("> 0").holds(1e39)))
        .containsOnly(false);
  }

  @Test
  void helpSaysTheDefault() {
    Map<String, String> defaults = new TreeMap<>();
    for (String name : List.of("weight-decay", "validate-every", "augment", "sampling")) {
      String help = TrainingOption.named(name).help().get(0);
      defaults.put(name, help.substring(help.lastIndexOf('(')));
    }

    assertThat(defaults)
        .containsEntry("weight-decay", "(default: 0.0005).")
        .containsEntry("validate-every", "(default: 0, never).")
        .containsEntry("augment", "(default: none).")
        .containsEntry("sampling", "(default: natural).");
    assertThat(TrainingOption.ofCommand()).allMatch(option -> !option.help().isEmpty());
  }
}
