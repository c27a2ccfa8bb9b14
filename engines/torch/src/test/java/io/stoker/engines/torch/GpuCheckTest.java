// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.stoker.engines.torch.CheckReport.Outcome;
import io.stoker.engines.torch.CheckReport.Speed;
import io.stoker.engines.torch.CheckReport.Verdict;
import io.stoker.failure.ResourceException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GpuCheckTest {
  private static final CheckPart.Result DEVICE =
      new CheckPart.Result(true, "Some GPU (compute capability 9.0)", "libtorch 2.10.0", List.of());
  private static final Speed SPEED = new Speed("alexnet", "tf32", 128, 1234.5, 103.7);

  private final List<CheckReport> kept = new ArrayList<>();

  /** Every part passes, but for one. */
  private static GpuCheck.Runner endingWith(CheckPart odd, GpuCheck.Ended end) {
    return (part, limit) -> {
      if (part == odd) {
        return end;
      }
      CheckPart.Result result =
          switch (part) {
            case DEVICE -> DEVICE;
            case ALEXNET -> new CheckPart.Result(true, "tf32 1234", "", List.of(SPEED));
            default -> CheckPart.Result.of(true, "3 of 3 tests passed");
          };
      return new GpuCheck.Ended(Outcome.PASSED, result, 0);
    };
  }

  private static GpuCheck.Ended passing() {
    return new GpuCheck.Ended(Outcome.PASSED, CheckPart.Result.of(true, "fine"), 0);
  }

  /** A check whose reports are in a list. */
  private GpuCheck check(GpuCheck.Runner runner) {
    return new GpuCheck(runner, kept::add, 1);
  }

  @Test
  void passesIfEachPartDoes() throws Exception {
    CheckReport report = check(endingWith(CheckPart.MEMORY, passing())).run();

    assertThat(report.passed()).isTrue();
    assertThat(report.device()).startsWith("Some GPU");
    assertThat(report.engine()).isEqualTo("libtorch 2.10.0");
    assertThat(report.verdicts()).hasSize(CheckPart.values().length);
    assertThat(report.speeds()).containsExactly(SPEED);
  }

  @Test
  void aPartThatFailsCrashesOrRunsOutOfTimeFailsTheCheckAndNoOtherPart() throws Exception {
    for (Outcome outcome : List.of(Outcome.FAILED, Outcome.CRASHED, Outcome.OUT_OF_TIME)) {
      GpuCheck.Ended end = new GpuCheck.Ended(outcome, CheckPart.Result.of(false, "why"), 134);

      CheckReport report = check(endingWith(CheckPart.CONTRACT, end)).run();

      assertThat(report.passed()).isFalse();
      assertThat(report.verdicts()).hasSize(CheckPart.values().length);
      assertThat(report.verdicts().stream().filter(each -> each.outcome() != Outcome.PASSED))
          .singleElement()
          .extracting(Verdict::outcome, Verdict::detail)
          .containsExactly(outcome, "why");
    }
  }

  @Test
  void withoutAGpuNothingElseRuns() {
    GpuCheck.Ended none =
        new GpuCheck.Ended(
            Outcome.FAILED,
            CheckPart.Result.of(false, "No GPU to check: no NVIDIA driver is loaded"),
            ResourceException.EXIT_CODE);

    assertThatThrownBy(() -> check(endingWith(CheckPart.DEVICE, none)).run())
        .isInstanceOf(ResourceException.class)
        .hasMessage("No GPU to check: no NVIDIA driver is loaded");
    assertThat(kept.get(kept.size() - 1).verdicts())
        .singleElement()
        .extracting(Verdict::detail)
        .isEqualTo("No GPU to check: no NVIDIA driver is loaded");
  }

  @Test
  void aCrashOfTheFirstPartIsAFailedCheck() throws Exception {
    GpuCheck.Ended crash =
        new GpuCheck.Ended(Outcome.CRASHED, CheckPart.Result.of(false, "code 139"), 139);

    CheckReport report = check(endingWith(CheckPart.DEVICE, crash)).run();

    assertThat(report.passed()).isFalse();
    assertThat(report.verdicts()).hasSize(1);
    assertThat(report.notRun()).hasSize(CheckPart.values().length - 1).contains("memory");
  }

  @Test
  void aReportIsKeptAfterEachPartAndNamesThoseThatHaveNotRun() throws Exception {
    check(endingWith(CheckPart.MEMORY, passing())).run();

    int parts = CheckPart.values().length;
    assertThat(kept).hasSize(parts + 1);
    assertThat(kept).allMatch(report -> report.verdicts().size() + report.notRun().size() == parts);
    assertThat(kept.get(2).notRun()).doesNotContain("contract of engines").contains("memory");
  }

  @Test
  void theLimitsOfAllPartsAreLessThanEightMinutes() {
    Duration all =
        Arrays.stream(CheckPart.values())
            .map(CheckPart::limit)
            .reduce(Duration.ZERO, Duration::plus);

    assertThat(all).isLessThan(Duration.ofMinutes(8));
  }

  @Test
  void writesJsonAndMarkdown(@TempDir Path folder) throws Exception {
    Verdict failed = new Verdict("memory", Outcome.OUT_OF_TIME, 60, "ended | after\n60 s");
    CheckReport report =
        CheckReport.of(
            "2026-01-02T03:04:05Z",
            "Some GPU",
            "libtorch",
            100,
            List.of(new Verdict("contract", Outcome.PASSED, 40, "200 of 200"), failed),
            List.of("training", "speed"),
            List.of(SPEED));

    report.write(folder.resolve("report"));

    JsonNode json = CheckReport.JSON.readTree(folder.resolve("report/gpu-check.json").toFile());
    assertThat(json.get("passed").booleanValue()).isFalse();
    assertThat(json.get("verdicts").get(1).get("outcome").textValue()).isEqualTo("OUT_OF_TIME");
    assertThat(json.get("speeds").get(0).get("images_per_second").doubleValue()).isEqualTo(1234.5);
    assertThat(Files.readString(folder.resolve("report/gpu-check.md")))
        .startsWith("# gpu-check: FAILED\n")
        .contains("Not run: training, speed.")
        .contains("| contract | passed | 40 | 200 of 200 |")
        .contains("| memory | **OUT OF TIME** | 60 | ended \\| after 60 s |")
        .contains("| alexnet | tf32 | 128 | 1234.5 | 103.70 |");
  }

  @Test
  void aReportWithoutVerdictsHasNotPassed() {
    assertThat(CheckReport.of("", "", "", 0, List.of(), List.of(), List.of()).passed()).isFalse();
  }

  @Test
  void aReportOfACheckThatIsNotOverHasNotPassed() {
    List<Verdict> passed = List.of(new Verdict("contract", Outcome.PASSED, 40, "200 of 200"));

    assertThat(CheckReport.of("", "", "", 0, passed, List.of(), List.of()).passed()).isTrue();
    assertThat(CheckReport.of("", "", "", 0, passed, List.of("memory"), List.of()).passed())
        .isFalse();
  }

  @Test
  void theExitCodeIsThatOfTheVerdicts(@TempDir Path folder) throws Exception {
    GpuCheck.Ended failed =
        new GpuCheck.Ended(Outcome.FAILED, CheckPart.Result.of(false, "why"), 0);
    GpuCheck.Ended none =
        new GpuCheck.Ended(
            Outcome.FAILED, CheckPart.Result.of(false, "No GPU"), ResourceException.EXIT_CODE);

    assertThat(GpuCheck.exitCode(check(endingWith(CheckPart.MEMORY, passing())), folder)).isZero();
    assertThat(GpuCheck.exitCode(check(endingWith(CheckPart.MEMORY, failed)), folder)).isOne();
    assertThat(GpuCheck.exitCode(check(endingWith(CheckPart.DEVICE, none)), folder)).isEqualTo(4);
  }

  @Test
  void aReportThatCannotBeWrittenEndsTheCheckBeforeItsParts(@TempDir Path folder) throws Exception {
    Path file = Files.createFile(folder.resolve("file"));
    List<CheckPart> ran = new ArrayList<>();
    GpuCheck.Runner runner =
        (part, limit) -> {
          ran.add(part);
          return passing();
        };

    GpuCheck check = new GpuCheck(runner, report -> report.write(file.resolve("report")), 1);

    assertThat(GpuCheck.exitCode(check, file.resolve("report"))).isEqualTo(4);
    assertThat(ran).isEmpty();
  }

  /** On a system that says that its C library is an older one. */
  @Tag("slow")
  @Test
  void anEngineThatCannotRunIsOneLineOfTheFirstPart(@TempDir Path folder) throws Exception {
    Path getconf = folder.resolve("getconf");
    Files.writeString(getconf, "#!/bin/sh\necho 'glibc 2.28'\n");
    assertThat(getconf.toFile().setExecutable(true)).isTrue();
    ProcessBuilder builder =
        new ProcessBuilder(
                ProcessHandle.current().info().command().orElseThrow(),
                "-cp",
                System.getProperty("java.class.path"),
                CheckPart.class.getName(),
                CheckPart.DEVICE.name(),
                folder.resolve("result.json").toString(),
                folder.toString())
            .redirectErrorStream(true);
    builder.environment().merge("PATH", folder + ":", (path, first) -> first + path);
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

    assertThat(process.waitFor()).as(output).isEqualTo(ResourceException.EXIT_CODE);
    assertThat(output)
        .startsWith("Engine torch cannot run on this machine, because libtorch 2.10.0 needs glibc")
        .contains("this system has 2.28")
        .hasLineCount(1);
  }

  /** Runs the tests of a class by JUnit, as a part of the check does. */
  @Test
  void countsTheTestsOfAClass() {
    CheckPart.Result result = CheckPart.tests(NvidiaMachineTest.class);

    assertThat(result.detail()).matches("(\\d+) of \\1 tests passed");
    assertThat(result.passed()).isTrue();
  }
}
