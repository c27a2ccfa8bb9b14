// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Locale;

/**
 * What {@code gpu-check} has found: a verdict for each part, and the speeds of models.
 *
 * @param began when the check began, ISO 8601 in UTC
 * @param device the GPU, or the processor
 * @param engine the engine's description of itself
 * @param passed whether every part ran and passed
 * @param seconds how long the check took
 * @param notRun the parts that have not run: the check goes on, was ended, or found no device
 */
record CheckReport(
    String began,
    String device,
    String engine,
    boolean passed,
    double seconds,
    List<Verdict> verdicts,
    List<String> notRun,
    List<Speed> speeds) {
  /** How a part ended. */
  enum Outcome {
    PASSED,
    FAILED,
    /** The part ran into its limit of time, or the whole check had no time left for it. */
    OUT_OF_TIME,
    /** The part's process ended without a result, as by an error in native code. */
    CRASHED
  }

  /** The end of one part. */
  record Verdict(String part, Outcome outcome, double seconds, String detail) {
    @Override
    public String toString() {
      return String.format(
          Locale.ROOT, "%s: %s (%.0f s): %s", text(outcome), part, seconds, detail);
    }
  }

  /** The rate of whole steps, with the images' way from the processor's memory. */
  record Speed(
      String model,
      String precision,
      int batch,
      double imagesPerSecond,
      double millisecondsPerStep) {}

  static final ObjectMapper JSON =
      new ObjectMapper()
          .setPropertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .enable(SerializationFeature.INDENT_OUTPUT);

  CheckReport {
    verdicts = List.copyOf(verdicts);
    notRun = List.copyOf(notRun);
    speeds = List.copyOf(speeds);
  }

  /** A report that passed if each part did, and none is left. */
  static CheckReport of(
      String began,
      String device,
      String engine,
      double seconds,
      List<Verdict> verdicts,
      List<String> notRun,
      List<Speed> speeds) {
    boolean passed =
        !verdicts.isEmpty()
            && notRun.isEmpty()
            && verdicts.stream().allMatch(verdict -> verdict.outcome() == Outcome.PASSED);
    return new CheckReport(began, device, engine, passed, seconds, verdicts, notRun, speeds);
  }

  private static String text(Outcome outcome) {
    String words = outcome.name().toLowerCase(Locale.ROOT).replace('_', ' ');
    return outcome == Outcome.PASSED ? words : words.toUpperCase(Locale.ROOT);
  }

  /** Writes {@code gpu-check.json} and {@code gpu-check.md}, each whole or not at all. */
  void write(Path folder) throws IOException {
    Files.createDirectories(folder);
    write(folder.resolve("gpu-check.json"), JSON.writeValueAsString(this) + '\n');
    write(folder.resolve("gpu-check.md"), markdown());
  }

  private static void write(Path file, String text) throws IOException {
    Path half = Files.writeString(file.resolveSibling(file.getFileName() + ".part"), text);
    Files.move(half, file, StandardCopyOption.REPLACE_EXISTING);
  }

  /** The report for people. */
  String markdown() {
    StringBuilder text = new StringBuilder("# gpu-check: ");
    text.append(passed ? "passed" : "FAILED").append("\n\n");
    if (!notRun.isEmpty()) {
      text.append("Not run: ").append(String.join(", ", notRun)).append(".\n\n");
    }
    text.append("- Device: ").append(device).append('\n');
    text.append("- Engine: ").append(engine).append('\n');
    text.append(String.format(Locale.ROOT, "- Began: %s, took %.0f s%n%n", began, seconds));
    text.append("| part | verdict | seconds | |\n|---|---|---|---|\n");
    for (Verdict verdict : verdicts) {
      text.append(
          String.format(
              Locale.ROOT,
              "| %s | %s | %.0f | %s |%n",
              verdict.part(),
              verdict.outcome() == Outcome.PASSED
                  ? "passed"
                  : "**" + text(verdict.outcome()) + "**",
              verdict.seconds(),
              verdict.detail().replace("|", "\\|").replace('\n', ' ')));
    }
    if (!speeds.isEmpty()) {
      text.append("\n| model | precision | batch | images/s | ms per step |\n");
      text.append("|---|---|---|---|---|\n");
    }
    for (Speed speed : speeds) {
      text.append(
          String.format(
              Locale.ROOT,
              "| %s | %s | %d | %.1f | %.2f |%n",
              speed.model(),
              speed.precision(),
              speed.batch(),
              speed.imagesPerSecond(),
              speed.millisecondsPerStep()));
    }
    return text.toString();
  }
}
