// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.ml;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.base.Division;
import io.stoker.base.Sha256;
import io.stoker.data.shard.ShardFolder;
import io.stoker.data.storage.OwnFolder;
import io.stoker.data.storage.Storage;
import io.stoker.data.storage.StorageDefaults;
import io.stoker.driver.checkpoint.Locations;
import io.stoker.driver.cluster.GpuRequest;
import io.stoker.driver.config.ConfigFormat;
import io.stoker.driver.config.ModelReference;
import io.stoker.driver.config.SelectionMetric;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.config.ValidationConfig;
import io.stoker.driver.job.ExistingRun;
import io.stoker.driver.metrics.MetricsLog;
import io.stoker.driver.round.RoundListeners;
import io.stoker.driver.round.RunWatches;
import io.stoker.driver.round.TrainJob;
import io.stoker.driver.round.TrainResult;
import io.stoker.driver.round.WatchedRun;
import io.stoker.driver.run.ModelFiles;
import io.stoker.driver.run.RunFolder;
import io.stoker.driver.spark.SparkFailures;
import io.stoker.failure.Check;
import io.stoker.models.spec.ModelYaml;
import io.stoker.worker.eval.ModelInput;
import io.stoker.worker.runtime.TaskDevices;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.sql.Dataset;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One fit: data frame to shards, shards to a run, and the run's best checkpoint to a model. */
final class ClassifierFit {
  private static final Logger LOG = LoggerFactory.getLogger(ClassifierFit.class);

  /** What may differ between two fits of the same job. */
  private static final Set<String> OF_NO_INFLUENCE =
      Set.of("data", "run", "checkpoint_every", "keep", "slice_bytes", "mlflow");

  /** What Spark's {@code setJobGroup} sets for a thread. */
  private static final List<String> OF_JOB_GROUP =
      List.of("spark.jobGroup.id", "spark.job.description", "spark.job.interruptOnCancel");

  /** One for each folder in a {@code checkpointDir} that this process has fitted in. */
  private static final Map<Path, Object> FOLDERS = new ConcurrentHashMap<>();

  static final int IDENTITY_DIGITS = 16;

  private final StokerClassifier classifier;
  private final TrainingParams params;
  private final TrainingFrame frame;
  private final JavaSparkContext spark;
  private final Configuration hadoop;

  ClassifierFit(StokerClassifier classifier, Dataset<?> dataset) {
    this.classifier = classifier;
    this.params = new TrainingParams(classifier);
    this.frame = TrainingFrame.of(classifier, dataset);
    this.spark = JavaSparkContext.fromSparkContext(dataset.sparkSession().sparkContext());
    this.hadoop = spark.hadoopConfiguration();
    StorageDefaults.apply(hadoop);
  }

  /**
   * Fits.
   *
   * @param listeners are told of each round
   */
  StokerModel run(RoundListeners listeners) {
    return keepingJobGroup(() -> fit(listeners));
  }

  /** Does something that has job groups of its own. */
  <T> T keepingJobGroup(Supplier<T> work) {
    Map<String, String> callers = new HashMap<>();
    OF_JOB_GROUP.forEach(key -> callers.put(key, spark.getLocalProperty(key)));
    try {
      return work.get();
    } finally {
      if (!spark.sc().isStopped()) {
        // A notebook cancels a cell by its job group; the training has one of its own.
        callers.forEach(spark::setLocalProperty);
      }
    }
  }

  private StokerModel fit(RoundListeners listeners) {
    String init = initialModel(classifier.getInitModel(), hadoop);
    // The shards take the longest: what is wrong with the params is to be found before.
    params.config("-", "-", init, TrainingFrame.hasValidation(classifier) ? 1 : 0).requireEpochs();
    checkValidation();
    ShardCache cache =
        ShardCache.of(spark, classifier.getCacheDir(), classifier.getCheckpointDir());
    ShardFolder shards = shards(cache);
    TrainingConfig config =
        params.config(shards.path().toString(), "-", init, validateEvery(shards));
    Path folder = place("fit-" + identity(config, shards), cache);
    TrainingConfig.Builder placed = config.toBuilder().run(folder.toString());
    return model(train((isTemporary() ? placed.keep(1) : placed).build(), listeners));
  }

  /** The rows as shards, which are prepared unless they are in the cache. */
  ShardFolder shards(ShardCache cache) {
    checkDevice();
    return ShardFolder.open(SparkFailures.unwrapped(() -> frame.prepare(spark, cache)), hadoop);
  }

  /** The model file that a location stands for; empty for none. */
  static String initialModel(String uri, Configuration hadoop) {
    return uri.isBlank() ? "" : StokerModelReader.modelFile(uri, hadoop);
  }

  /** A session's tasks compute on what it was started with. */
  private void checkDevice() {
    boolean gpu = GpuRequest.isIn(spark.getConf());
    Check.input(
        !classifier.getDevice().equals(gpu ? TaskDevices.PROCESSOR : TaskDevices.GPU),
        "Invalid device: %s, but this Spark session computes on %s (start it with"
            + " spark.stoker.device=%s)",
        classifier.getDevice(),
        gpu ? TaskDevices.GPU : TaskDevices.PROCESSOR,
        classifier.getDevice());
  }

