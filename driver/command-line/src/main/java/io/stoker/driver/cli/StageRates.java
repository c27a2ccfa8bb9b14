// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.data.measure.StageClock.Rate;
import java.util.List;
import java.util.Locale;

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
          String.format(Locale.ROOT, "%d", rate.threads()),
          String.format(Locale.ROOT, "%,.0f", rate.imagesPerSecond()),
          String.format(Locale.ROOT, "%,.0f", rate.megabytesPerSecond()));
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
    return String.format(
        Locale.ROOT, "%s on one core: %.0f %% of the bare codec's rate%n", stage, 100 * share);
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
