// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import io.stoker.engines.torch.CheckReport.Outcome;
import io.stoker.engines.torch.CheckReport.Speed;
import io.stoker.engines.torch.CheckReport.Verdict;
import io.stoker.failure.ResourceException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * What {@code deploy/bin/gpu-check} runs: each {@link CheckPart} in a process of its own, within
 * the time that is left. The report is {@code gpu-check.json} and {@code gpu-check.md}; each part's
 * output is a log next to them.
 */
public final class GpuCheck {
  private static final Duration BUDGET = Duration.ofSeconds(470);

  /** How much longer a part may take on a processor. */
  private static final int PROCESSOR_FACTOR = 6;

  /** Less is not enough for a process to start. */
  private static final Duration LEAST = Duration.ofSeconds(5);

  /** How a part's process ended. */
  record Ended(Outcome outcome, CheckPart.Result result, int exitCode) {}

  /** Runs a part. */
  interface Runner {
    /** Runs a part within a limit of time. */
    Ended run(CheckPart part, Duration limit) throws IOException, InterruptedException;
  }

  private final Runner runner;
  private final int factor;
  private final long start = System.nanoTime();
  private final List<Verdict> verdicts = new ArrayList<>();
  private final List<Speed> speeds = new ArrayList<>();

  /**
   * @param factor what limits of time are multiplied by
   */
  GpuCheck(Runner runner, int factor) {
    this.runner = runner;
    this.factor = factor;
  }

  /**
   * Runs the check and exits with 0 if all parts passed, 1 if one did not, and 4 without a card.
   *
   * @param arguments the folder of the report, and the folder of MNIST. The device is the system
   *     property {@code stoker.check.device}
   */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    Path folder = Path.of(arguments[0]);
    Files.createDirectories(folder);
    boolean card = DeviceUnderTest.isCard();
    Runner processes = new PartProcesses(folder, Path.of(arguments[1]));
    try {
      CheckReport report = new GpuCheck(processes, card ? 1 : PROCESSOR_FACTOR).run();
      report.write(folder);
      System.err.println("Report: " + folder.resolve("gpu-check.md"));
      System.out.println(report.passed() ? "gpu-check: passed" : "gpu-check: FAILED");
      System.exit(report.passed() ? 0 : 1);
    } catch (ResourceException e) {
      System.err.println("gpu-check: " + e.getMessage());
      System.exit(ResourceException.EXIT_CODE);
    }
  }

  /**
   * Runs all parts.
   *
   * @throws ResourceException if the first part finds no device
   */
  CheckReport run() throws IOException, InterruptedException {
    String began = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
    String device = "unknown";
    String engine = "unknown";
    for (CheckPart part : CheckPart.values()) {
      Ended ended = run(part);
      if (part == CheckPart.DEVICE && ended.outcome() == Outcome.PASSED) {
        device = ended.result().detail();
        engine = ended.result().engine();
      } else if (part == CheckPart.DEVICE) {
        break; // No other part can pass.
      }
    }
    return CheckReport.of(began, device, engine, seconds(start), verdicts, speeds);
  }

  private Ended run(CheckPart part) throws IOException, InterruptedException {
    long partStart = System.nanoTime();
    Duration left = BUDGET.multipliedBy(factor).minus(Duration.ofNanos(System.nanoTime() - start));
    Duration limit = part.limit().multipliedBy(factor);
    limit = limit.compareTo(left) < 0 ? limit : left;
    Ended ended =
        limit.compareTo(LEAST) < 0
            ? new Ended(Outcome.OUT_OF_TIME, CheckPart.Result.of(false, "not run"), 0)
            : runner.run(part, limit);
    if (ended.exitCode() == ResourceException.EXIT_CODE && part == CheckPart.DEVICE) {
      throw new ResourceException(ended.result().detail());
    }
    Verdict verdict =
        new Verdict(part.title(), ended.outcome(), seconds(partStart), ended.result().detail());
    verdicts.add(verdict);
    speeds.addAll(ended.result().speeds());
    System.err.println(verdict);
    return ended;
  }

  private static double seconds(long since) {
    return (System.nanoTime() - since) / 1e9;
  }

  /**
   * Runs parts in processes with this one's class path and device.
   *
   * @param folder for the logs and results
   * @param mnist the four files of MNIST, gzipped
   */
  record PartProcesses(Path folder, Path mnist) implements Runner {
    @Override
    public Ended run(CheckPart part, Duration limit) throws IOException, InterruptedException {
      String name = part.name().toLowerCase(Locale.ROOT).replace('_', '-');
      Path log = folder.resolve(name + ".log");
      Path result = Files.createTempFile(folder, name, ".json");
      try {
        Process process =
            new ProcessBuilder(
                    ProcessHandle.current().info().command().orElseThrow(),
                    "-Xmx4g",
                    "-Dstoker.check.device=" + (DeviceUnderTest.isCard() ? "gpu" : "cpu"),
                    "-Dlog4j2.configurationFile="
                        + System.getProperty("log4j2.configurationFile", ""),
                    "-cp",
                    System.getProperty("java.class.path"),
                    CheckPart.class.getName(),
                    part.name(),
                    result.toString(),
                    mnist.toString())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        process.getOutputStream().close();
        if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
          process.descendants().forEach(ProcessHandle::destroyForcibly);
          process.destroyForcibly().waitFor();
          return failed(
              Outcome.OUT_OF_TIME,
              String.format(Locale.ROOT, "ended after %d s, see %s", limit.toSeconds(), log),
              0);
        }
        return ended(process.exitValue(), result, log);
      } finally {
        Files.deleteIfExists(result);
      }
    }

    private static Ended ended(int exitCode, Path result, Path log) throws IOException {
      if (exitCode == ResourceException.EXIT_CODE) {
        return failed(Outcome.FAILED, lastLine(log), exitCode);
      }
      if (exitCode != 0) {
        return failed(
            Outcome.CRASHED,
            String.format(Locale.ROOT, "the process ended with code %d, see %s", exitCode, log),
            exitCode);
      }
      CheckPart.Result found = CheckReport.JSON.readValue(result.toFile(), CheckPart.Result.class);
      return new Ended(found.passed() ? Outcome.PASSED : Outcome.FAILED, found, exitCode);
    }

    private static Ended failed(Outcome outcome, String detail, int exitCode) {
      return new Ended(outcome, CheckPart.Result.of(false, detail), exitCode);
    }

    private static String lastLine(Path log) throws IOException {
      List<String> lines = Files.readAllLines(log);
      return lines.isEmpty() ? "no reason given" : lines.get(lines.size() - 1);
    }
  }
}
