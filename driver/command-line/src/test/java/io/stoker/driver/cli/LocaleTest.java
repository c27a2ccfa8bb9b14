// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.testing.Exact;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The whole way where the locale's digits are Arabic, where an upper-case i has a dot, and where
 * the decimal separator is a comma.
 */
@Tag("slow")
class LocaleTest {
  private static final Locale LOCALE = Locale.getDefault();

  @TempDir private static Path folder;
  private static Commands commands;
  private static JsonNode usual;

  @BeforeAll
  static void trainInTheUsualLocale() throws IOException {
    commands = new Commands();
    Commands.writeImages(folder.resolve("images"), 30);
    usual = wayOfARun("usual");
  }

  @AfterEach
  void restore() {
    Locale.setDefault(LOCALE);
  }

  @ParameterizedTest
  @ValueSource(strings = {"ar-EG", "tr-TR", "de-DE"})
  @Exact
  void namesOfFilesAndResultsDoNotDependOnTheLocale(String locale) throws IOException {
    Locale.setDefault(Locale.forLanguageTag(locale));

    JsonNode result = wayOfARun(locale);

    assertThat(result).isEqualTo(usual);
    assertThat(files(locale)).isEqualTo(files("usual"));
  }

  /** Prepares, trains, resumes, evaluates and predicts in a folder of that name. */
  private static JsonNode wayOfARun(String name) {
    Path own = folder.resolve(name);
    String data = own.resolve("data").toString();
    String run = own.resolve("run").toString();
    commands.json("prepare --input %s --output %s".formatted(folder.resolve("images"), data));
    String train =
        "train --model perceptron --workers 2 --batch 8 --local-steps 1 --checkpoint-every 1"
            + " --validation-split test --validate-every 1 --epochs 2 --data "
            + data;
    commands.json(train + " --run " + run);
    JsonNode resumed = commands.json("train --run %s --resume --epochs 4".formatted(run));
    assertThat(commands.json("runs " + own).toString()).contains("run");
    assertThat(commands.run("evaluate --checkpoint %s --data %s".formatted(run, data)).exitCode())
        .isZero();
    commands.json(
        "predict --checkpoint %s --input %s --output %s"
            .formatted(run, folder.resolve("images"), own.resolve("predictions")));
    return ((ObjectNode) resumed).retain("parameters_sha256", "rounds", "epochs");
  }

  /**
   * The files that a run leaves, but for Parquet files of predictions: Spark numbers these by the
   * default locale, which {@link Main} sets.
   */
  private static List<String> files(String name) throws IOException {
    try (Stream<Path> walk = Files.walk(folder.resolve(name))) {
      return walk.map(path -> folder.resolve(name).relativize(path).toString())
          .filter(path -> !path.matches("predictions/.*part-.*"))
          .sorted()
          .toList();
    }
  }
}
