// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.driver.checkpoint.Locations;
import io.stoker.driver.config.ConfigFormat;
import io.stoker.driver.config.TrainingConfig;
import java.util.List;
import java.util.Map;

/** Commands for a POSIX shell that repeat a run. */
final class ReproductionCommands {
  private ReproductionCommands() {}

  /**
   * Commands that train by the same recipe into another run folder, evaluate, and report.
   *
   * @param config the run's config, with absolute locations
   */
  static List<String> of(TrainingConfig config) {
    String run = Locations.plain(config.run());
    String again = run + "-again";
    String data = Locations.plain(config.data().uri());
    return List.of(
        recipe(config, again),
        "./stoker train --recipe recipe.yaml",
        "./stoker evaluate --checkpoint %s --data %s"
            .formatted(ShellQuoting.quote(again), ShellQuoting.quote(data)),
        "./stoker report --run %s --output report.html".formatted(ShellQuoting.quote(again)));
  }

  /** Each value is one line of JSON, which is also YAML: no value can end the document. */
  private static String recipe(TrainingConfig config, String run) {
    StringBuilder text = new StringBuilder("cat > recipe.yaml <<'END_OF_RECIPE'\n");
    ObjectNode values = changed(config);
    values.put("data", Locations.plain(config.data().uri())).put("run", run);
    for (Map.Entry<String, JsonNode> value : values.properties()) {
      text.append(value.getKey()).append(": ").append(value.getValue()).append('\n');
    }
    return text.append("END_OF_RECIPE").toString();
  }

  /**
   * The model, the options that differ from their defaults, and those whose default is not fixed.
   */
  private static ObjectNode changed(TrainingConfig config) {
    ObjectNode values = ConfigFormat.toJson(config);
    ObjectNode defaults =
        ConfigFormat.toJson(
            TrainingConfig.builder()
                .data(config.data().uri())
                .run(config.run())
                .model(config.model())
                .build());
    for (Map.Entry<String, JsonNode> value : defaults.properties()) {
      boolean same = value.getValue().equals(values.get(value.getKey()));
      boolean always =
          value.getKey().equals("model")
              || TrainingConfig.DEPENDENT_DEFAULTS.contains(value.getKey());
      if (same && !always) {
        values.remove(value.getKey());
      }
    }
    return values;
  }
}
