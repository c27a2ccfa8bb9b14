// SPDX-License-Identifier: Apache-2.0
package io.stoker.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The Python with PyTorch that tests compare with: the one that the environment variable {@code
 * STOKER_TORCH_PYTHON} names, or {@code python3}.
 */
public final class TorchPython {
  private static final String PYTHON =
      System.getenv().getOrDefault("STOKER_TORCH_PYTHON", "python3");

  private TorchPython() {}

  /** Skips the test, and says why, where Python does not have some modules. */
  public static void require(String modules) throws IOException, InterruptedException {
    assumeTrue(
        execute(List.of(PYTHON, "-c", "import " + modules)).isEmpty(),
        "Not compared with PyTorch: %s has no %s".formatted(PYTHON, modules));
  }

  /** Runs a script of the test resources, which must succeed. */
  public static void run(String script, String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(PYTHON, "src/test/resources/" + script));
    command.addAll(List.of(arguments));
    assertThat(execute(command)).isEmpty();
  }

  /** Runs a program; empty if it succeeds, else what it said. */
  private static String execute(List<String> command) throws IOException, InterruptedException {
    Path output = Files.createTempFile("reference", ".log");
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(output.toFile())
              .start();
      if (!process.waitFor(5, TimeUnit.MINUTES)) {
        process.destroyForcibly();
        return "timeout";
      }
      return process.exitValue() == 0 ? "" : "failed: " + Files.readString(output);
    } catch (IOException e) {
      return e.toString();
    } finally {
      Files.delete(output);
    }
  }
}
