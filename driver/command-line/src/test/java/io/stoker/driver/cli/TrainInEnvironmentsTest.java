// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.driver.TinyJob;
import io.stoker.testing.Exact;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The same job in processes whose environments differ, without the launcher. */
@Exact
@Tag("slow")
class TrainInEnvironmentsTest {
  private static final Pattern PARAMETERS =
      Pattern.compile("\"parameters_sha256\":\"([0-9a-f]+)\"");

  @TempDir Path folder;

  @Test
  void givesTheSameBitsOrSaysWhatDiffers() throws Exception {
    TinyJob job = TinyJob.in(folder);

    String usual = trained(job, "usual", Map.of("OMP_NUM_THREADS", "1"));
    assertThat(trained(job, "unset", Map.of())).isEqualTo(usual);
    assertThat(
            trained(
                job,
                "threads",
                Map.of(
                    "OMP_NUM_THREADS", "3",
                    "OPENBLAS_NUM_THREADS", "3",
                    "MKL_NUM_THREADS", "3",
                    "ONEDNN_DEFAULT_FPMATH_MODE", "BF16",
                    "ONEDNN_CPU_ISA_HINTS", "PREFER_YMM")))
        .isEqualTo(usual);

    assertThat(
            run(
                List.of("--run", job.run("usual").toString(), "--resume", "--epochs", "2"),
                Map.of("DNNL_MAX_CPU_ISA", "SSE41")))
        .isEqualTo(4);
    assertThat(lastLine("err"))
        .startsWith(
            "stoker: Cannot compute the same bits in this process: instruction_set is SSE41")
        .contains("set ONEDNN_MAX_CPU_ISA=");
  }

  private String trained(TinyJob job, String run, Map<String, String> environment)
      throws Exception {
    List<String> options =
        List.of(
            "--data",
            job.data().toString(),
            "--run",
            job.run(run).toString(),
            "--model",
            folder.resolve("tiny.yaml").toString(),
            "--batch",
            "16",
            "--local-steps",
            "3",
            "--epochs",
            "1",
            "--json");
    assertThat(run(options, environment)).as(lastLine("err")).isZero();
    Matcher parameters = PARAMETERS.matcher(lastLine("out"));
    assertThat(parameters.find()).isTrue();
    return parameters.group(1);
  }

  private String lastLine(String file) throws IOException {
    List<String> lines = Files.readAllLines(folder.resolve(file));
    return lines.isEmpty() ? "" : lines.get(lines.size() - 1);
  }

  private int run(List<String> options, Map<String, String> environment) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(ProcessHandle.current().info().command().orElseThrow());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(argument -> argument.startsWith("--add-opens"))
        .forEach(command::add);
    command.addAll(
        List.of(
            "-XX:TieredStopAtLevel=1",
            "-Dspark.master=local[2]",
            "-Dspark.ui.enabled=false",
            "-cp",
            System.getProperty("java.class.path"),
            Main.class.getName(),
            "train"));
    command.addAll(options);
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectError(folder.resolve("err").toFile())
            .redirectOutput(folder.resolve("out").toFile());
    builder
        .environment()
        .keySet()
        .removeIf(name -> name.endsWith("_NUM_THREADS") || name.contains("DNNL"));
    builder.environment().putAll(environment);
    return builder.start().waitFor();
  }
}
