// SPDX-License-Identifier: Apache-2.0
package io.stoker.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.stoker.deploy.Stoker.Outcome;
import io.stoker.testing.Exact;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Processes that are started in other locales than a developer's, as cron and containers do. */
@Exact
class NamesAndLocalesIT {
  private static final int PER_CLASS = 20;
  private static final List<String> NAMES = List.of("Äpfel", "naïve", "日本");

  @TempDir private static Path folder;

  @BeforeAll
  static void writeImages() throws IOException {
    Shapes.write(folder.resolve("shapes"), PER_CLASS);
    Path raw = Files.createDirectory(folder.resolve("raw"));
    for (int i = 0; i < NAMES.size(); i++) {
      Files.move(
          folder.resolve("shapes").resolve(Shapes.CLASSES.get(i)), raw.resolve(NAMES.get(i)));
    }
  }

  /** Of these, the last is installed nowhere, which is the same as C. */
  @ParameterizedTest
  @ValueSource(strings = {"C", "POSIX", "", "xx_XX.ISO-8859-1"})
  void namesOutsideAsciiAreReadInEveryLocale(String locale) {
    Outcome outcome = inLocale(locale).run("models", NAMES.get(0));

    assertThat(outcome.exitCode()).isEqualTo(2);
    assertThat(outcome.err()).contains("stoker: Unknown model: " + NAMES.get(0) + ";");
  }

  @Test
  void namesOutsideAsciiArePreparedInALocaleThatIsNotInstalled() {
    Stoker stoker = inLocale("xx_XX.ISO-8859-1");

    JsonNode prepared =
        json(stoker.run(words("prepare --input raw --channels 1 --json --output data")));

    assertThat(prepared.get("samples").asInt()).isEqualTo(NAMES.size() * PER_CLASS);
    assertThat(prepared.get("rejected").asInt()).isZero();
    assertThat(json(stoker.run(words("inspect --json --data data"))).toString()).contains(NAMES);
  }

  private static Stoker inLocale(String locale) {
    return Stoker.in(folder).with("LC_ALL", locale).with("LANG", "");
  }

  @Test
  void namesOutsideAsciiAreReadByExecutorsInThePosixLocale() {
    Stoker posix = Stoker.in(folder).with("LC_ALL", "C");
    LocalCluster cluster = LocalCluster.in(folder.resolve("cluster")).with("LC_ALL", "C");
    String master = cluster.start("--executors", "2", "--cores", "1", "--memory", "1g");
    try {
      String on = "--master " + master + " ";
      JsonNode prepared =
          json(posix.run(words(on + "prepare --input raw --channels 1 --json --output shards")));
      assertThat(prepared.get("samples").asInt()).isEqualTo(NAMES.size() * PER_CLASS);

      json(
          posix.run(
              words(
                  on
                      + "train --data shards --run rün --model lenet5 --epochs 1 --batch 10"
                      + " --local-steps 2 --json")));
      JsonNode predicted =
          json(
              posix.run(words(on + "predict --checkpoint rün --input raw --output prédit --json")));
      assertThat(predicted.get("images").asInt()).isEqualTo(NAMES.size() * PER_CLASS);
    } finally {
      cluster.stop();
    }
  }

  /** As Apache's own spark-submit would start it, which sets no locale. */
  @Test
  void aPlainJavaProcessInThePosixLocaleRefusesNamesItCannotRead() throws IOException {
    Path distribution = Stoker.distribution();
    Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    Stoker plain = new Stoker(java, folder).with("LC_ALL", "C");
    String classPath = distribution.resolve("stoker.jar") + ":" + distribution.resolve("jars/*");
    Path output = folder.resolve("refused");

    Outcome outcome =
        plain.run(
            "--add-exports=java.base/sun.nio.ch=ALL-UNNAMED",
            "-Dlog4j2.configurationFile=" + distribution.resolve("logging/log4j2.properties"),
            "-cp",
            classPath,
            "io.stoker.driver.cli.Main",
            "prepare",
            "--input",
            "raw",
            "--output",
            output.toString());

    assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(4);
    assertThat(outcome.err().lines().filter(line -> line.startsWith("stoker: ")))
        .singleElement()
        .asString()
        .contains("LC_ALL=C.UTF-8");
    assertThat(output.resolve("manifest.json")).doesNotExist();
  }

  /**
   * A process whose letters are Turkish, where an upper-case i has a dot, and whose numbers are
   * Arabic: of other digits and another decimal separator. Java takes its locale from these options
   * too, where the system has it not installed. LocaleTest has each locale alone, in one process.
   */
  @Test
  void filesAndNumbersDoNotDependOnTheLocale() throws IOException {
    Stoker stoker =
        Stoker.in(folder)
            .with(
                "JAVA_TOOL_OPTIONS",
                "-Duser.language=tr -Duser.country=TR -Duser.language.format=ar"
                    + " -Duser.country.format=EG");
    String own = "foreign";
    json(
        stoker.run(
            words("prepare --input raw --channels 1 --json --output %s/data".formatted(own))));
    String train =
        "train --data %s/data --run %s/run --model lenet5 --batch 10 --local-steps 2"
            + " --checkpoint-every 1 --validation-split test --validate-every 1 --json --epochs ";
    json(stoker.run(words(train.formatted(own, own) + 1)));
    json(stoker.run(words(train.formatted(own, own) + 2 + " --resume")));
    json(
        stoker.run(
            words(
                "predict --checkpoint %s/run --input raw --output %s/predicted --json"
                    .formatted(own, own))));
    Outcome evaluated =
        stoker.run(words("evaluate --checkpoint %s/run --data %s/data".formatted(own, own)));
    Outcome runs = stoker.run("runs", own);

    try (Stream<Path> walk = Files.walk(folder.resolve(own))) {
      assertThat(walk.map(path -> folder.relativize(path).toString()))
          .allMatch(path -> path.chars().allMatch(character -> character < 128));
    }
    assertThat(evaluated.exitCode()).as(evaluated.err()).isZero();
    assertThat(evaluated.out())
        .containsPattern("[0-9]\\.[0-9]{2} %")
        .doesNotContainPattern("[٠-٩]|[0-9],[0-9]{2} %");
    assertThat(runs.out())
        .containsPattern("[0-9]\\.[0-9]{2} %")
        .doesNotContainPattern("[٠-٩]|[0-9],[0-9]{2} %");
  }

  private static String[] words(String command) {
    return command.split(" ");
  }

  private static JsonNode json(Outcome outcome) {
    assertThat(outcome.exitCode()).as(outcome.err()).isZero();
    return outcome.json();
  }
}
