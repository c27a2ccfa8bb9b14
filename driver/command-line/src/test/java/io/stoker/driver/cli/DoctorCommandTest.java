// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.stoker.driver.cli.Commands.Outcome;
import io.stoker.models.engine.Engine;
import io.stoker.models.engine.Engines;
import org.junit.jupiter.api.Test;

class DoctorCommandTest {
  private final Commands commands = new Commands();

  @Test
  void findsNoProblemHere() {
    JsonNode found = commands.json("doctor");

    assertThat(found.get("slots").asInt()).isEqualTo(2);
    assertThat(found.get("cores").asInt()).isPositive();
    assertThat(found.get("engines").findValuesAsText("name")).contains("onednn", "dl4j");
    assertThat(found.get("verdicts").findValuesAsText("subject"))
        .contains("java", "spark", "engine", "processors", "threads", "memory");
    assertThat(found.get("verdicts").findValuesAsText("level")).doesNotContain("PROBLEM");
  }

  @Test
  void endsWithExitCode4WhereSomethingIsWrong() {
    assumeThat(Engines.all()).noneMatch(Engine::computesOnDevices); // not the CUDA build

    Outcome outcome = commands.run("doctor --device gpu");

    assertThat(outcome.exitCode()).isEqualTo(4);
    assertThat(outcome.out()).contains("PROBLEM:", "ND4J's backend is the CPU", "mvn -Pcuda");
  }

  @Test
  void refusesToComputeOnBoth() {
    Outcome outcome = commands.with("spark.task.resource.gpu.amount", 1).run("doctor --device cpu");

    assertThat(outcome.exitCode()).isEqualTo(2);
    assertThat(outcome.err()).startsWith("stoker: Invalid --device cpu with");
  }
}
