package io.stoker.driver.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.driver.checkpoint.Locations;
import io.stoker.driver.score.BulkPredictResult;

/** What {@code predict --input} tells. */
final class BulkPrediction {
  private BulkPrediction() {}

  static Report report(BulkPredictResult result) {
    Table table =
        new Table()
            .row(
                "images",
                "%,d in %.1f s, %,.1f images/s"
                    .formatted(result.images(), result.seconds(), result.imagesPerSecond()));
    if (result.unreadable() > 0) {
      table.row(
          "unreadable", "%,d, the reasons are in column error".formatted(result.unreadable()));
      result
          .examples()
          .forEach(
              each ->
                  table.row("", "%s: %s".formatted(Locations.plain(each.path()), each.error())));
    }
    if (result.ignored() > 0) {
      table.row("ignored", "%,d files that are no images by name".formatted(result.ignored()));
    }
    table.row("predictions", Locations.plain(result.output()));
    ObjectNode json = Report.object(result);
    json.put("images_per_second", result.imagesPerSecond());
    return new Report(table.toString(), json);
  }
}
