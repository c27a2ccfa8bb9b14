// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.evaluate;

import io.stoker.data.pack.Broadcasts;
import io.stoker.data.shard.ShardFolder;
import io.stoker.data.shard.ShardManifest;
import io.stoker.driver.checkpoint.Calibration;
import io.stoker.driver.checkpoint.Locations;
import io.stoker.driver.checkpoint.ManifestFormat;
import io.stoker.driver.checkpoint.ParameterChoice;
import io.stoker.driver.checkpoint.StoredModel;
import io.stoker.driver.cluster.GpuRequest;
import io.stoker.driver.spark.NumberedTasks;
import io.stoker.driver.spark.SparkFailures;
import io.stoker.failure.Check;
import io.stoker.worker.eval.EvaluationCounts;
import io.stoker.worker.eval.LabelledProbabilities;
import io.stoker.worker.eval.LabelledProbabilities.Sums;
import io.stoker.worker.eval.Temperature;
import java.util.List;
import java.util.Locale;
import java.util.function.DoubleFunction;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.storage.StorageLevel;
import org.apache.spark.util.SerializableConfiguration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fits the temperature of a model (Guo et al., 2017, section 4.2): the one with the lowest log loss
 * on images that it was not trained on. The network predicts each image once. The probabilities
 * stay on the executors, a task for each block, and the driver gets sums of the blocks, which it
 * adds in their order: the temperature does not depend on the number of slots.
 */
public final class CalibrateJob {
  /** The split that a temperature is fitted on if no other is named. */
  public static final String VALIDATION = "validation";

  /** Bounds of the factor of logits, which is 1 divided by the temperature. */
  private static final double LOWEST = 1 / 20.0;

  private static final double HIGHEST = 20;

  private static final double TOLERANCE = 1e-9;
  private static final int NEWTON_STEPS = 100;

  private static final Logger LOG = LoggerFactory.getLogger(CalibrateJob.class);

  private CalibrateJob() {}

  /**
   * Fits the temperature and writes it next to the model.
   *
   * @param spark the cluster
   * @param request which model, and on what; without a split on {@value #VALIDATION}
   * @throws io.stoker.failure.InputException if there is no such split, or the model does not fit
   *     the data
   */
  public static Calibration run(JavaSparkContext spark, EvaluateRequest request) {
    Configuration hadoop = spark.hadoopConfiguration();
    StoredModel model = request.model().open(hadoop);
    ShardFolder shards = ShardFolder.open(Locations.absolute(request.data(), hadoop), hadoop);
    String split = request.split().isBlank() ? VALIDATION : request.split();
    requireSplit(shards.manifest(), split, request.data());
    TrainedNetwork network =
        TrainedNetwork.of(
            List.of(model),
            GpuRequest.engine(spark.getConf(), request.model().engine()).name(),
            SplitEvaluation.capacity(request),
            request.model().arithmetic(),
            Temperature.ONE);
    EvaluateRequest fitted =
        new EvaluateRequest(request.model(), request.data(), split, request.batch(), 1);
    SplitEvaluation.check(spark, fitted, List.of(model), network);
    EvaluationTask task =
        new EvaluationTask(
            network,
            request.model().testViews(),
            null,
            shards.path().toString(),
            shards.manifestHash(),
            split);
    Calibration calibration = fit(spark, task, shards, model, request.model());
    calibration.write(model.path(), hadoop);
    model
        .otherCalibration()
        .ifPresent(
            other ->
                LOG.warn(
                    "The temperature {} of its {} was replaced: a model keeps one",
                    String.format(Locale.ROOT, "%.4f", other.temperature()),
                    model.choice() == ParameterChoice.LAST
                        ? "moving average, which is evaluated by default,"
                        : "last parameters"));
    return calibration;
  }

