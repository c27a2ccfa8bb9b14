package io.stoker.driver.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.data.measure.StageClock.Rate;
import java.util.List;

/** Shows the rates of a pipeline's stages. */
final class StageRates {
  private static final String CODEC = "codec";

  private StageRates() {}

  /** A table of rates, which the JSON object gets too. */
  static Table addTo(ObjectNode json, List<Rate> rates) {
    Table table = new Table(1, 2, 3).row("stage", "threads", "images/s", "MB/s");
    for (Rate rate : rates) {
      table.row(
          rate.stage(),
          "%d".formatted(rate.threads()),
          "%,.0f".formatted(rate.imagesPerSecond()),
          "%,.0f".formatted(rate.megabytesPerSecond()));
      json.withArray("rates").add(Report.object(rate));
    }
    return table;
  }

  /** A line on how near a stage comes to the bare codec; empty if that was not measured. */
  static String shareOfCodec(String stage, List<Rate> rates, ObjectNode json) {
    double codec = first(CODEC, rates);
    if (codec == 0) {
      return "";
    }
    double share = first(stage, rates) / codec;
    json.put(stage + "_to_codec", share);
    return "%s on one core: %.0f %% of the bare codec's rate%n".formatted(stage, 100 * share);
  }

  /** The first rate of a stage; 0 if there is none. */
  private static double first(String stage, List<Rate> rates) {
    return rates.stream()
        .filter(rate -> rate.stage().equals(stage))
        .mapToDouble(Rate::imagesPerSecond)
        .findFirst()
        .orElse(0);
  }
}
