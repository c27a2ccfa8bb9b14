// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A processor with fewer instruction sets: oneDNN reads its limit once, when a process starts. */
@Tag("slow")
class LimitedProcessorTest {
  private static final List<String> STEP =
      List.of("bench", "step", "--model", "lenet5", "--batch", "2", "--workers", "1");

  @TempDir Path folder;

  @Test
  void bf16IsRefusedWithOneLineWhereItWouldBeEmulated() throws Exception {
    assertThat(onlyLine("AVX512_CORE", "--precision", "bf16"))
        .startsWith("stoker: Cannot compute in bf16: this processor (")
        .endsWith("use --precision fp32");
  }

  @Test
  void winogradIsRefusedWithOneLineWhereThereIsNone() throws Exception {
    assertThat(onlyLine("AVX2", "--convolution", "winograd"))
        .startsWith("stoker: Cannot compute Winograd convolutions: this processor (")
        .endsWith("begin one with --convolution direct");
  }

  @Test
  void whatIsChosenWithoutOptionsRunsOnEachProcessor() throws Exception {
    assertThat(run("AVX2")).isZero();
  }

  private String onlyLine(String set, String... options) throws Exception {
    assertThat(run(set, options)).isEqualTo(4);
    List<String> lines = Files.readAllLines(folder.resolve("err"));
    assertThat(lines).hasSize(1);
    return lines.get(0);
  }

  private int run(String set, String... options) throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                ProcessHandle.current().info().command().orElseThrow(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName()));
    command.addAll(STEP);
    command.addAll(List.of("--seconds", "1", "--json"));
    command.addAll(List.of(options));
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectError(folder.resolve("err").toFile())
            .redirectOutput(folder.resolve("out").toFile());
    builder.environment().put("DNNL_MAX_CPU_ISA", set);
    builder.environment().put("OMP_NUM_THREADS", "1");
    return builder.start().waitFor();
  }
}
