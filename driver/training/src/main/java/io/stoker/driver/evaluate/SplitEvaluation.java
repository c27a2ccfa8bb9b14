// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.evaluate;

import io.stoker.data.shard.ShardFolder;
import io.stoker.data.shard.ShardManifest;
import io.stoker.driver.checkpoint.Locations;
import io.stoker.driver.checkpoint.StoredModel;
import io.stoker.driver.cluster.MemoryCheck;
import io.stoker.driver.cluster.MemoryNeed;
import io.stoker.driver.config.ModelReference;
import io.stoker.failure.Check;
import io.stoker.models.file.ModelMetadata;
import io.stoker.worker.eval.EvaluationCounts;
import io.stoker.worker.eval.ModelInput;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * A network and a split that fit each other, evaluated once or under many changes of the images.
 */
public final class SplitEvaluation {
  private final JavaSparkContext spark;
  private final EvaluateRequest request;
  private final List<StoredModel> models;
  private final TrainedNetwork network;
  private final ShardFolder shards;
  private final String split;

  /**
   * Opens the data.
   *
   * @param spark the cluster
   * @param request what to evaluate on what
   * @param models its checkpoint, or those whose mean is evaluated, oldest first
   * @param network with room for {@link #capacity} images
   * @throws io.stoker.failure.StokerException if the data cannot be used, or do not fit
   */
  public SplitEvaluation(
      JavaSparkContext spark,
      EvaluateRequest request,
      List<StoredModel> models,
      TrainedNetwork network) {
    this.spark = spark;
    this.request = request;
    this.models = List.copyOf(models);
    this.network = network;
    this.shards =
        ShardFolder.open(
            Locations.absolute(request.data(), spark.hadoopConfiguration()),
            spark.hadoopConfiguration());
    requireFit(newest().metadata(), shards.manifest());
    request
        .model()
        .testViews()
        .of(shards.manifest().image(), network.input()); // have the images room?
    this.split = split(request.split(), shards.manifest());
    MemoryCheck.require(
        spark,
        MemoryNeed.ofPrediction(network.model(), network.batch()),
        shards.manifest().split(split).blockRows().length,
        1);
  }

  /** How many images a network takes in one pass: the windows of one image go together. */
  public static int capacity(EvaluateRequest request) {
    return Math.max(request.batch(), request.model().testViews().count());
  }

  private StoredModel newest() {
    return models.get(models.size() - 1);
  }

  /**
   * Evaluates.
   *
   * @param distorted how the images are changed first, if at all
   */
  public EvaluationReport run(Optional<Distorted> distorted) {
    long start = System.nanoTime();
    Path data = shards.path();
    EvaluationTask task =
        new EvaluationTask(
            network,
            request.model().testViews(),
            distorted.orElse(null),
            data.toString(),
            shards.manifestHash(),
            split);
    int blocks = shards.manifest().split(split).blockRows().length;
    spark
        .sc()
        .setJobDescription(
            "evaluate %s on %s".formatted(Locations.plain(newest().path().toString()), split));
    EvaluationCounts counts = BlockParts.reduce(spark, blocks, task::run, EvaluationCounts::merge);
    ModelMetadata metadata = newest().metadata();
    return new EvaluationReport(
        new EvaluationReport.Subject(
            models.stream().map(model -> Locations.plain(model.path().toString())).toList(),
            metadata.model().name(),
            metadata.clock(),
            newest().choice(),
            models.size() == 1 ? newest().parametersSha256() : "",
            Locations.plain(data.toString()),
            split),
        metadata.classNames(),
        counts,
        (System.nanoTime() - start) / 1e9);
  }

  private static String split(String wanted, ShardManifest manifest) {
    if (!wanted.isBlank()) {
      manifest.split(wanted);
      return wanted;
    }
    return manifest.hasSplit("test") || !manifest.hasSplit("validation") ? "test" : "validation";
  }

  private static void requireFit(ModelMetadata model, ShardManifest data) {
    ModelReference.requireFit(model.model(), ModelInput.shape(data.image()), data.classes());
    ModelReference.warnOfOtherSize(model, data.image());
    for (int label = 0; label < data.classes(); label++) {
      Check.input(
          model.classNames().get(label).equals(data.classNames().get(label)),
          "The checkpoint does not fit the data: its class %d is '%s', the data's is '%s'",
          label,
          model.classNames().get(label),
          data.classNames().get(label));
    }
  }
}
