// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.job;

import io.stoker.data.augment.Augmentation;
import io.stoker.data.batch.SizeSchedule;
import io.stoker.data.image.ImageShape;
import io.stoker.data.shard.ShardFolder;
import io.stoker.data.shard.ShardManifest;
import io.stoker.data.storage.OutputFolder;
import io.stoker.driver.checkpoint.Locations;
import io.stoker.driver.checkpoint.StoredModel;
import io.stoker.driver.checkpoint.Versions;
import io.stoker.driver.cluster.GpuRequest;
import io.stoker.driver.config.JobIdentity;
import io.stoker.driver.config.LayerRates;
import io.stoker.driver.config.ModelReference;
import io.stoker.driver.config.SelectionMetric;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.config.ValidationConfig;
import io.stoker.driver.evaluate.CalibrateJob;
import io.stoker.driver.metrics.ValidationMetrics;
import io.stoker.driver.run.RunFolder;
import io.stoker.driver.run.RunRecord;
import io.stoker.driver.slice.Wire;
import io.stoker.failure.Check;
import io.stoker.models.engine.Arithmetic;
import io.stoker.models.engine.ComputeEnvironment;
import io.stoker.models.engine.ConvolutionAlgorithm;
import io.stoker.models.engine.Engine;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.ModelYaml;
import io.stoker.models.spec.Shape;
import io.stoker.models.zoo.Zoo;
import io.stoker.worker.eval.ModelInput;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A job of which all names are resolved: its engine, data, model, run folder and first parameters.
 *
 * @param run what its rounds do
 * @param engine what computes
 * @param folder where the run is
 * @param existing what the job does with that folder
 * @param recorded the record of the run that is resumed; empty for a job that begins
 * @param beginning what it begins with
 */