  private void checkValidation() {
    Check.input(
        TrainingFrame.hasValidation(classifier)
            || (classifier.getEarlyStoppingRounds() == 0
                && classifier.getValidationInterval() == 0
                && classifier.getMetric().equals(SelectionMetric.AUTO.toString())),
        "Missing validationIndicatorCol: earlyStoppingRounds, validationInterval and metric need"
            + " rows to validate on");
  }

  /**
   * Rounds between two validations: those of an epoch unless set. Where epochs differ in rounds,
   * the end of each epoch.
   */
  private int validateEvery(ShardFolder shards) {
    if (!TrainingFrame.hasValidation(classifier)) {
      return 0;
    }
    if (classifier.getValidationInterval() > 0) {
      return classifier.getValidationInterval();
    }
    if (classifier.getLocalStepsCoefficient() > 0 || classifier.getEveryStepEpochs() > 0) {
      return ValidationConfig.EPOCH;
    }
    long steps =
        Division.ceiling(
            shards.manifest().split("train").samples(),
            (long) classifier.getNumWorkers() * classifier.getBatchSize());
    return Math.toIntExact(Division.ceiling(steps, classifier.getLocalSteps()));
  }

  /** A hash of everything that the result depends on, by content and not by place. */
  String identity(TrainingConfig config, ShardFolder shards) {
    ObjectNode job = ConfigFormat.toJson(config);
    job.remove(OF_NO_INFLUENCE);
    job.put(
        "model_definition",
        ModelYaml.write(
            ModelReference.resolve(
                config.model(),
                ModelInput.shape(shards.manifest().image()),
                shards.manifest().classes())));
    job.put("data_manifest_sha256", shards.manifestHash());
    if (!config.initialization().checkpoint().isBlank()) {
      job.put(
          "init_sha256",
          ModelFiles.open(config.initialization().checkpoint(), hadoop).parametersSha256());
    }
    return Sha256.hex(job.toString().getBytes(StandardCharsets.UTF_8))
        .substring(0, IDENTITY_DIGITS);
  }

  private boolean isTemporary() {
    return classifier.getCheckpointDir().isBlank();
  }

  /** A folder that can be found again by its name, or one of this process alone. */
  Path place(String name, ShardCache cache) {
    if (!isTemporary()) {
      return new Path(Locations.absolute(classifier.getCheckpointDir(), hadoop), name);
    }
    Path folder = new Path(cache.root(), name + "-" + UUID.randomUUID());
    try {
      OwnFolder.at(cache.root(), hadoop).deleteOnExit(folder);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot reach " + cache.root(), e);
    }
    return folder;
  }

  /** Works in a folder: of two equal fits side by side, the second finds what the first did. */
  <T> T inTurn(Path folder, Supplier<T> work) {
    if (isTemporary()) {
      return work.get();
    }
    synchronized (FOLDERS.computeIfAbsent(folder, key -> new Object())) {
      return work.get();
    }
  }

  TrainResult train(TrainingConfig config, RoundListeners listeners) {
    return inTurn(
        new Path(config.run()),
        () -> {
          ExistingRun existing = holdsRun(config.run()) ? ExistingRun.RESUME : ExistingRun.REFUSE;
          WatchedRun watched = new WatchedRun(config, existing, tensorboardFolder(config), hadoop);
          try (RunWatches watches = RunWatches.start(watched)) {
            return TrainJob.run(spark, config, existing, listeners.and(watches.listeners()));
          }
        });
  }

  /** Of its own for each run, in the folder that the params name. */
  private Optional<String> tensorboardFolder(TrainingConfig config) {
    String folder = classifier.getTensorboardDir();
    return folder.isBlank()
        ? Optional.empty()
        : Optional.of(
            new Path(Locations.absolute(folder, hadoop), new Path(config.run()).getName())
                .toString());
  }

  private boolean holdsRun(String run) {
    boolean there = Storage.isThere(RunFolder.at(new Path(run), hadoop).recordFile(), hadoop);
    if (there) {
      LOG.info("Going on with {}", run);
    }
    return there;
  }

  StokerModel model(TrainResult result) {
    String checkpoint = result.best().map(TrainResult.Best::checkpoint).orElse(result.checkpoint());
    StokerModel model = new StokerModel(classifier.uid(), ModelFiles.open(checkpoint, hadoop));
    RunFolder run = RunFolder.at(new Path(result.run()), hadoop);
    ParamMap given = classifier.paramMap();
    for (String name : StokerModel.OF_CLASSIFIER) {
      if (given.contains(classifier.getParam(name))) {
        model.set(name, given.apply(classifier.getParam(name)));
      }
    }
    return model
        .withSummary(
            new StokerTrainingSummary(
                result.run(),
                MetricsLog.read(run.path(), hadoop),
                run.validations().read(),
                run.job().config().validation().metric().ofBest(),
                result.earlyStop()))
        .setParent(classifier);
  }
}
