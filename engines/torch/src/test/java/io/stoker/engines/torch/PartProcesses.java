// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import com.fasterxml.jackson.core.JacksonException;
import io.stoker.engines.torch.CheckReport.Outcome;
import io.stoker.failure.ResourceException;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;

/** Runs parts of {@code gpu-check} in processes with this one's class path and device. */
final class PartProcesses implements GpuCheck.Runner {
  /** What a shell and Java add to the number of the signal that ended a process. */
  private static final int SIGNALLED = 128;

  private static final int KILLED = 9;

  private final Path folder;
  private final Path mnist;
  private final Class<?> program;

  /** The process that runs; null between parts. */
  private Process current;

  private boolean ended;

  /**
   * @param folder for the logs and results
   * @param mnist the four files of MNIST, gzipped
   * @param program has the method {@code main} of a part's process: {@link CheckPart#main}
   */
  PartProcesses(Path folder, Path mnist, Class<?> program) {
    this.folder = folder;
    this.mnist = mnist;
    this.program = program;
  }

  /**
   * {@inheritDoc}
   *
   * @throws CancellationException after {@link #end}
   */
  @Override
  public GpuCheck.Ended run(CheckPart part, Duration limit)
      throws IOException, InterruptedException {
    String name = part.name().toLowerCase(Locale.ROOT).replace('_', '-');
    Path log = folder.resolve(name + ".log");
    Path result = Files.createTempFile(folder, name, ".json");
    result.toFile().deleteOnExit(); // If the check is ended meanwhile.
    try {
      Process process = start(part, log, result);
      if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
        kill(process);
        process.waitFor();
        requireOngoing();
        return failed(
            Outcome.OUT_OF_TIME,
            String.format(Locale.ROOT, "ended after %d s, see %s", limit.toSeconds(), log),
            0);
      }
      requireOngoing();
      return ended(process.exitValue(), result, log);
    } finally {
      Files.deleteIfExists(result);
    }
  }

  private synchronized Process start(CheckPart part, Path log, Path result) throws IOException {
    requireOngoing();
    current =
        new ProcessBuilder(
                ProcessHandle.current().info().command().orElseThrow(),
                "-Xmx4g",
                "-XX:ErrorFile=" + log.toAbsolutePath() + ".crash",
                "-Dstoker.check.device=" + (DeviceUnderTest.isGpu() ? "gpu" : "cpu"),
                "-Dstoker.check.threads=" + Integer.getInteger("stoker.check.threads", 1),
                "-Dlog4j2.configurationFile=" + System.getProperty("log4j2.configurationFile", ""),
                "-cp",
                System.getProperty("java.class.path"),
                program.getName(),
                part.name(),
                result.toString(),
                mnist.toString())
            .redirectErrorStream(true)
            .redirectInput(new File("/dev/null"))
            .redirectOutput(log.toFile())
            .start();
    return current;
  }

  /** A part that was killed with the check has no verdict. */
  private synchronized void requireOngoing() {
    if (ended) {
      throw new CancellationException("the check was ended");
    }
  }

  /** Kills the part that runs; none begins afterwards. */
  synchronized void end() {
    ended = true;
    if (current != null && current.isAlive()) {
      kill(current);
    }
  }

  private static void kill(Process process) {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
  }

  private static GpuCheck.Ended ended(int exitCode, Path result, Path log) throws IOException {
    if (exitCode == ResourceException.EXIT_CODE) {
      return failed(Outcome.FAILED, lastLine(log), exitCode);
    }
    if (exitCode != 0) {
      return failed(Outcome.CRASHED, "%s, see %s".formatted(how(exitCode), log), exitCode);
    }
    try {
      CheckPart.Result found = CheckReport.JSON.readValue(result.toFile(), CheckPart.Result.class);
      return new GpuCheck.Ended(found.passed() ? Outcome.PASSED : Outcome.FAILED, found, exitCode);
    } catch (JacksonException e) {
      return failed(Outcome.CRASHED, "the process ended without a result, see " + log, exitCode);
    }
  }

  private static String how(int exitCode) {
    int signal = exitCode - SIGNALLED;
    if (signal <= 0) {
      return String.format(Locale.ROOT, "the process ended with code %d", exitCode);
    }
    return String.format(Locale.ROOT, "the process was ended by signal %d", signal)
        + (signal == KILLED ? ", as the system does where memory is short" : "");
  }

  private static GpuCheck.Ended failed(Outcome outcome, String detail, int exitCode) {
    return new GpuCheck.Ended(outcome, CheckPart.Result.of(false, detail), exitCode);
  }

  private static String lastLine(Path log) throws IOException {
    List<String> lines = Files.readString(log, StandardCharsets.ISO_8859_1).lines().toList();
    return lines.isEmpty() ? "no reason given" : lines.get(lines.size() - 1);
  }
}
