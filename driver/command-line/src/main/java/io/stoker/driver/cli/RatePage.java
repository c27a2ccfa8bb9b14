// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.driver.command.Line;
import io.stoker.driver.command.Report;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.search.RateCurve;

/** What the page of a range test shows. */
final class RatePage {
  private RatePage() {}

  static ObjectNode of(TrainingConfig config, RateCurve curve) {
    ObjectNode page = Report.object();
    page.put("title", "Range test of the learning rate")
        .put(
            "text",
            Line.of(
                "Model %s, %d workers, batch %d. Suggestion: %s, %s.",
                config.model(),
                config.rounds().workers(),
                config.rounds().batch(),
                curve.suggestion(),
                RateCurve.RULE));
    ObjectNode chart = page.putArray("charts").addObject();
    chart.put("title", "Loss by learning rate").put("x", "learning rate").put("logarithmic", true);
    ArrayNode lines = chart.putArray("lines");
    ObjectNode loss = lines.addObject().put("name", "loss of the round");
    ObjectNode smoothed = lines.addObject().put("name", "smoothed");
    for (RateCurve.Point point : curve.points()) {
      loss.withArray("x").add(point.rate());
      loss.withArray("y").add(point.loss());
      smoothed.withArray("x").add(point.rate());
      smoothed.withArray("y").add(point.smoothed());
    }
    page.putArray("tables");
    return page;
  }
}
