// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.base.Table;
import io.stoker.driver.checkpoint.Locations;
import io.stoker.driver.command.Line;
import io.stoker.driver.command.Report;
import io.stoker.driver.score.BulkPredictResult;

/** Shows the result of {@code predict --input}. */
final class BulkPrediction {
  private BulkPrediction() {}

  static Report report(BulkPredictResult result) {
    Table table =
        new Table()
            .row(
                "found",
                Line.of(
                    "%,d: %,d classified, %,d unreadable, %,d ignored",
                    result.found(),
                    result.images() - result.unreadable(),
                    result.unreadable(),
                    result.ignored()))
            .row(
                "speed",
                Line.of("%.1f s, %,.1f images/s", result.seconds(), result.imagesPerSecond()));
    if (result.unreadable() > 0) {
      table.row("unreadable", "their column error says why; the first are");
      result
          .examples()
          .forEach(
              each ->
                  table.row("", "%s: %s".formatted(Locations.plain(each.path()), each.error())));
    }
    if (result.ignored() > 0) {
      table.row("ignored", "by their names no images, or hidden, or no regular files");
    }
    table.row("predictions", Locations.plain(result.output()));
    ObjectNode json = Report.object(result);
    json.put("found", result.found());
    json.put("images_per_second", result.imagesPerSecond());
    return new Report(table.toString(), json);
  }
}
