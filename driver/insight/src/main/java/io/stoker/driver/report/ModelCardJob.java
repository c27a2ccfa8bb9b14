// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.report;

import io.stoker.data.shard.ShardFolder;
import io.stoker.driver.checkpoint.Locations;
import io.stoker.driver.checkpoint.StoredModel;
import io.stoker.driver.evaluate.EvaluateJob;
import io.stoker.driver.evaluate.EvaluateRequest;
import io.stoker.driver.evaluate.EvaluationReport;
import io.stoker.driver.run.BestValidation;
import io.stoker.driver.run.ModelFiles;
import io.stoker.driver.run.RunFolder;
import io.stoker.driver.run.RunRecord;
import io.stoker.failure.StokerException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * Writes a run's model card. Where the data are gone or changed, or cannot be evaluated on, the
 * card says so and has the rest.
 */
public final class ModelCardJob {
  /**
   * A card.
   *
   * @param markdown the document
   * @param evaluation what it is based on, if the checkpoint could be evaluated
   * @param missing what it lacks, and why
   */
  public record Result(
      String markdown, Optional<EvaluationReport> evaluation, List<String> missing) {
    public Result {
      missing = List.copyOf(missing);
    }
  }

  private ModelCardJob() {}

  /**
   * Makes the card of a run's best checkpoint by validation, else of its newest valid one.
   *
   * @param spark runs the evaluation
   * @param request which run, and what to evaluate on
   * @throws io.stoker.failure.InputException if there is no run, or no checkpoint in it
   * @throws io.stoker.failure.DamagedException if its record or the checkpoint cannot be read
   */
  public static Result run(JavaSparkContext spark, ReportRequest request) {
    Configuration hadoop = spark.hadoopConfiguration();
    RunRecord record = RunFolder.at(Locations.absolute(request.run(), hadoop), hadoop).recorded();
    StoredModel model = ModelFiles.open(request.run(), hadoop);
    model.requireFinite();
    String location = request.dataOf(record);
    List<String> missing = new ArrayList<>();
    Optional<ShardFolder> data = Optional.empty();
    Optional<EvaluationReport> evaluation = Optional.empty();
    try {
      ShardFolder found = ShardFolder.open(Locations.absolute(location, hadoop), hadoop);
      if (found.manifestHash().equals(record.job().dataSha256())) {
        data = Optional.of(found);
      } else {
        missing.add(
            "counts of the training data: what is in %s now is another data set"
                .formatted(Locations.plain(location)));
      }
    } catch (StokerException | UncheckedIOException e) {
      missing.add("counts of the training data (%s)".formatted(e.getMessage()));
    }
    try {
      evaluation =
          Optional.of(
              EvaluateJob.run(
                  spark,
                  new EvaluateRequest(
                      model.path().toString(),
                      location,
                      request.split(),
                      request.batch(),
                      request.engine())));
    } catch (StokerException | UncheckedIOException e) {
      missing.add("the evaluation (%s)".formatted(e.getMessage()));
    }
    return new Result(
        new ModelCard(record, model, best(request.run(), model, hadoop), data, evaluation, missing)
            .toMarkdown(),
        evaluation,
        missing);
  }

  /** The best validation, unless its checkpoint is damaged and the card is about another one. */
  private static Optional<BestValidation> best(
      String run, StoredModel model, Configuration hadoop) {
    return ModelFiles.bestValidation(run, hadoop)
        .filter(best -> best.validation().round() == model.metadata().clock().round());
  }
}
