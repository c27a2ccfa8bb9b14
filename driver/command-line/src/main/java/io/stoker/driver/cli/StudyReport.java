// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.base.Table;
import io.stoker.driver.checkpoint.Locations;
import io.stoker.driver.command.Line;
import io.stoker.driver.command.Report;
import io.stoker.driver.report.ShellQuoting;
import io.stoker.driver.search.Standing;
import io.stoker.driver.search.StudyFolder;
import io.stoker.driver.search.TrialResult;
import io.stoker.failure.InputException;
import java.nio.charset.StandardCharsets;

/** The best trial of a study, with its recipe and the command that trains it again. */
final class StudyReport {
  private static final String RECIPE = "best.yaml";

  private StudyReport() {}

  /**
   * Writes the recipe.
   *
   * @throws InputException if no trial has succeeded
   */
  static Report of(Standing standing, StudyFolder folder) {
    TrialResult winner =
        standing
            .best()
            .orElseThrow(
                () ->
                    new InputException(
                        "Study %s has no trial that succeeded yet%s"
                            .formatted(
                                folder.path(),
                                standing
                                    .firstFailure()
                                    .map(reason -> "; the first that failed: " + reason)
                                    .orElse(""))));
    StudyText text = new StudyText(standing);
    folder.write(RECIPE, text.recipe(winner).getBytes(StandardCharsets.UTF_8));
    String recipe = Locations.plain(folder.path() + "/" + RECIPE);
    String command =
        "./stoker train --recipe %s --data %s --run NEW"
            .formatted(
                ShellQuoting.quote(recipe),
                ShellQuoting.quote(Locations.plain(standing.plan().data())));
    int folds = standing.plan().folds();
    Table table =
        new Table()
            .row("best trial", Line.of("%d of %d", winner.trial(), standing.plan().trials()))
            .row("result", text.value(winner) + (folds == 0 ? "" : ", mean of " + folds + " folds"))
            .row("options", text.options(winner))
            .row(
                folds == 0 ? "run" : "runs",
                Locations.plain(folder.run(winner.trial()).toString())
                    + (folds == 0 ? "" : "/fold-1 to " + folds))
            .row(
                "parameters",
                "SHA-256 %s%s"
                    .formatted(
                        winner.parametersSha256(), folds == 0 ? "" : " of those of all folds"))
            .row("train again", command);
    ObjectNode json = Report.object();
    json.put("trial", winner.trial())
        .put("metric", standing.plan().metric().toString())
        .put("value", winner.value())
        .put("epochs", winner.epochs())
        .put("parameters_sha256", winner.parametersSha256())
        .put("run", Locations.plain(folder.run(winner.trial()).toString()))
        .put("results", standing.results().size())
        .put("expected", standing.expected())
        .put("recipe", recipe)
        .put("command", command);
    json.set("options", standing.options().get(winner.trial()));
    if (folds > 0) {
      json.put("folds", folds);
    }
    if (!standing.plan().costs().isEmpty()) {
      front(standing, text, table, json.putArray("front"));
    }
    return new Report(table.toString(), json);
  }

  private static void front(Standing standing, StudyText text, Table table, ArrayNode json) {
    for (TrialResult each : standing.front()) {
      String line = "%s (%s)".formatted(text.value(each), text.options(each));
      table.row("front", Line.of("trial %d: %s", each.trial(), line));
      ObjectNode trial = json.addObject().put("trial", each.trial()).put("value", each.value());
      for (int i = 0; i < each.costs().size(); i++) {
        trial.put(standing.plan().costs().get(i).toString(), each.costs().get(i));
      }
      trial.set("options", standing.options().get(each.trial()));
    }
  }
}
