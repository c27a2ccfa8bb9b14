// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.evaluate;

import io.stoker.driver.averaging.SharedParameters;
import io.stoker.driver.checkpoint.ParameterChoice;
import io.stoker.driver.checkpoint.StoredModel;
import io.stoker.driver.cluster.GpuRequest;
import io.stoker.driver.run.ModelFiles;
import io.stoker.driver.slice.ParameterSlices;
import io.stoker.driver.slice.SliceSource;
import io.stoker.failure.Check;
import io.stoker.models.file.ModelMetadata;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;

/** Evaluates a checkpoint on a split, on the executors; only counts return to the driver. */
public final class EvaluateJob {
  private EvaluateJob() {}

  /**
   * Evaluates one checkpoint, or the mean of several.
   *
   * @param spark the cluster
   * @param request what to evaluate on what
   * @throws io.stoker.failure.StokerException if the checkpoint or the data cannot be used, or do
   *     not fit each other
   */
  public static EvaluationReport run(JavaSparkContext spark, EvaluateRequest request) {
    Configuration hadoop = spark.hadoopConfiguration();
    List<StoredModel> models =
        request.average() == 1
            ? List.of(request.model().openToPredict(hadoop))
            : ModelFiles.newest(
                    request.model().checkpoint(),
                    request.average(),
                    request.model().parameters(),
                    hadoop)
                .stream()
                .map(request.model()::sized)
                .toList();
    return run(spark, request, models);
  }

  /**
   * Evaluates every checkpoint of a run, one after the other.
   *
   * @param spark the cluster
   * @param request what to evaluate on what; its checkpoint is a run folder
   * @param listener sees each report as soon as there is one
   * @return one report per checkpoint, oldest first; damaged ones are skipped with a warning
   * @throws io.stoker.failure.StokerException as {@link #run} does, and if it is no run folder
   */
  public static List<EvaluationReport> runAll(
      JavaSparkContext spark, EvaluateRequest request, Consumer<EvaluationReport> listener) {
    Check.input(
        request.average() == 1,
        "Invalid average: %d (all checkpoints are evaluated one by one)",
        request.average());
    List<EvaluationReport> reports = new ArrayList<>();
    for (StoredModel model :
        ModelFiles.all(
            request.model().checkpoint(),
            request.model().parameters(),
            spark.hadoopConfiguration())) {
      EvaluationReport report = run(spark, request, List.of(request.model().sized(model)));
      listener.accept(report);
      reports.add(report);
    }
    return List.copyOf(reports);
  }

  /**
   * Evaluates the parameters of a job that trains, where they are.
   *
   * @param request what to evaluate on what; its checkpoint is where they will be written
   * @param metadata the model and everything else that prediction needs
   * @param parameters the parameters
   * @param layout how they are cut
   * @param frozen where those are that are in no slice
   */
  public static EvaluationReport runInTraining(
      JavaSparkContext spark,
      EvaluateRequest request,
      ModelMetadata metadata,
      SharedParameters parameters,
      ParameterSlices layout,
      SliceSource frozen) {
    TrainedNetwork network =
        TrainedNetwork.inTraining(
            metadata,
            GpuRequest.engine(spark.getConf(), request.model().engine()).name(),
            SplitEvaluation.capacity(request),
            request.model().arithmetic());
    SplitEvaluation.Subject subject =
        new SplitEvaluation.Subject(
            metadata,
            List.of(request.model().checkpoint()),
            layout.ema() ? ParameterChoice.EMA : ParameterChoice.LAST,
            "");
    try (SharedParameters.Snapshot snapshot = parameters.snapshot()) {
      return new SplitEvaluation(spark, request, subject, network).run(snapshot, frozen);
    }
  }

  /** Evaluates a model that was opened, or the mean of several. */
  static EvaluationReport run(
      JavaSparkContext spark, EvaluateRequest request, List<StoredModel> models) {
    TrainedNetwork network =
        TrainedNetwork.of(
            models,
            GpuRequest.engine(spark.getConf(), request.model().engine()).name(),
            SplitEvaluation.capacity(request),
            request.model().arithmetic());
    return new SplitEvaluation(spark, request, models, network).run(Optional.empty());
  }
}
