package io.stoker.driver.round;

import io.stoker.data.augment.Augmentation;
import io.stoker.data.image.ImageShape;
import io.stoker.data.shard.ShardFolder;
import io.stoker.driver.averaging.SharedParameters;
import io.stoker.driver.averaging.SliceSource;
import io.stoker.driver.checkpoint.Checkpoint;
import io.stoker.driver.checkpoint.Locations;
import io.stoker.driver.checkpoint.ModelFiles;
import io.stoker.driver.checkpoint.RunFolder;
import io.stoker.driver.checkpoint.RunLock;
import io.stoker.driver.checkpoint.RunRecord;
import io.stoker.driver.checkpoint.StoredModel;
import io.stoker.driver.checkpoint.Versions;
import io.stoker.driver.cluster.Gang;
import io.stoker.driver.cluster.GpuRequest;
import io.stoker.driver.config.LayerRates;
import io.stoker.driver.config.ModelReference;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.config.Wire;
import io.stoker.driver.metrics.EpochLosses;
import io.stoker.driver.metrics.MetricsLog;
import io.stoker.driver.spark.SparkFailures;
import io.stoker.failure.Check;
import io.stoker.models.engine.Engine;
import io.stoker.models.file.TrainingClock;
import io.stoker.models.spec.ModelSpec;
import io.stoker.worker.eval.ModelInput;
import java.util.Locale;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Trains a model: checks the job, describes it, runs its rounds, and says what came of it. */
public final class TrainJob {
  private static final Logger LOG = LoggerFactory.getLogger(TrainJob.class);

  private TrainJob() {}

  /**
   * Runs a job to its end.
   *
   * @param spark the cluster
   * @param requested the job
   * @param existing what to do with a run that is there already
   * @param listener sees each round
   * @throws io.stoker.failure.StokerException if the job, its data or its run folder cannot be used
   */
  public static TrainResult run(
      JavaSparkContext spark,
      TrainingConfig requested,
      ExistingRun existing,
      RoundListener listener) {
    Configuration hadoop = spark.hadoopConfiguration();
    Engine engine = GpuRequest.engine(spark.getConf(), requested.engine());
    Path runPath = Locations.absolute(requested.run(), hadoop);
    TrainingConfig config =
        requested.toBuilder()
            .data(Locations.absolute(requested.data().uri(), hadoop).toString())
            .run(runPath.toString())
            .engine(engine.name())
            .build();
    ShardFolder shards = ShardFolder.open(new Path(config.data().uri()), hadoop);
    ModelSpec model =
        ModelReference.resolve(
            config.model(),
            ModelInput.shape(shards.manifest().image()),
            shards.manifest().classes());
    logCropping(model, shards.manifest().image());
    if (config.validation().isOn()) {
      shards.manifest().split(config.validation().split());
    }
    Augmentation.parse(String.join(",", config.data().augmentations()));
    RunFolder folder = RunFolder.at(runPath, hadoop);
    TrainingRun run =
        new TrainingRun(config, model, shards, folder, init(config, model, existing, hadoop));
    run.checkTransfer();
    Check.input(
        config.averaging().wire() == Wire.FP32 || run.outerStep().statistics().isEmpty(),
        "Cannot send what changes in %s as %s: its running statistics (batch normalization) could"
            + " be rounded below zero; use --wire fp32",
        model.name(),
        config.averaging().wire().name().toLowerCase(Locale.ROOT));
    RunRecord record =
        new RunRecord(
            run.identity(),
            run.plan().rounds(),
            Versions.all(spark.version(), engine.description()));
    if (existing == ExistingRun.RESUME) {
      folder.requireSameJob(run.identity());
    } else {
      folder.refuseExisting();
    }
    spark.setJobGroup("train " + runPath.getName(), "train: check the cluster");
    try {
      return SparkFailures.unwrapped(
          () -> {
            Preflight.check(spark, engine, run.memoryNeed());
            try (RunLock lock = folder.lock()) {
              Optional<StoredModel> resumed =
                  existing == ExistingRun.RESUME ? resumed(run, folder) : Optional.empty();
              folder.record(record);
              checkStorage(spark, run, folder, existing);
              TrainResult result = train(spark, run, folder, resumed, listener);
              lock.requireOurs();
              return result;
            }
          });
    } finally {
      if (!spark.sc().isStopped()) {
        spark.clearJobGroup();
      }
    }
  }

  private static void checkStorage(
      JavaSparkContext spark, TrainingRun run, RunFolder folder, ExistingRun existing) {
    boolean fit = false;
    try {
      Preflight.checkStorage(spark, folder.path(), run.sharedFiles());
      fit = true;
    } finally {
      if (!fit && existing == ExistingRun.REFUSE) {
        folder.forget();
      }
    }
  }

