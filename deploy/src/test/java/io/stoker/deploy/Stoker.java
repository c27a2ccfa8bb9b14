// SPDX-License-Identifier: Apache-2.0
package io.stoker.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Runs the launcher as a person does: as a process of its own. */
final class Stoker {
  private static final int PATIENCE_MINUTES = 5;
  private static final long POLL_NANOSECONDS = TimeUnit.MILLISECONDS.toNanos(10);
  private static final Path CHECKOUT = Path.of("..").toAbsolutePath().normalize();

  /** The folder that this module is built into, which differs between the lines of Spark. */
  private static final Path BUILD =
      Path.of(System.getProperty("stoker.build", "target")).toAbsolutePath();

  private static final String LINE = System.getProperty("stoker.spark", "3.5");

  /**
   * The quick compiler alone, for jobs of some seconds: starting Java and Spark, which is most of
   * what such a job does, takes about two thirds of the processor time.
   */
  static final String QUICK_JAVA = "-XX:TieredStopAtLevel=1";

  private final Path launcher;
  private final Path folder;
  private final Map<String, String> environment = new HashMap<>();

  /**
   * @param launcher the script
   * @param folder the current folder of its processes
   */
  Stoker(Path launcher, Path folder) {
    this.launcher = launcher;
    this.folder = folder;
    // What the tests run is what this build assembled.
    environment.put("STOKER_BUILD", "never");
    environment.put("STOKER_SPARK", LINE);
    environment.put("SPARK_SUBMIT_OPTS", QUICK_JAVA);
  }

  /** The launcher of this checkout, called in a folder. */
  static Stoker in(Path folder) {
    return new Stoker(CHECKOUT.resolve("stoker"), folder);
  }

  /** The root of this checkout. */
  static Path checkout() {
    return CHECKOUT;
  }

  /** Where this build puts the classes of these tests. */
  static Path testClasses() {
    return BUILD.resolve("test-classes");
  }

  /** The line of Spark that this build is for. */
  static String sparkLine() {
    return LINE;
  }

  /** The distribution that this build assembled. */
  static Path distribution() {
    return BUILD.resolve(LINE.equals("4") ? "stoker_4_2.13" : "stoker_3.5_2.12");
  }

  /** That of the other line of Spark, if this checkout has built it too. */
  static Optional<Path> otherDistribution() {
    String other = LINE.equals("4") ? "target/stoker_3.5_2.12" : "target-spark-4/stoker_4_2.13";
    return Optional.of(CHECKOUT.resolve("deploy").resolve(other))
        .filter(folder -> Files.exists(folder.resolve(".built")));
  }

  Stoker with(String variable, String value) {
    Stoker other = new Stoker(launcher, folder);
    other.environment.putAll(environment);
    other.environment.put(variable, value);
    return other;
  }

  /** How a process ended. */
  record Outcome(int exitCode, String out, String err) {
    /** The last line of stdout as JSON. */
    JsonNode json() {
      List<String> lines = out.lines().toList();
      try {
        return new ObjectMapper().readTree(lines.get(lines.size() - 1));
      } catch (JsonProcessingException | IndexOutOfBoundsException e) {
        throw new AssertionError("No JSON on the last line of: " + out + "\n" + err, e);
      }
    }
  }

  /** Runs a command to its end. */
  Outcome run(String... arguments) {
    return finish(start(arguments));
  }

  /** Runs a command, given as words between blanks, that must succeed, and returns its result. */
  JsonNode json(String command) {
    Outcome outcome = run((command + " --json").split(" "));
    assertThat(outcome.exitCode()).as(outcome.err()).isZero();
    return outcome.json();
  }

  /** Runs a training that must succeed, and returns the SHA-256 of its parameters. */
  String hash(String command) {
    return json(command).get("parameters_sha256").asText();
  }

  /** A process and the files that its outputs go to. */
  record Started(Process process, Path out, Path err) {}

  Started start(String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(launcher.toString());
    command.addAll(List.of(arguments));
    try {
      Path out = Files.createTempFile("stoker", ".out");
      Path err = Files.createTempFile("stoker", ".err");
      ProcessBuilder builder =
          new ProcessBuilder(command)
              .directory(folder.toFile())
              .redirectOutput(out.toFile())
              .redirectError(err.toFile());
      builder.environment().putAll(environment);
      return new Started(builder.start(), out, err);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Reads a file that grows, which need not be there yet, until a line contains the text. */
  static void awaitLine(Path file, String text) {
    await(
        "line with '" + text + "' in " + file,
        () -> Files.exists(file) && Files.readString(file).contains(text));
  }

  /** Waits until something is so. */
  static void await(String what, Callable<Boolean> isSo) {
    long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(PATIENCE_MINUTES);
    try {
      while (!isSo.call()) {
        if (System.nanoTime() > end) {
          throw new AssertionError("There is no " + what);
        }
        LockSupport.parkNanos(POLL_NANOSECONDS);
      }
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new AssertionError("There is no " + what, e);
    }
  }

  static Outcome finish(Started started) {
    try {
      if (!started.process().waitFor(PATIENCE_MINUTES, TimeUnit.MINUTES)) {
        started.process().destroyForcibly();
        throw new AssertionError("Still running: " + Files.readString(started.err()));
      }
      Outcome outcome =
          new Outcome(
              started.process().exitValue(),
              Files.readString(started.out()),
              Files.readString(started.err()));
      Files.delete(started.out());
      Files.delete(started.err());
      return outcome;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
