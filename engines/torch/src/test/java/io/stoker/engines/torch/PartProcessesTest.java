// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.engines.torch.CheckReport.Outcome;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Parts of the check in processes of their own, which end in other ways than they should. */
class PartProcessesTest {
  private static final Duration LONG = Duration.ofMinutes(2);

  @TempDir private Path folder;

  /** Ends as the name of its part says, in a way that this test has chosen. */
  static final class Misbehaving {
    private Misbehaving() {}

    public static void main(String[] arguments) throws Exception {
      System.out.println("this is the log");
      switch (CheckPart.valueOf(arguments[0])) {
        case DEVICE -> {
          System.err.println("No GPU to check");
          System.exit(4);
        }
        case CONTRACT -> sendToThisProcess("SEGV");
        case AGREEMENT -> System.exit(3);
        case DETERMINISM -> Files.writeString(Path.of(arguments[1]), "{");
        case MEMORY -> Thread.sleep(Long.MAX_VALUE);
        case TRAINING ->
            CheckReport.JSON.writeValue(
                Path.of(arguments[1]).toFile(), CheckPart.Result.of(true, "fine"));
        default -> sendToThisProcess("KILL");
      }
    }

    /** To Java, a signal from outside is an error in native code. */
    private static void sendToThisProcess(String signal) throws Exception {
      String pid = Long.toString(ProcessHandle.current().pid());
      new ProcessBuilder("kill", "-" + signal, pid).start().waitFor();
      Thread.sleep(Long.MAX_VALUE);
    }
  }

  private PartProcesses processes() {
    return new PartProcesses(folder, folder, Misbehaving.class);
  }

  private GpuCheck.Ended run(CheckPart part, Duration limit) throws Exception {
    GpuCheck.Ended ended = processes().run(part, limit);
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).noneMatch(file -> file.toString().endsWith(".json"));
    }
    return ended;
  }

  @Test
  void aResultIsRead() throws Exception {
    GpuCheck.Ended ended = run(CheckPart.TRAINING, LONG);

    assertThat(ended.outcome()).isEqualTo(Outcome.PASSED);
    assertThat(ended.result()).isEqualTo(CheckPart.Result.of(true, "fine"));
    assertThat(Files.readString(folder.resolve("training.log"))).contains("this is the log");
  }

  @Test
  void aCrashInNativeCodeIsNamedWithItsLog() throws Exception {
    GpuCheck.Ended ended = run(CheckPart.CONTRACT, LONG);

    assertThat(ended.outcome()).isEqualTo(Outcome.CRASHED);
    assertThat(ended.result().detail())
        .startsWith("the process was ended by signal 6, see ")
        .endsWith("contract.log");
    assertThat(folder.resolve("contract.log.crash")).exists();
  }

  @Test
  void anExitCodeIsNamed() throws Exception {
    assertThat(run(CheckPart.AGREEMENT, LONG).result().detail())
        .startsWith("the process ended with code 3, see ");
  }

  @Test
  void aProcessThatIsKilledIsACrash() throws Exception {
    GpuCheck.Ended ended = run(CheckPart.ALEXNET, LONG);

    assertThat(ended.outcome()).isEqualTo(Outcome.CRASHED);
    assertThat(ended.result().detail()).contains("signal 9", "memory is short", "alexnet.log");
  }

  @Test
  void halfAResultIsACrash() throws Exception {
    GpuCheck.Ended ended = run(CheckPart.DETERMINISM, LONG);

    assertThat(ended.outcome()).isEqualTo(Outcome.CRASHED);
    assertThat(ended.result().detail()).startsWith("the process ended without a result");
  }

  @Test
  void aPartThatHangsIsEndedAtItsLimit() throws Exception {
    GpuCheck.Ended ended = run(CheckPart.MEMORY, Duration.ofSeconds(3));

    assertThat(ended.outcome()).isEqualTo(Outcome.OUT_OF_TIME);
    assertThat(ended.result().detail()).startsWith("ended after 3 s, see ");
  }

  @Test
  void aMachineWithoutAGpuGivesTheLastLineOfThePart() throws Exception {
    GpuCheck.Ended ended = run(CheckPart.DEVICE, LONG);

    assertThat(ended.exitCode()).isEqualTo(4);
    assertThat(ended.result().detail()).isEqualTo("No GPU to check");
  }

  @Test
  void anEndedCheckBeginsNoPart() {
    PartProcesses processes = processes();

    processes.end();

    assertThatThrownBy(() -> processes.run(CheckPart.TRAINING, LONG))
        .isInstanceOf(CancellationException.class);
  }
}
