// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URL;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BenchAveragingTest {
  private final Commands commands = new Commands();

  @Tag("slow")
  @Test
  void measuresEachSizeWithEachNumberOfWorkersBesideTheDriversWay() {
    JsonNode measured =
        commands
            .json(
                "bench averaging --parameters 3000,2000000 --workers 1,2 --rounds 2 --baseline"
                    + " driver")
            .get("measured");

    assertThat(measured).hasSize(4);
    assertThat(measured.findValuesAsText("workers")).containsExactly("1", "2", "1", "2");
    for (JsonNode each : measured) {
      long vector = 4 * each.get("parameters").asLong();
      assertThat(each.get("seconds_per_round").asDouble()).isPositive();
      assertThat(each.get("driver_bytes_per_round").asLong()).isBetween(1L, 100_000L);
      assertThat(each.at("/baselines/driver/driver_bytes_per_round").asLong())
          .isGreaterThan(vector);
    }
  }

  @Test
  void aBaselineThatIsNotOnTheClassPathIsSaidToBeMissingInOneLine() {
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    thread.setContextClassLoader(new WithoutServices(before));
    try {
      for (String command : List.of("averaging --parameters 3000", "accuracy --data x")) {
        Commands.Outcome outcome = commands.run("bench " + command + " --baseline dl4j");

        assertThat(outcome.exitCode()).isEqualTo(4);
        assertThat(outcome.err())
            .startsWith("stoker: Cannot measure baseline dl4j: it is not on the class path; run")
            .hasLineCount(1);
      }
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  /** A class path on which no library has registered itself. */
  private static final class WithoutServices extends ClassLoader {
    WithoutServices(ClassLoader parent) {
      super(parent);
    }

    @Override
    public Enumeration<URL> getResources(String name) throws IOException {
      return name.startsWith("META-INF/services/io.stoker.driver.bench")
          ? Collections.emptyEnumeration()
          : super.getResources(name);
    }
  }

  @Test
  void oneSizeIsTheWholeReport() {
    JsonNode json = commands.json("bench averaging --parameters 3000 --rounds 1 --wire int8");

    assertThat(json.get("parameters").asInt()).isEqualTo(3000);
    assertThat(json.get("workers").asInt()).isEqualTo(2);
    assertThat(json.get("wire").asText()).isEqualTo("int8");
    assertThat(json.get("executor_bytes_per_round").asLong()).isZero(); // there is one executor
  }

  @Test
  void overlapIsComparedWithTheSameRoundsWithoutIt() {
    JsonNode measured =
        commands
            .json(
                "bench averaging --parameters 600000 --rounds 4 --local-steps 4 --step-millis 25"
                    + " --overlap-steps 0,3")
            .get("measured");

    assertThat(measured.findValuesAsText("overlap_steps")).containsExactly("0", "3");
    for (JsonNode each : measured) {
      double seconds = each.get("seconds_per_round").asDouble();
      assertThat(each.get("steps_seconds").asDouble()).isEqualTo(0.1);
      assertThat(each.get("seconds_in_addition").asDouble())
          .isPositive()
          .isCloseTo(seconds - 0.1, within(1e-9));
    }
    double plain = measured.get(0).get("seconds_in_addition").asDouble();
    double overlapping = measured.get(1).get("seconds_in_addition").asDouble();
    assertThat(measured.get(0).has("hidden_share")).isFalse();
    assertThat(measured.get(1).get("hidden_share").asDouble())
        .isCloseTo(1 - overlapping / plain, within(1e-9));
  }

  @Test
  void simulatesLargeClustersWithoutSpark() {
    Commands.Outcome outcome =
        commands.run(
            "bench averaging --simulate --parameters 62000000 --bandwidth 25gbit --local-steps 100"
                + " --step-millis 40 --overlap-steps 0,50 --json");

    JsonNode simulated = outcome.json().get("simulated");
    assertThat(simulated.findValuesAsText("workers"))
        .containsExactly("64", "64", "128", "128", "256", "256", "512", "512", "1024", "1024");
    for (JsonNode each : simulated) {
      assertThat(each.get("steps_seconds").asDouble()).isEqualTo(4);
      assertThat(each.get("seconds_per_round").asDouble()).isGreaterThan(4);
      assertThat(each.get("driver_bytes_per_round").asLong()).isPositive();
    }
  }

  @Test
  void comparesRulesOnClustersWithSlowMachines() {
    JsonNode simulated =
        commands
            .run(
                "bench averaging --simulate --parameters 1000000 --workers 8 --rounds 50"
                    + " --local-steps 20 --step-millis 50 --slow-workers 0.125 --quorum 0.75 --json")
            .json()
            .get("simulated");

    assertThat(simulated.findValuesAsText("quorum")).containsExactly("1.0", "0.75", "1.0", "0.75");
    assertThat(simulated.findValuesAsText("work_by_speed"))
        .containsExactly("false", "false", "true", "true");
    assertThat(simulated.get(0).get("goodput").asDouble()).isBetween(0.25, 0.35);
    assertThat(simulated.get(2).get("goodput").asDouble()).isBetween(0.8, 0.9);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--slow-workers 0.1|go with --simulate",
        "--simulate --slow-workers 2 --step-millis 5|Invalid --slow-workers: 2.0",
        "--simulate --slow-workers 0.1|say --step-millis X",
        "--simulate --slow-factor 2|--slow-factor goes with --slow-workers",
        "--simulate --slow-workers 0.1 --slow-factor 0.5 --step-millis 5|Invalid --slow-factor: 0.5",
        "--simulate --tail 1 --step-millis 5|Invalid --tail: 1.0",
        "--simulate --failures-per-hour -1 --step-millis 5|Invalid --failures-per-hour: -1.0",
        "--simulate --restart-seconds 5|--restart-seconds goes with --failures-per-hour",
        "--simulate --quorum 0.5|--quorum goes with --slow-workers",
        "--simulate --tail 4 --quorum 0 --step-millis 5|Invalid --quorum: 0.0",
        "--simulate --tail 4 --local-steps 4 --overlap-steps 2 --step-millis 5|without --overlap-steps",
      })
  void stragglersThatMakeNoSenseAreRefused(String options, String message) {
    Commands.Outcome outcome = commands.run("bench averaging --parameters 1000 " + options);

    assertThat(outcome.exitCode()).isEqualTo(2);
    assertThat(outcome.err()).contains(message);
  }
}
