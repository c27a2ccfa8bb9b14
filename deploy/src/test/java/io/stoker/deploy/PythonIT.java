// SPDX-License-Identifier: Apache-2.0
package io.stoker.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The tests of the Python package with PySpark from PyPI, in a virtual environment in the build
 * folder; and for Spark 3.5 with MLflow, Hugging Face's datasets, DuckDB, TensorBoard and ONNX.
 * Skipped, with one line that says why, where there is no Python 3.10 or PyPI cannot be reached.
 */
class PythonIT {
  private static final int MINUTES = 10;
  private static final int SHOWN_LINES = 150;

  private static final Path SOURCES = Stoker.checkout().resolve("python");
  private static final Path BUILD = Stoker.distribution().resolveSibling("python");
  private static final Path ENVIRONMENT = BUILD.resolve("environment");

  /** The tests in which a program of others takes part. */
  private static final List<String> OF_PROGRAMS =
      List.of("test_clients.py", "test_example.py", "test_mlflow.py");

  private static final Path PYTHON = ENVIRONMENT.resolve("bin/python");

  /** How a process ended. */
  private record Ended(int exitCode, String output) {}

  @BeforeAll
  static void makeEnvironment() throws IOException {
    String requirements =
        "pyspark==%s%n%s%s"
            .formatted(
                System.getProperty("stoker.pyspark"),
                Files.readString(SOURCES.resolve("tests/requirements.txt")),
                withPrograms()
                    ? Files.readString(SOURCES.resolve("tests/requirements-programs.txt"))
                    : "");
    Path made = BUILD.resolve("requirements.txt");
    if (!Files.exists(made) || !Files.readString(made).equals(requirements)) {
      Files.createDirectories(BUILD);
      require(
          run(
                      SOURCES,
                      "python3",
                      "-c",
                      "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))")
                  .exitCode()
              == 0,
          "there is no python3 of version 3.10 or newer with its module venv");
      succeed("python3", "-m", "venv", "--clear", ENVIRONMENT.toString());
      // uv installs three times as fast as pip.
      require(
          run(SOURCES, PYTHON.toString(), "-m", "pip", "install", "--quiet", "uv").exitCode() == 0,
          "PyPI cannot be reached");
      Path wanted = Files.writeString(BUILD.resolve("wanted.txt"), requirements);
      require(install("--requirement", wanted.toString()), "PyPI does not have all packages");
      Files.move(wanted, made, StandardCopyOption.REPLACE_EXISTING);
    }
    assertThat(install("--no-deps", "--reinstall", SOURCES.toString())).isTrue();
  }

  private static boolean withPrograms() {
    return Stoker.sparkLine().equals("3.5");
  }

  private static void require(boolean there, String reason) {
    if (!there) {
      System.out.println("The tests of the Python package are skipped: " + reason);
    }
    Assumptions.assumeTrue(there, reason);
  }

  /** uv does not read the configuration of pip, which may be what reaches an index. */
  private static boolean install(String... what) {
    Ended uv =
        run(
            SOURCES,
            words(
                PYTHON.toString(),
                List.of(
                    "-m",
                    "uv",
                    "pip",
                    "install",
                    "--python",
                    PYTHON.toString(),
                    "-q",
                    "--no-cache"),
                what));
    return uv.exitCode() == 0
        || run(
                    SOURCES,
                    words(
                        PYTHON.toString(),
                        List.of("-m", "pip", "install", "--quiet", "--no-cache-dir"),
                        Arrays.stream(what)
                            .map(word -> word.equals("--reinstall") ? "--force-reinstall" : word)
                            .toArray(String[]::new)))
                .exitCode()
            == 0;
  }

  private static String[] words(String first, List<String> then, String... last) {
    return Stream.of(Stream.of(first), then.stream(), Arrays.stream(last))
        .flatMap(words -> words)
        .toArray(String[]::new);
  }

  @Test
  void thePackageAndOtherProgramsWorkWithTheJar() {
    List<String> options =
        List.of("-m", "pytest", "--basetemp", BUILD.resolve("tests").toString(), "-ra");
    succeed(
        words(
            PYTHON.toString(),
            options,
            OF_PROGRAMS.stream()
                .filter(file -> !withPrograms())
                .map(file -> "--ignore=tests/" + file)
                .toArray(String[]::new)));
  }

  @Test
  @Tag("one-line")
  void theSourcesAreInStyle() {
    for (String mode : List.of("check", "format --check")) {
      succeed(
          words(
              PYTHON.toString(),
              List.of("-m", "ruff"),
              (mode
                      + " --no-cache --config pyproject.toml . "
                      + Stoker.checkout().resolve("examples/python"))
                  .split(" ")));
    }
  }

  private static void succeed(String... command) {
    Ended ended = run(SOURCES, command);
    assertThat(ended.exitCode())
        .as(() -> String.join(" ", command) + "\n" + ended.output())
        .isZero();
  }

  private static Ended run(Path folder, String... command) {
    try {
      Path output = Files.createTempFile("python", ".out");
      ProcessBuilder builder =
          new ProcessBuilder(command)
              .directory(folder.toFile())
              .redirectErrorStream(true)
              .redirectOutput(output.toFile());
      Map<String, String> environment = builder.environment();
      environment.remove("SPARK_HOME");
      environment.remove("PYTHONPATH");
      environment.put("JAVA_HOME", System.getProperty("java.home"));
      environment.put("STOKER_HOME", Stoker.distribution().toString());
      environment.put("SPARK_SUBMIT_OPTS", Stoker.QUICK_JAVA);
      environment.put("PYTHONPYCACHEPREFIX", BUILD.resolve("bytecode").toString());
      environment.put("PIP_DISABLE_PIP_VERSION_CHECK", "1");
      environment.put("PIP_NO_CACHE_DIR", "1");
      Process process = builder.start();
      boolean ended = process.waitFor(MINUTES, TimeUnit.MINUTES);
      if (!ended) {
        process.destroyForcibly();
      }
      List<String> lines = Files.readAllLines(output);
      Files.delete(output);
      return new Ended(
          ended ? process.exitValue() : -1,
          String.join("\n", lines.subList(Math.max(0, lines.size() - SHOWN_LINES), lines.size())));
    } catch (IOException e) {
      return new Ended(-1, e.toString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new Ended(-1, "interrupted");
    }
  }
}
