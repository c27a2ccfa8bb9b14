package io.stoker.driver.evaluate;

import io.stoker.data.shard.ShardFolder;
import io.stoker.data.shard.ShardManifest;
import io.stoker.driver.averaging.SparkFailures;
import io.stoker.driver.checkpoint.Locations;
import io.stoker.driver.checkpoint.ModelFiles;
import io.stoker.driver.checkpoint.StoredModel;
import io.stoker.driver.cluster.GpuRequest;
import io.stoker.driver.config.ModelReference;
import io.stoker.failure.Check;
import io.stoker.models.file.ModelMetadata;
import io.stoker.worker.eval.EvaluationCounts;
import io.stoker.worker.eval.ModelInput;
import io.stoker.worker.runtime.ReplicaKey;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.SerializableConfiguration;

/** Evaluates a checkpoint on a split, on the executors; nothing but counts comes back. */
public final class EvaluateJob {
  private EvaluateJob() {}

  /**
   * Runs it.
   *
   * @param spark the cluster
   * @param request what to evaluate on what
   * @throws io.stoker.failure.StokerException if the checkpoint or the data cannot be used, or do
   *     not fit each other
   */
  public static EvaluationReport run(JavaSparkContext spark, EvaluateRequest request) {
    Check.input(request.average() >= 1, "Invalid average: %d (must be >= 1)", request.average());
    Configuration hadoop = spark.hadoopConfiguration();
    List<StoredModel> models =
        request.average() == 1
            ? List.of(ModelFiles.open(request.checkpoint(), hadoop))
            : ModelFiles.newest(request.checkpoint(), request.average(), hadoop);
    return run(spark, request, models);
  }

  /**
   * Evaluates every checkpoint of a run, one after the other.
   *
   * @param spark the cluster
   * @param request what to evaluate on what; its checkpoint is a run folder
   * @param listener sees each report as soon as there is one
   * @return a report a checkpoint, oldest first; damaged ones are skipped with a warning
   * @throws io.stoker.failure.StokerException as {@link #run} does, and if it is no run folder
   */
  public static List<EvaluationReport> runAll(
      JavaSparkContext spark, EvaluateRequest request, Consumer<EvaluationReport> listener) {
    Check.input(
        request.average() == 1,
        "Invalid average: %d (of all checkpoints, each is evaluated by itself)",
        request.average());
    List<EvaluationReport> reports = new ArrayList<>();
    for (StoredModel model :
        ModelFiles.newest(request.checkpoint(), ModelFiles.ALL, spark.hadoopConfiguration())) {
      EvaluationReport report = run(spark, request, List.of(model));
      listener.accept(report);
      reports.add(report);
    }
    return List.copyOf(reports);
  }

  private static EvaluationReport run(
      JavaSparkContext spark, EvaluateRequest request, List<StoredModel> models) {
    Check.input(request.batch() >= 1, "Invalid batch size: %d (must be >= 1)", request.batch());
    long start = System.nanoTime();
    Configuration hadoop = spark.hadoopConfiguration();
    String engine = GpuRequest.engine(spark.getConf(), request.engine()).name();
    Path data = Locations.absolute(request.data(), hadoop);
    ShardFolder shards = ShardFolder.open(data, hadoop);
    StoredModel stored = models.get(models.size() - 1);
    requireFit(stored.metadata(), shards.manifest());
    String split = split(request.split(), shards.manifest());

    EvaluationTask task =
        new EvaluationTask(
            ReplicaKey.of(stored.metadata().model(), engine, request.batch()),
            MeanParameters.of(models),
            stored.metadata().mean(),
            stored.metadata().standardDeviation(),
            data.toString(),
            shards.manifestHash(),
            split);
    int blocks = shards.manifest().split(split).blockRows().length;
    spark.sc().setJobDescription("evaluate %s on %s".formatted(stored.path(), split));
    EvaluationCounts counts = SparkFailures.unwrapped(() -> count(spark, task, blocks));
    return new EvaluationReport(
        new EvaluationReport.Subject(
            models.stream().map(model -> model.path().toString()).toList(),
            stored.metadata().model().name(),
            stored.metadata().clock(),
            models.size() == 1 ? stored.parametersSha256() : "",
            data.toString(),
            split),
        stored.metadata().classNames(),
        counts,
        (System.nanoTime() - start) / 1e9);
  }

  private static EvaluationCounts count(JavaSparkContext spark, EvaluationTask task, int blocks) {
    Broadcast<SerializableConfiguration> hadoop =
        spark.broadcast(new SerializableConfiguration(spark.hadoopConfiguration()));
    try {
      List<EvaluationTask.Blocks> parts = parts(blocks, spark.defaultParallelism());
      return spark
          .parallelize(parts, parts.size())
          .map(part -> task.run(part, hadoop.value().value()))
          .treeReduce(EvaluationCounts::merge);
    } finally {
      hadoop.destroy();
    }
  }

  /** Neighbouring blocks, so that a task reads few shards. */
  private static List<EvaluationTask.Blocks> parts(int blocks, int slots) {
    int count = Math.max(1, Math.min(blocks, slots));
    List<EvaluationTask.Blocks> parts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      parts.add(
          new EvaluationTask.Blocks(
              (int) ((long) blocks * i / count), (int) ((long) blocks * (i + 1) / count)));
    }
    return parts;
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
