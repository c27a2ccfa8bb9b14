// SPDX-License-Identifier: Apache-2.0
package io.stoker.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.stoker.deploy.Stoker.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LauncherIT {
  @TempDir private Path folder;

  @Test
  void showsItsHelp() {
    Outcome outcome = Stoker.in(folder).run("--help");

    assertThat(outcome.exitCode()).isZero();
    assertThat(outcome.out())
        .contains("Usage: ./stoker", "prepare", "train", "evaluate", "predict", "quickstart");
    assertThat(outcome.err()).isEmpty();
  }

  @Test
  void showsTheHelpOfACommand() {
    Outcome outcome = Stoker.in(folder).run("train", "--help");

    assertThat(outcome.exitCode()).isZero();
    assertThat(outcome.out()).contains("--local-steps", "--updater-state", "--resume");
  }

  @Test
  void showsItsVersions() {
    Outcome outcome = Stoker.in(folder).run("--version");

    assertThat(outcome.exitCode()).isZero();
    assertThat(outcome.out())
        .startsWith("stoker ")
        .contains("Spark " + Stoker.sparkLine(), "Java 17");
  }

  @Test
  void endsStandardOutputWithOneJsonObject() {
    Outcome outcome = Stoker.in(folder).run("models", "lenet5", "--json");

    assertThat(outcome.exitCode()).isZero();
    assertThat(outcome.out().lines()).hasSize(1);
    assertThat(outcome.json().get("parameters").asLong()).isEqualTo(61_706);
  }

  @Test
  void runsThroughASymbolicLinkFromAPathWithSpaces() throws IOException {
    Path spaced = Files.createDirectories(folder.resolve("a b/it's 100%"));
    Path link =
        Files.createSymbolicLink(spaced.resolve("stoker"), Stoker.checkout().resolve("stoker"));

    Outcome outcome = new Stoker(link, spaced).run("doctor", "--probe", "some where", "--json");

    assertThat(outcome.exitCode()).as(outcome.err()).isZero();
    assertThat(outcome.json().get("storage").get("bytes").asInt()).isPositive();
  }

  @Test
  void runsInADistributionThatWasMovedToAPathWithSpaces() throws IOException {
    Path moved = Files.createDirectories(folder.resolve("a b/it's 100% #1"));
    for (String part : new String[] {"stoker", "bin", "logging"}) {
      Distribution.copy(Stoker.distribution().resolve(part), moved.resolve(part));
    }
    // The archive of classes is of no use there; Java must not say so on stdout.
    for (String part : new String[] {"stoker.jar", "jars", "classes.jsa", "examples", ".built"}) {
      Files.createSymbolicLink(moved.resolve(part), Stoker.distribution().resolve(part));
    }

    Outcome outcome = new Stoker(moved.resolve("stoker"), folder).run("doctor", "--json");

    assertThat(outcome.exitCode()).as(outcome.err()).isZero();
    assertThat(outcome.json().get("slots").asInt()).isPositive();
    // Of Log4j, if it does not find its configuration, and of Spark, which then logs all it does.
    assertThat(outcome.err()).doesNotContain("StatusLogger", " INFO ");
  }

  @Test
  void passesMasterAndConfigurationOn() {
    Outcome outcome =
        Stoker.in(folder)
            .run("--master", "local[3]", "--conf", "spark.app.name=mine", "doctor", "--json");

    assertThat(outcome.exitCode()).as(outcome.err()).isZero();
    assertThat(outcome.json().get("master").asText()).isEqualTo("local[3]");
    assertThat(outcome.json().get("slots").asInt()).isEqualTo(3);
  }

  @Test
  void takesNativeMemoryFromTheEnvironment() {
    Outcome outcome = Stoker.in(folder).with("STOKER_NATIVE_MEMORY", "1g").run("doctor", "--json");

    assertThat(outcome.json().get("native_limit").asText()).isEqualTo("1g");
  }

  @Test
  void findsAnotherJavaIfJavaHomeIsNone() {
    Outcome outcome = Stoker.in(folder).with("JAVA_HOME", "/no/java").run("models", "--json");

    assertThat(outcome.exitCode()).as(outcome.err()).isZero();
  }

  @Test
  void refusesASparkHomeWithoutSpark() {
    Outcome outcome = Stoker.in(folder).with("SPARK_HOME", folder.toString()).run("models");

    assertThat(outcome.exitCode()).isEqualTo(4);
    assertThat(outcome.err()).startsWith("stoker: SPARK_HOME=").contains("unset SPARK_HOME");
    assertThat(outcome.err().lines()).hasSize(1);
  }

  @Test
  void refusesAnUnknownCommandInOneLine() {
    assertRefused(Stoker.in(folder).run("trian"), "Unknown command: trian; did you mean 'train'?");
  }

  @Test
  void refusesAnUnknownOptionInOneLine() {
    assertRefused(
        Stoker.in(folder).run("train", "--epoch", "3"),
        "Unknown option: --epoch; did you mean '--epochs'?");
  }

  @Test
  void refusesAnUnknownOptionBeforeTheCommand() {
    assertRefused(Stoker.in(folder).run("--epochs", "3", "train"), "unknown option before");
  }

  @Test
  void refusesAnUnknownMaster() {
    assertRefused(Stoker.in(folder).run("--master", "moon", "doctor"), "unknown master: moon");
  }

  /** Without the engine torch, without a card, and with a mistyped option. */
  @Test
  void checksNoCardWhereThereIsNone() throws Exception {
    assumeThat(Path.of("/proc/driver/nvidia/version")).doesNotExist();
    String check = Stoker.distribution().resolve("bin/gpu-check").toString();

    for (List<String> command :
        List.of(List.of(check), List.of(check, "--device", "tpu"), List.of(check, "--devise"))) {
      Process process =
          new ProcessBuilder(command)
              .directory(folder.toFile())
              .redirectError(folder.resolve("err").toFile())
              .start();

      assertThat(process.waitFor()).isEqualTo(command.size() == 1 ? 4 : 2);
      assertThat(Files.readAllLines(folder.resolve("err"))).hasSize(1);
    }
  }

  private static void assertRefused(Outcome outcome, String reason) {
    assertThat(outcome.exitCode()).isEqualTo(2);
    assertThat(outcome.err()).startsWith("stoker: ").contains(reason);
    assertThat(outcome.err().lines()).hasSize(1);
    assertThat(outcome.out()).isEmpty();
  }
}
