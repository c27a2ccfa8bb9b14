// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.stoker.driver.config.TrainingOption;
import io.stoker.driver.config.TrainingOption.ParamEntry;
import io.stoker.driver.ml.StokerClassifier;
import io.stoker.driver.ml.StokerModel;
import io.stoker.driver.ml.StokerTuner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.Params;
import org.junit.jupiter.api.Test;

/**
 * Holds the two files that follow from the table of options, and are in the repository, to it. With
 * {@code -Dstoker.write=true} it writes them.
 */
class TablesOfOptionsTest {
  private static final Map<String, String> PYTHON =
      Map.of(
          "IntParam", "int",
          "LongParam", "int",
          "DoubleParam", "float",
          "BooleanParam", "bool",
          "StringArrayParam", "list[str]",
          "DoubleArrayParam", "list[float]",
          "TextParam", "str");

  @Test
  void pythonHasTheParamsOfJava() throws IOException {
    Map<String, String> classes = new LinkedHashMap<>();
    for (Params object : List.of(new StokerClassifier(), new StokerTuner(), new StokerModel())) {
      classes.put(object.getClass().getSimpleName(), python(object));
    }

    requireFile(
        "python/src/stoker/params.json",
        classes.entrySet().stream()
            .map(entry -> "\"%s\": {\n%s\n}".formatted(entry.getKey(), entry.getValue()))
            .collect(Collectors.joining(",\n", "{\n", "\n}\n")));
  }

  private static String python(Params object) {
    return Arrays.stream(object.params())
        .sorted(Comparator.comparing(Param::name))
        .map(param -> json(param.name()) + ": " + json(described(object, param)))
        .collect(Collectors.joining(",\n"));
  }

  private static Map<String, Object> described(Params object, Param<?> param) {
    Map<String, Object> described = new LinkedHashMap<>();
    described.put("type", PYTHON.get(param.getClass().getSimpleName()));
    if (object.getDefault(param).isDefined()) {
      described.put("default", object.getDefault(param).get());
    }
    described.put("doc", param.doc());
    TrainingOption.ofCommand().stream()
        .filter(option -> option.paramName().equals(param.name()))
        .findFirst()
        .ifPresent(option -> described.put("option", option.name()));
    return described;
  }

  private static String json(Object value) {
    try {
      return new ObjectMapper().writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(e);
    }
  }

  @Test
  void theDocsHaveAllOptions() throws IOException {
    List<String> lines = new ArrayList<>();
    lines.add(
        """
# The options of training

This page is written from the table of options (`options.yaml`); a test holds it to the table, and writes it with
`mvn test -pl driver/command-line -am -Dtest=TablesOfOptionsTest -Dsurefire.failIfNoSpecifiedTests=false -Dstoker.write=true`. [Training](training.md) explains the options.

A recipe has the option's name as its key. `run.json` has the name with underscores, unless the table says
otherwise. An option that is part of the job cannot change when a run is resumed.

| option | meaning | part of the job | param of [Spark ML](spark-ml.md) |
|---|---|---|---|\
""");
    for (TrainingOption option : TrainingOption.ofCommand()) {
      lines.add(
          row(
              "`--%s%s`".formatted(option.name(), label(option)),
              String.join(" ", option.help()),
              partOfJob(option),
              option.paramName().isEmpty()
                  ? "none: " + option.without()
                  : "`%s`".formatted(option.paramName())));
    }
    for (TrainingOption option : TrainingOption.all()) {
      if (option.name().isEmpty() && !option.key().isEmpty()) {
        lines.add(
            row(
                "`%s` (recipe only)".formatted(option.key()),
                option.param().orElseThrow().doc(),
                partOfJob(option),
                "`%s`".formatted(option.paramName())));
      }
    }
    lines.add(
        "\n## Params that are no options of train\n\n| param | of | meaning |\n|---|---|---|");
    for (TrainingOption option : TrainingOption.all()) {
      if (option.name().isEmpty() && option.key().isEmpty()) {
        ParamEntry param = option.param().orElseThrow();
        lines.add(row("`%s`".formatted(param.name()), String.join(", ", param.of()), param.doc()));
      }
    }

    requireFile("docs/options.md", String.join("\n", lines) + "\n");
  }

  private static String label(TrainingOption option) {
    return option.label().isEmpty() ? "" : " " + option.label();
  }

  private static String partOfJob(TrainingOption option) {
    if (!option.isOfJob()) {
      return option.sets().isEmpty() ? "no" : "in `%s`".formatted(option.sets());
    }
    String key =
        option.key().equals(option.name().replace('-', '_'))
            ? ""
            : ", as `%s`".formatted(option.key());
    return switch (option.neutral()) {
      case "" -> "yes" + key;
      case "true" -> "no" + key;
      default -> "no, " + option.neutral() + key;
    };
  }

  private static String row(String... cells) {
    return Arrays.stream(cells)
        .map(cell -> cell.replace("|", "\\|"))
        .collect(Collectors.joining(" | ", "| ", " |"));
  }

  private static void requireFile(String name, String expected) throws IOException {
    Path file = Page.checkout().resolve(name);
    if (Boolean.getBoolean("stoker.write")) {
      Files.writeString(file, expected);
    }
    assertThat(file)
        .as("written by TablesOfOptionsTest with -Dstoker.write=true")
        .hasContent(expected);
  }
}