public record ResolvedJob(
    TrainingRun run,
    Engine engine,
    RunFolder folder,
    ExistingRun existing,
    Optional<RunRecord> recorded,
    Beginning beginning) {
  private static final Logger LOG = LoggerFactory.getLogger(ResolvedJob.class);

  /**
   * Resolves what a user asked for.
   *
   * @throws io.stoker.failure.StokerException if something is not there, or does not fit the rest
   */
  public static ResolvedJob of(
      JavaSparkContext spark, TrainingConfig requested, ExistingRun existing) {
    Configuration hadoop = spark.hadoopConfiguration();
    Engine engine = GpuRequest.engine(spark.getConf(), requested.engine());
    Path runPath = Locations.absolute(requested.run(), hadoop);
    RunFolder folder = RunFolder.at(runPath, hadoop);
    if (existing == ExistingRun.RESUME) {
      folder.refuseInUseHere();
    }
    Optional<RunRecord> recorded =
        existing == ExistingRun.RESUME ? Optional.of(folder.resumable()) : Optional.empty();
    SelectionMetric metric = metric(requested, folder, recorded);
    logMetric(requested.validation().metric(), metric);
    String data = Locations.absolute(requested.data().uri(), hadoop).toString();
    ShardFolder shards = ShardFolder.open(new Path(data), hadoop);
    ModelSpec model = fitting(requested, recorded, data, shards.manifest());
    logInput(model, shards.manifest().image());
    warnOfEndedRate(requested);
    if (requested.validation().isOn()) {
      ValidationAdvice.log(requested.validation().split());
    }
    if (existing == ExistingRun.REFUSE) {
      OptionAdvice.log(requested);
    }
    // Last, because it may wait for executors.
    ResolvedArithmetic resolved =
        ResolvedArithmetic.resolve(
            spark, engine, model, requested.rounds(), asked(requested, recorded));
    TrainingConfig config =
        requested.toBuilder()
            .data(data)
            .run(runPath.toString())
            .engine(engine.name())
            .metric(metric)
            .convolution(resolved.arithmetic().convolution())
            .build();
    Optional<StoredModel> initial =
        recorded.isEmpty() ? Beginning.initial(config, hadoop) : Optional.empty();
    String initialSha256 =
        recorded
            .map(run -> Beginning.sha256(config, run, hadoop))
            .orElseGet(() -> initial.map(given -> given.sha256(hadoop)).orElse(""));
    JobIdentity asked =
        new JobIdentity(config, ModelYaml.write(model), shards.manifestHash(), initialSha256);
    JobIdentity identity =
        recorded.map(run -> folder.requireSameJob(asked, run.job())).orElse(asked);
    boolean frozen = LayerRates.of(config, model).frozenParameters(model) > 0;
    Beginning beginning =
        switch (existing) {
          case REFUSE -> Beginning.ofNewJob(initial, folder);
          case RESUME -> Beginning.resumed(identity, frozen, folder, hadoop);
          case NONE -> Beginning.ofJobWithoutRun(initial);
        };
    ComputeEnvironment environment =
        recorded
            .map(RunRecord::environment)
            .filter(ComputeEnvironment::isRecorded)
            .orElse(resolved.environment());
    if (resolved.environment().isRecorded()) {
      environment.require(resolved.environment(), spark.isLocal() ? "this process" : "an executor");
    }
    TrainingRun run =
        new TrainingRun(spark, identity, model, shards, folder, beginning.values(), environment);
    return new ResolvedJob(run, engine, folder, existing, recorded, beginning);
  }

  /**
   * Makes sure that new jobs fit their data, by the data's manifest alone, and that the checkpoints
   * exist from which they start. Each checkpoint is read once.
   *
   * @throws io.stoker.failure.StokerException if a job does not fit, or a checkpoint is missing
   */
  public static void check(List<TrainingConfig> configs, ShardManifest data, Configuration hadoop) {
    Set<String> checkpoints = new HashSet<>();
    for (TrainingConfig config : configs) {
      fitting(config, Optional.empty(), config.data().uri(), data);
      if (checkpoints.add(config.initialization().checkpoint())) {
        Beginning.initial(config, hadoop);
      }
    }
  }

  /**
   * Makes sure that there is what a new job needs besides its data, which are prepared next: a free
   * run folder that can be written to, the checkpoint that it starts from, and an engine that
   * computes in the way asked for.
   *
   * @param model with any number of classes; any model where the data decide on it, because what an
   *     engine can compute does not depend on the model
   * @throws io.stoker.failure.StokerException if something is missing
   */
  public static void checkWithoutData(
      JavaSparkContext spark, TrainingConfig config, ModelSpec model) {
    Configuration hadoop = spark.hadoopConfiguration();
    Path run = Locations.absolute(config.run(), hadoop);
    RunFolder.at(run, hadoop).refuseExisting();
    OutputFolder.check("--run", run.toString(), hadoop);
    OptionAdvice.require(config, Integer.MAX_VALUE);
    Beginning.initial(config, hadoop);
    checkAugmentations(config);
    Engine engine = GpuRequest.engine(spark.getConf(), config.engine());
    ResolvedArithmetic.resolve(spark, engine, model, config.rounds(), config.arithmetic());
  }

  private static void checkAugmentations(TrainingConfig config) {
    Augmentation.parse(String.join(",", config.data().augmentations()));
  }

  /** Resolves the model of a job, and checks the options that depend on the data. */
  private static ModelSpec fitting(
      TrainingConfig config, Optional<RunRecord> recorded, String data, ShardManifest manifest) {
    ModelSpec model =
        sized(model(config, recorded, manifest), config.data().sizeSchedule(), manifest.image());
    checkData(config, data, manifest);
    return model;
  }

  private static void checkData(TrainingConfig config, String data, ShardManifest manifest) {
    ValidationConfig validation = config.validation();
    if (validation.isOn()) {
      manifest.split(validation.split());
    }
    if (validation.calibrate()) {
      CalibrateJob.requireSplit(manifest, validation.split(), data);
    }
    checkAugmentations(config);
    config
        .loss()
        .classWeights()
        .resolve(manifest.classNames(), manifest.split(TrainingRun.SPLIT).samplesPerClass());
    Check.input(
        config.data().cutmix() == 0 || manifest.classes() > 1,
        "Cannot use --cutmix: the data has one class, '%s', and it mixes parts of two",
        manifest.classNames().get(0));
  }

  /** The model asked for; if its file is gone, that in the record of the run that is resumed. */
  private static ModelSpec model(
      TrainingConfig config, Optional<RunRecord> recorded, ShardManifest data) {
    String reference = config.model();
    Shape images = ModelInput.shape(data.image());
    Optional<JobIdentity> gone =
        recorded
            .map(RunRecord::job)
            .filter(job -> job.config().model().equals(reference))
            .filter(job -> ModelReference.isMissingFile(reference));
    if (gone.isEmpty()) {
      return ModelReference.resolve(
          reference,
          config.data().sizeSchedule().isOn()
              ? atLeast(ModelReference.input(reference, data.classes()), images)
              : images,
          data.classes());
    }
    ModelSpec model = ModelReference.parse(gone.get().model(), reference, data.classes());
    ModelReference.requireFit(model, images, data.classes());
    return model;
  }

  /** Images that a model takes by their size, for one that a schedule will make smaller. */
  private static Shape atLeast(Shape input, Shape images) {
    return new Shape(
        Math.max(input.height(), images.height()),
        Math.max(input.width(), images.width()),
        images.channels());
  }

  /** The model over images of the last size of a schedule, after a check of all of its sizes. */
  private static ModelSpec sized(ModelSpec model, SizeSchedule sizes, ImageShape images) {
    if (!sizes.isOn()) {
      return model;
    }
    Check.input(
        sizes.last() <= Math.min(images.height(), images.width()),
        "Cannot use --size-schedule %s: the data's images are %s (prepare them with --size %d or"
            + " more)",
        sizes,
        images,
        sizes.last());
    sizes.fromEpoch().values().forEach(model::atSize);
    return model.atSize(sizes.last());
  }

  /** The metric asked for; else that of the run that is resumed; else the default of a new job. */
  private static SelectionMetric metric(
      TrainingConfig config, RunFolder folder, Optional<RunRecord> resumed) {
    ValidationConfig asked = config.validation();
    if (asked.metric() != SelectionMetric.AUTO || !asked.isOn()) {
      return asked.metric();
    }
    if (resumed.isPresent()) {
      ValidationConfig recorded = resumed.get().job().config().validation();
      if (recorded.isOn() || !folder.validations().read().isEmpty()) {
        return recorded.metric();
      }
    }
    return config.balancesClasses() ? SelectionMetric.BALANCED_ACCURACY : SelectionMetric.AUTO;
  }

  private static void logMetric(SelectionMetric requested, SelectionMetric metric) {
    if (metric != requested) {
      LOG.info(
          "The best checkpoint is that with the best {}, because classes are balanced (--metric"
              + " accuracy takes the accuracy)",
          metric.label());
    }
  }

  /** A run that is resumed goes on with the algorithm that it began with. */
  private static Arithmetic asked(TrainingConfig config, Optional<RunRecord> recorded) {
    Arithmetic asked = config.arithmetic();
    return asked.convolution() == ConvolutionAlgorithm.AUTO
        ? recorded
            .map(run -> run.job().config().arithmetic().convolution())
            .map(convolution -> new Arithmetic(asked.precision(), convolution))
            .orElse(asked)
        : asked;
  }

  private static void warnOfEndedRate(TrainingConfig config) {
    double horizon = config.optimizer().schedule().horizon();
    if (config.rounds().epochs() > horizon) {
      LOG.warn(
          "The learning rate of this run is close to zero from epoch {} on: its epochs after that"
              + " change little (begin a new run with --init to go on from it)",
          (long) horizon);
    }
  }

  private static void logInput(ModelSpec model, ImageShape images) {
    ImageShape input = ModelInput.images(model.input());
    if (!input.equals(images)) {
      LOG.info(
          "Model {} takes {} of the data's {}: {} % of an image at a time",
          model.name(), input, images, 100L * input.area() / images.area());
    }
    Zoo.note(model).ifPresent(LOG::info);
  }

  /**
   * Checks what can be checked without the cluster.
   *
   * @throws io.stoker.failure.StokerException if the job cannot be trained, or not in its folder
   */
  public void check() {
    if (beginning.resumed().isEmpty()) {
      run.checkTransfer();
    }
    Wire wire = run.config().averaging().wire();
    Check.input(
        wire == Wire.FP32 || run.outerStep().statistics().isEmpty(),
        "Cannot send what changes in %s as %s: its running statistics (batch normalization) could"
            + " be rounded below zero; use --wire fp32",
        run.model().name(),
        wire.name().toLowerCase(Locale.ROOT));
    if (existing != ExistingRun.NONE) {
      run.plan().requireCountable();
    }
    switch (existing) {
      case REFUSE -> {
        OptionAdvice.require(run.config(), run.plan().rounds());
        folder.refuseExisting();
      }
      case RESUME -> requireMetric();
      case NONE -> {}
    }
  }

  /** A run of an earlier release may be resumed with a metric that its validations lack. */
  private void requireMetric() {
    SelectionMetric metric = run.config().validation().metric();
    for (ValidationMetrics validation : folder.validations().read()) {
      Check.input(
          !Double.isNaN(validation.value(metric)),
          "Cannot resume run %s with --metric %s: an earlier release made its validation of round"
              + " %d, and did not record the %s (leave --metric out)",
          folder.path(),
          metric,
          validation.round(),
          metric.label());
    }
  }

  /**
   * Writes the run's record, and then its copy of the initial model.
   *
   * @param sparkVersion the cluster's version
   */
  public void record(String sparkVersion) {
    folder.record(
        new RunRecord(
            run.identity(),
            run.plan().rounds(),
            Versions.all(sparkVersion, engine.description()),
            run.environment()));
    beginning
        .original()
        .ifPresent(original -> folder.copyInitialModel(original, run.identity().initialSha256()));
  }
}
