// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.probe;

import io.stoker.data.augment.Distortion;
import io.stoker.driver.checkpoint.StoredModel;
import io.stoker.driver.evaluate.Distorted;
import io.stoker.driver.evaluate.EvaluateRequest;
import io.stoker.driver.evaluate.EvaluationReport;
import io.stoker.driver.evaluate.SplitEvaluation;
import io.stoker.driver.evaluate.TrainedNetwork;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * Measures to which changes of images a network is invariant: evaluates it on a split whose images
 * are distorted, level by level. Every level sees all images; each slot keeps one network. The
 * method is that of Zeiler and Fergus, 2014, section 4.1 (shift, scale, rotation), and of Hendrycks
 * and Dietterich, 2019 (blur, noise, resolution).
 */
public final class ProbeJob {
  private ProbeJob() {}

  /**
   * Evaluates each level of each distortion.
   *
   * @param spark the cluster
   * @param request what to probe
   * @param listener sees each measurement as soon as there is one
   * @throws io.stoker.failure.StokerException as evaluation does
   */
  public static ProbeReport run(
      JavaSparkContext spark,
      ProbeRequest request,
      BiConsumer<Distortion, ProbeReport.Measurement> listener) {
    long start = System.nanoTime();
    EvaluateRequest evaluation = request.evaluation();
    List<StoredModel> models = List.of(evaluation.model().open(spark.hadoopConfiguration()));
    SplitEvaluation split =
        new SplitEvaluation(
            spark,
            evaluation,
            models,
            TrainedNetwork.of(
                models,
                evaluation.model().engine(),
                SplitEvaluation.capacity(evaluation),
                evaluation.model().arithmetic()));
    EvaluationReport plain = split.run(Optional.empty());
    List<ProbeReport.Curve> curves = new ArrayList<>();
    for (Distortion distortion : request.distortions()) {
      List<ProbeReport.Measurement> measurements = new ArrayList<>();
      for (double level : distortion.levels()) {
        EvaluationReport report =
            level == distortion.neutral()
                ? plain
                : split.run(Optional.of(new Distorted(distortion, level, request.seed())));
        ProbeReport.Measurement measurement = ProbeReport.Measurement.of(level, report);
        listener.accept(distortion, measurement);
        measurements.add(measurement);
      }
      curves.add(new ProbeReport.Curve(distortion, measurements));
    }
    return new ProbeReport(plain, curves, request.seed(), (System.nanoTime() - start) / 1e9);
  }
}
