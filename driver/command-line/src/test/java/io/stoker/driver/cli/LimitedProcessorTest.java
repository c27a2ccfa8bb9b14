// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.testing.OtherProcess;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A processor with fewer instruction sets: oneDNN reads its limit once, when a process starts. */
@Tag("slow")
class LimitedProcessorTest {
  private static final List<String> STEP =
      List.of("bench step --model lenet5 --batch 2 --workers 1 --seconds 1 --json".split(" ", -1));

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
    run("AVX2").succeeded();
  }

  private static String onlyLine(String set, String... options) throws Exception {
    OtherProcess process = run(set, options);
    assertThat(process.exitCode()).isEqualTo(4);
    List<String> lines = process.errors().lines().toList();
    assertThat(lines).hasSize(1);
    return lines.get(0);
  }

  private static OtherProcess run(String set, String... options) throws Exception {
    List<String> arguments = new ArrayList<>(STEP);
    arguments.addAll(List.of(options));
    return OtherProcess.run(
        Main.class,
        List.of("-XX:TieredStopAtLevel=1"),
        environment -> environment.putAll(Map.of("DNNL_MAX_CPU_ISA", set, "OMP_NUM_THREADS", "1")),
        arguments.toArray(String[]::new));
  }
}
