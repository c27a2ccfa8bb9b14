// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.driver.TinyJob;
import io.stoker.testing.Exact;
import io.stoker.testing.OtherProcess;
import java.lang.management.ManagementFactory;
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

    OtherProcess limited =
        run(
            List.of("train", "--run", job.run("usual").toString(), "--resume", "--epochs", "2"),
            Map.of("DNNL_MAX_CPU_ISA", "SSE41"));
    assertThat(limited.exitCode()).isEqualTo(4);
    assertThat(lastLine(limited.errors()))
        .startsWith(
            "stoker: Cannot compute the same bits in this process: instruction_set is SSE41")
        .contains("set ONEDNN_MAX_CPU_ISA=");
  }

  private String trained(TinyJob job, String run, Map<String, String> environment)
      throws Exception {
    List<String> arguments =
        List.of(
            "train",
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
    Matcher parameters =
        PARAMETERS.matcher(lastLine(run(arguments, environment).succeeded().output()));
    assertThat(parameters.find()).isTrue();
    return parameters.group(1);
  }

  private static String lastLine(String printed) {
    return printed.lines().reduce("", (before, line) -> line);
  }

  private static OtherProcess run(List<String> arguments, Map<String, String> environment)
      throws Exception {
    List<String> options = new ArrayList<>();
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(argument -> argument.startsWith("--add-opens"))
        .forEach(options::add);
    options.addAll(
        List.of("-XX:TieredStopAtLevel=1", "-Dspark.master=local[2]", "-Dspark.ui.enabled=false"));
    return OtherProcess.run(
        Main.class,
        options,
        variables -> {
          variables
              .keySet()
              .removeIf(name -> name.endsWith("_NUM_THREADS") || name.contains("DNNL"));
          variables.putAll(environment);
        },
        arguments.toArray(String[]::new));
  }
}