  /**
   * Makes sure that there is a split to fit a temperature on.
   *
   * @throws io.stoker.failure.InputException if there is none
   */
  public static void requireSplit(ShardManifest data, String split, String uri) {
    Check.input(
        data.hasSplit(split),
        "Cannot calibrate: the data at %s have no split '%s' (prepare --split-train validation=0.1"
            + " takes one out of train)",
        uri,
        split);
  }

  private static Calibration fit(
      JavaSparkContext spark,
      EvaluationTask task,
      ShardFolder shards,
      StoredModel model,
      Inference inference) {
    int blocks = shards.manifest().split(task.split()).blockRows().length;
    Broadcast<SerializableConfiguration> hadoop =
        spark.broadcast(new SerializableConfiguration(spark.hadoopConfiguration()));
    spark.sc().setJobDescription("calibrate " + Locations.plain(model.path().toString()));
    JavaRDD<LabelledProbabilities> predicted =
        new NumberedTasks<>(
                spark, blocks, block -> task.probabilities(block, hadoop.value().value()))
            .toJavaRDD()
            .persist(StorageLevel.MEMORY_AND_DISK());
    try {
      return SparkFailures.unwrapped(
          () -> {
            double factor = bestFactor(at -> sums(predicted, at));
            Temperature temperature = new Temperature(1 / factor);
            EvaluationCounts before = counts(predicted, Temperature.ONE);
            EvaluationCounts after = counts(predicted, temperature);
            return new Calibration(
                ManifestFormat.FORMAT_VERSION,
                temperature.value(),
                model.parametersSha256(),
                shards.manifestHash(),
                task.split(),
                before.examples(),
                inference.testViews().toString(),
                before.logLoss(),
                after.logLoss(),
                before.calibrationError(),
                after.calibrationError());
          });
    } finally {
      if (!spark.sc().isStopped()) { // Executors do not answer a stopped context.
        predicted.unpersist(false);
      }
      Broadcasts.destroy(hadoop);
    }
  }

  private static Sums sums(JavaRDD<LabelledProbabilities> predicted, double factor) {
    return predicted.map(block -> block.lossAt(factor)).collect().stream()
        .reduce(new Sums(0, 0, 0, 0), Sums::plus);
  }

  private static EvaluationCounts counts(
      JavaRDD<LabelledProbabilities> predicted, Temperature temperature) {
    return predicted.map(block -> block.counts(temperature)).treeReduce(EvaluationCounts::merge);
  }

  /**
   * Newton's method, for a loss that is convex in the factor; a step that leaves the bounds known
   * so far is replaced by their geometric mean, and so are all steps if these do not suffice. The
   * loss of a model without mistakes falls for ever, and the factor stays 1.
   */
  static double bestFactor(DoubleFunction<Sums> loss) {
    double low = LOWEST;
    double high = HIGHEST;
    double factor = 1;
    boolean found = false;
    for (int step = 0; !found; step++) {
      if (step == NEWTON_STEPS && loss.apply(HIGHEST).slope() <= 0) {
        factor = HIGHEST; // On a tail, a step is too short to get there.
        break;
      }
      Sums sums = loss.apply(factor);
      if (sums.slope() > 0) {
        high = factor;
      } else {
        low = factor;
      }
      double next = factor - sums.slope() / sums.curvature();
      if (step >= NEWTON_STEPS || !(next > low && next < high)) { // also if it is not a number
        next = Math.sqrt(low * high);
      }
      found = Math.abs(next - factor) <= TOLERANCE * factor;
      factor = next;
    }
    if (factor < (1 + 1e-6) * LOWEST) {
      LOG.warn(
          "The model is far too sure of itself on these images, or no better than chance: the"
              + " temperature is the highest that is tried, {} (train on, or calibrate on more"
              + " images)",
          Math.round(1 / LOWEST));
    }
    if (factor < (1 - 1e-6) * HIGHEST) {
      return factor;
    }
    LOG.warn(
        "The model makes no mistake on these images, so that no temperature fits: it stays 1"
            + " (calibrate on more images)");
    return 1;
  }
}
