// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.evaluate;

import io.stoker.data.shard.ShardFolder;
import io.stoker.data.shard.ShardManifest;
import io.stoker.driver.averaging.SharedParameters;
import io.stoker.driver.checkpoint.Locations;
import io.stoker.driver.checkpoint.ParameterChoice;
import io.stoker.driver.checkpoint.StoredModel;
import io.stoker.driver.cluster.MemoryCheck;
import io.stoker.driver.cluster.MemoryNeed;
import io.stoker.driver.config.ModelReference;
import io.stoker.driver.slice.SliceSource;
import io.stoker.driver.spark.SparkFailures;
import io.stoker.failure.Check;
import io.stoker.models.file.ModelMetadata;
import io.stoker.worker.eval.EvaluationCounts;
import io.stoker.worker.eval.ModelInput;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * A network and a split that fit each other, evaluated once or under many changes of the images.
 */
public final class SplitEvaluation {
  private final JavaSparkContext spark;
  private final EvaluateRequest request;
  private final Subject subject;
  private final TrainedNetwork network;
  private final ShardFolder shards;
  private final String split;

  /**
   * A model that is evaluated.
   *
   * @param metadata the model and everything else that prediction needs
   * @param files its file, or those whose mean it is, oldest first
   * @param parameters which of their parameters: {@code EMA} or {@code LAST}
   * @param sha256 the SHA-256 of its parameters; empty where it is not known
   */
  record Subject(
      ModelMetadata metadata, List<String> files, ParameterChoice parameters, String sha256) {
    static Subject of(List<StoredModel> models) {
      StoredModel newest = models.get(models.size() - 1);
      return new Subject(
          newest.metadata(),
          models.stream().map(model -> model.path().toString()).toList(),
          newest.choice(),
          models.size() == 1 ? newest.parametersSha256() : "");
    }
  }

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
    this(spark, request, Subject.of(models), network);
  }

  SplitEvaluation(
      JavaSparkContext spark, EvaluateRequest request, Subject subject, TrainedNetwork network) {
    this.spark = spark;
    this.request = request;
    this.subject = subject;
    this.network = network;
    this.shards =
        ShardFolder.open(
            Locations.absolute(request.data(), spark.hadoopConfiguration()),
            spark.hadoopConfiguration());
    requireFit(subject.metadata(), shards.manifest());
    request
        .model()
        .testViews()
        .of(shards.manifest().image(), network.input()); // have the images room?
    this.split = split(request.split(), shards.manifest());
    MemoryCheck.require(
        spark,
        MemoryNeed.ofPrediction(
            network.model(), network.batch(), network.engine().reusesMemoryInPrediction()),
        shards.manifest().split(split).blockRows().length,
        1);
  }

  /**
   * Makes sure that a model fits a split and the memory, as {@link #SplitEvaluation} does.
   *
   * @throws io.stoker.failure.StokerException if the data cannot be used, or do not fit
   */
  static void check(
      JavaSparkContext spark,
      EvaluateRequest request,
      List<StoredModel> models,
      TrainedNetwork network) {
    new SplitEvaluation(spark, request, models, network);
  }

  /** How many images a network takes in one pass: the windows of one image go together. */
  public static int capacity(EvaluateRequest request) {
    return Math.max(request.batch(), request.model().testViews().count());
  }

  /**
   * Evaluates.
   *
   * @param distorted how the images are changed first, if at all
   */
  public EvaluationReport run(Optional<Distorted> distorted) {
    EvaluationTask task = task(distorted);
    return report(
        description -> BlockParts.reduce(spark, blocks(), task::run, EvaluationCounts::merge));
  }

  /**
   * Evaluates the parameters of a job that trains, where they are.
   *
   * @param parameters the parameters
   * @param frozen where those are that are in no slice
   */
  EvaluationReport run(SharedParameters.Snapshot parameters, SliceSource frozen) {
    EvaluationTask task = task(Optional.empty());
    List<BlockParts.Part> parts = BlockParts.parts(spark, blocks());
    SlicedNetwork loaded = new SlicedNetwork(network, frozen, subject.metadata().clock());
    return report(
        description ->
            SparkFailures.unwrapped(
                () ->
                    parameters.onExecutors(
                        description,
                        parts.size(),
                        (part, layout, slices, hadoop) ->
                            task.run(
                                parts.get(part),
                                () -> loaded.borrow(layout, slices, hadoop),
                                hadoop),
                        tasks -> BlockParts.merged(tasks, EvaluationCounts::merge))));
  }

  private int blocks() {
    return shards.manifest().split(split).blockRows().length;
  }

  private EvaluationTask task(Optional<Distorted> distorted) {
    return new EvaluationTask(
        network,
        request.model().testViews(),
        distorted.orElse(null),
        shards.path().toString(),
        shards.manifestHash(),
        split);
  }

  private EvaluationReport report(Function<String, EvaluationCounts> evaluation) {
    long start = System.nanoTime();
    List<String> files = subject.files().stream().map(Locations::plain).toList();
    String description = "evaluate %s on %s".formatted(files.get(files.size() - 1), split);
    spark.sc().setJobDescription(description);
    EvaluationCounts counts = evaluation.apply(description);
    ModelMetadata metadata = subject.metadata();
    return new EvaluationReport(
        new EvaluationReport.Subject(
            files,
            metadata.model().name(),
            metadata.clock(),
            subject.parameters(),
            subject.sha256(),
            Locations.plain(shards.path().toString()),
            split,
            network.temperature().value(),
            metadata.quantization().ranges().size(),
            metadata.model().input(),
            request.model().testViews()),
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
