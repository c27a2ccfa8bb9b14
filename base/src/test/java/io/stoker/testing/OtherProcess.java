// SPDX-License-Identifier: Apache-2.0
package io.stoker.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * A class of this class path in another process, which has ended. Libraries read their variables
 * once, when a process starts, so a test of them needs another.
 *
 * @param exitCode the number that it ended with
 * @param output what it printed
 * @param errors what it printed as errors
 */
public record OtherProcess(int exitCode, String output, String errors) {
  /**
   * Runs a class to its end.
   *
   * @param options those of Java, without the class path
   * @param environment changes the variables, which are at first those of this process
   */
  public static OtherProcess run(
      Class<?> main,
      List<String> options,
      Consumer<Map<String, String>> environment,
      String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(ProcessHandle.current().info().command().orElseThrow());
    command.addAll(options);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    command.addAll(List.of(arguments));
    Path errors = Files.createTempFile("errors", null);
    try {
      ProcessBuilder builder = new ProcessBuilder(command).redirectError(errors.toFile());
      environment.accept(builder.environment());
      Process process = builder.start();
      try {
        String output = text(process.getInputStream().readAllBytes());
        return new OtherProcess(process.waitFor(), output, text(Files.readAllBytes(errors)));
      } finally {
        process.destroyForcibly();
      }
    } finally {
      Files.delete(errors);
    }
  }

  /** What does not decode is replaced: errors may be in any language. */
  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  /**
   * Runs a class to its end, and fails unless its exit code is 0.
   *
   * @param options those of Java, without the class path
   * @param environment variables that are added to those of this process
   * @return what it printed, without errors
   */
  public static String output(
      Class<?> main, List<String> options, Map<String, String> environment, String... arguments)
      throws IOException, InterruptedException {
    return run(main, options, variables -> variables.putAll(environment), arguments)
        .succeeded()
        .output();
  }

  /** Fails unless its exit code is 0. */
  public OtherProcess succeeded() {
    assertThat(exitCode).as(output + errors).isZero();
    return this;
  }
}
