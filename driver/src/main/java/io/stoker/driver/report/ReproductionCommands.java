package io.stoker.driver.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.driver.checkpoint.Locations;
import io.stoker.driver.config.ConfigFormat;
import io.stoker.driver.config.TrainingConfig;
import java.util.List;
import java.util.Map;

/** The commands that do a run again, for a POSIX shell. */
final class ReproductionCommands {
  private ReproductionCommands() {}

  /**
   * Training from the same recipe into a folder of its own, evaluation, and the report.
   *
   * @param config the run's, its locations absolute
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

  /** A value is one line of JSON, which is YAML too, so that none can end the document. */
  private static String recipe(TrainingConfig config, String run) {
    StringBuilder text = new StringBuilder("cat > recipe.yaml <<'END_OF_RECIPE'\n");
    ObjectNode values = changed(config);
    values.put("data", Locations.plain(config.data().uri())).put("run", run);
    for (Map.Entry<String, JsonNode> value : values.properties()) {
      text.append(value.getKey()).append(": ").append(value.getValue()).append('\n');
    }
    return text.append("END_OF_RECIPE").toString();
  }

  /** The values that are not the defaults. */
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
      if (same && !value.getKey().equals("model")) {
        values.remove(value.getKey());
      }
    }
    return values;
  }
}