  private static void logCropping(ModelSpec model, ImageShape images) {
    ImageShape input = ModelInput.images(model.input());
    if (!input.equals(images)) {
      LOG.info(
          "Model {} takes {} of the data's {}: {} % of an image at a time",
          model.name(), input, images, 100L * input.area() / images.area());
    }
  }

  /** A job that goes on needs it only for layers that do not learn. */
  private static Optional<StoredModel> init(
      TrainingConfig config, ModelSpec model, ExistingRun existing, Configuration hadoop) {
    boolean needless =
        existing == ExistingRun.RESUME && LayerRates.of(config, model).frozenParameters(model) == 0;
    return config.initialization().checkpoint().isBlank() || needless
        ? Optional.empty()
        : Optional.of(ModelFiles.open(config.initialization().checkpoint(), hadoop));
  }

  private static Optional<StoredModel> resumed(TrainingRun run, RunFolder folder) {
    Optional<StoredModel> newest = folder.checkpoints().newestValid(run.identity());
    newest.ifPresentOrElse(
        stored -> LOG.info("Resuming from {}", stored.path().getParent()),
        () -> LOG.warn("Run {} has no valid checkpoint: beginning again", folder.path()));
    long done = clock(newest).round();
    Check.input(
        done <= run.plan().rounds(),
        "Cannot resume run %s for %d epochs: it has done %d rounds, that is more than %d",
        folder.path(),
        run.config().rounds().epochs(),
        done,
        run.plan().rounds());
    folder.checkpoints().deleteUnfinished();
    return newest;
  }

  private static TrainResult train(
      JavaSparkContext spark,
      TrainingRun run,
      RunFolder folder,
      Optional<StoredModel> resumed,
      RoundListener listener) {
    TrainingClock clock = clock(resumed);
    SliceSource source =
        resumed.<SliceSource>map(StoredModel::vectors).orElseGet(run::firstParameters);
    Configuration hadoop = spark.hadoopConfiguration();
    try (MetricsLog metrics = MetricsLog.open(folder.path(), (int) clock.round(), hadoop);
        SharedParameters parameters = parameters(spark, run, source, clock)) {
      EpochLosses losses = EpochLosses.of(MetricsLog.read(folder.path(), hadoop));
      Check.undamaged(
          !run.watchesTrainingLoss() || losses.rounds() == clock.round(),
          "Cannot resume run %s: its schedule needs the loss of each round, and %s has %d of %d",
          folder.path(),
          MetricsLog.FILE,
          losses.rounds(),
          clock.round());
      Validation validation = new Validation(spark, run, folder, clock);
      try (Checkpointing checkpoints = new Checkpointing(run, parameters, validation, listener)) {
        TrainingLoop loop =
            new TrainingLoop(
                run,
                parameters,
                metrics,
                losses,
                validation,
                checkpoints,
                gang(spark, run),
                listener);
        Progress progress = loop.train(clock);
        Checkpoint last =
            checkpoints
                .last()
                .or(() -> resumed.flatMap(StoredModel::checkpoint))
                .orElseThrow(() -> new IllegalStateException("A job of no rounds"));
        return result(run, folder, progress, loop.medianRate(), last, validation);
      }
    }
  }

  private static SharedParameters parameters(
      JavaSparkContext spark, TrainingRun run, SliceSource source, TrainingClock clock) {
    try (DataPrefetch workers = DataPrefetch.begin(spark, run, clock)) {
      SharedParameters parameters =
          SharedParameters.load(
              spark,
              run.slices(),
              source,
              run.firstParameters(),
              run.outerStep(),
              run.config().averaging().wire());
      workers.await();
      return parameters;
    }
  }

  private static Optional<Gang> gang(JavaSparkContext spark, TrainingRun run) {
    return Gang.isAsked(spark)
        ? Optional.of(new Gang(spark, run.config().rounds().workers()))
        : Optional.empty();
  }

  private static TrainResult result(
      TrainingRun run,
      RunFolder folder,
      Progress progress,
      double medianRate,
      Checkpoint last,
      Validation validation) {
    return new TrainResult(
        folder.path().toString(),
        last.folder().toString(),
        run.model().name(),
        run.model().parameterCount(),
        (int) progress.clock().round(),
        (int) progress.clock().epoch(),
        progress.examples(),
        progress.loss(),
        progress.accuracy(),
        progress.seconds().total() > 0 ? progress.examples() / progress.seconds().total() : 0,
        medianRate,
        progress.seconds(),
        last.manifest().parametersSha256(),
        validation
            .best()
            .map(
                best ->
                    new TrainResult.Best(
                        folder.checkpoints().folder(best.round()).toString(), best)));
  }

  private static TrainingClock clock(Optional<StoredModel> resumed) {
    return resumed.map(stored -> stored.metadata().clock()).orElse(TrainingClock.START);
  }
}
