// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.driver.config.SelectionMetric;
import io.stoker.driver.search.TrialResult.State;
import io.stoker.failure.DamagedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StudyFolderTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private Path folder;

  private StudyFolder study;

  /** Four trials in the brackets of Hyperband, of which one has a result. */
  @BeforeEach
  void write() throws IOException {
    study = StudyFolder.at(new org.apache.hadoop.fs.Path(folder.toUri()), new Configuration(false));
    ObjectNode space = (ObjectNode) JSON.readTree("{\"momentum\": [0.8, 0.9], \"epochs\": 4}");
    study.record(
        new StudyPlan(
            "data",
            "hash",
            "test",
            0,
            space,
            4,
            4,
            2,
            true,
            SelectionMetric.ACCURACY,
            List.of(Cost.PARAMETERS),
            Sampler.SOBOL,
            2,
            0));
    study.write(result(1, 0, State.DONE));
  }

  private static TrialResult result(int trial, int rung, State state) {
    List<Double> costs = state == State.DONE ? List.of(9.0) : List.of();
    return new TrialResult(trial, rung, 1, state, 0.5, 0.5, "hash", 1, "", costs);
  }

  @ParameterizedTest
  @ValueSource(strings = {"study.json", "results/000001-0.json"})
  void aFileWithoutOneOfItsFieldsIsDamaged(String name) throws IOException {
    Path file = folder.resolve(name);
    byte[] whole = Files.readAllBytes(file);
    List<String> fields = new ArrayList<>();
    JSON.readTree(whole).fieldNames().forEachRemaining(fields::add);
    assertThat(fields).hasSizeGreaterThanOrEqualTo(10);
    fields.removeAll(Set.of("hyperband", "costs")); // Earlier releases had none.
    for (String field : fields) {
      ObjectNode tree = (ObjectNode) JSON.readTree(whole);
      tree.remove(field);
      Files.write(file, JSON.writeValueAsBytes(tree));

      assertThatThrownBy(() -> Standing.of(study))
          .as(field)
          .isInstanceOf(DamagedException.class)
          .hasMessageContaining(file.getFileName().toString())
          .hasMessageContaining(field)
          .hasMessageNotContaining("\n");
    }
    Files.write(file, whole);
    assertThat(Standing.of(study).best()).contains(result(1, 0, State.DONE));
  }

  @ParameterizedTest
  @CsvSource({"trials, 0", "factor, 1", "space, 7"})
  void aPlanWithAWrongFieldIsDamaged(String field, int value) throws IOException {
    Path file = folder.resolve(StudyFolder.FILE);
    ObjectNode tree = (ObjectNode) JSON.readTree(Files.readAllBytes(file));
    Files.write(file, JSON.writeValueAsBytes(tree.put(field, value)));

    assertThatThrownBy(study::plan)
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining(StudyFolder.FILE);
  }

  @ParameterizedTest
  @CsvSource({"000001-7.json, 1, 7", "000004-0.json, 4, 0", "000002-0.json, 1, 0"})
  void aResultThatThePlanDoesNotHaveIsDamaged(String name, int trial, int rung) throws IOException {
    TrialResult result = result(trial, rung, State.DONE);
    study.write(result);
    Path results = folder.resolve("results");
    if (!name.equals(result.file())) {
      Files.move(results.resolve(result.file()), results.resolve(name));
    }

    assertThatThrownBy(() -> Standing.of(study))
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining(name);
  }

  @Test
  void aTrialThatFailedOnAHigherRungStandsBelowThoseThatDidNot() {
    study.write(result(0, 0, State.DONE));
    study.write(result(2, 0, State.DIVERGED));
    study.write(result(3, 0, State.DONE));
    study.write(result(0, 1, State.DIVERGED));

    Standing standing = Standing.of(study);

    assertThat(standing.bestFirst()).extracting(TrialResult::trial).containsExactly(3, 1, 0, 2);
    assertThat(standing.best()).contains(standing.bestFirst().get(0));
    assertThat(standing.front()).doesNotContain(result(0, 0, State.DONE));
  }

  @Test
  void theTableOfATrialThatDivergedHasNoValue() throws IOException {
    study.write(result(2, 0, State.DIVERGED));

    study.writeTables(Standing.of(study));

    List<String> lines = Files.readAllLines(folder.resolve("trials.jsonl"));
    assertThat(lines).hasSize(2);
    JsonNode done = JSON.readTree(lines.get(0));
    assertThat(done.get("value").doubleValue()).isEqualTo(result(1, 0, State.DONE).value());
    assertThat(done.get("state").asText()).isEqualTo("done");
    JsonNode diverged = JSON.readTree(lines.get(1));
    assertThat(diverged.get("trial").intValue()).isEqualTo(2);
    assertThat(diverged.get("value").isNull()).isTrue();
    assertThat(diverged.get("state").asText()).isEqualTo("diverged");
    assertThat(diverged.has("shortfall")).isFalse();
  }
}
