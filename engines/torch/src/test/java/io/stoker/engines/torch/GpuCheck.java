// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import io.stoker.engines.torch.CheckReport.Outcome;
import io.stoker.engines.torch.CheckReport.Speed;
import io.stoker.engines.torch.CheckReport.Verdict;
import io.stoker.failure.ResourceException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;

/**
 * What {@code deploy/bin/gpu-check} runs: each {@link CheckPart} in a process of its own, within
 * the time that is left. The report is {@code gpu-check.json} and {@code gpu-check.md}; each part's
 * output is a log next to them. The report is written after each part, so that it says what ran
 * even if the check is killed.
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

  /** Keeps a report. */
  interface Keeper {
    /** Replaces the report that was kept before. */
    void keep(CheckReport report) throws IOException;
  }

  private final Runner runner;
  private final Keeper keeper;
  private final int factor;
  private final long start = System.nanoTime();
  private final String began = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
  private final List<Verdict> verdicts = new ArrayList<>();
  private final List<Speed> speeds = new ArrayList<>();
  private String device = "unknown";
  private String engine = "unknown";

  /**
   * @param keeper is given a report before the first part and after each
   * @param factor what limits of time are multiplied by
   */
  GpuCheck(Runner runner, Keeper keeper, int factor) {
    this.runner = runner;
    this.keeper = keeper;
    this.factor = factor;
  }

  /**
   * Runs the check and exits with 0 if all parts passed, 1 if one did not, and 4 without a GPU or
   * if the report cannot be written.
   *
   * @param arguments the folder of the report, and the folder of MNIST. The device is the system
   *     property {@code stoker.check.device}
   */
  public static void main(String[] arguments) throws InterruptedException {
    Path folder = Path.of(arguments[0]);
    PartProcesses processes = new PartProcesses(folder, Path.of(arguments[1]), CheckPart.class);
    Runtime.getRuntime().addShutdownHook(new Thread(processes::end));
    int factor = DeviceUnderTest.isGpu() ? 1 : PROCESSOR_FACTOR;
    System.exit(exitCode(new GpuCheck(processes, report -> report.write(folder), factor), folder));
  }

  /** Runs a check, tells people how it ended, and returns the exit code. */
  static int exitCode(GpuCheck check, Path folder) throws InterruptedException {
    try {
      CheckReport report = check.run();
      System.err.println("Report: " + folder.resolve("gpu-check.md"));
      System.out.println(report.passed() ? "gpu-check: passed" : "gpu-check: FAILED");
      return report.passed() ? 0 : 1;
    } catch (ResourceException e) {
      System.err.println("gpu-check: " + e.getMessage());
    } catch (CancellationException e) {
      System.err.printf("gpu-check: %s; %s says what ran%n", e.getMessage(), folder);
      return 1;
    } catch (IOException e) {
      System.err.printf(
          "gpu-check: cannot write the report to %s: %s; name another folder with --report%n",
          folder, e);
    }
    return ResourceException.EXIT_CODE;
  }

  /**
   * Runs all parts.
   *
   * @throws ResourceException if the first part finds no device
   * @throws IOException if the report cannot be kept
   */
  CheckReport run() throws IOException, InterruptedException {
    keeper.keep(report());
    for (CheckPart part : CheckPart.values()) {
      Ended ended = run(part);
      boolean first = part == CheckPart.DEVICE;
      if (first && ended.outcome() == Outcome.PASSED) {
        device = ended.result().detail();
        engine = ended.result().engine();
      }
      keeper.keep(report());
      if (first && ended.exitCode() == ResourceException.EXIT_CODE) {
        throw new ResourceException(ended.result().detail());
      }
      if (first && ended.outcome() != Outcome.PASSED) {
        break; // No other part can pass.
      }
    }
    return report();
  }

  private CheckReport report() {
    List<String> notRun =
        Arrays.stream(CheckPart.values()).skip(verdicts.size()).map(CheckPart::title).toList();
    return CheckReport.of(began, device, engine, seconds(start), verdicts, notRun, speeds);
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
    Verdict verdict =
        new Verdict(part.title(), ended.outcome(), seconds(partStart), ended.result().detail());
    verdicts.add(verdict);
    speeds.addAll(ended.result().speeds());
    if (ended.exitCode() != ResourceException.EXIT_CODE || part != CheckPart.DEVICE) {
      System.err.println(verdict); // Without a GPU, the one line says it.
    }
    return ended;
  }

  private static double seconds(long since) {
    return (System.nanoTime() - since) / 1e9;
  }
}
