// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import io.stoker.data.augment.Augmentation;
import io.stoker.data.image.ImageShape;
import io.stoker.data.shard.ShardFolder;
import io.stoker.driver.checkpoint.Locations;
import io.stoker.driver.checkpoint.ModelFiles;
import io.stoker.driver.checkpoint.RunFolder;
import io.stoker.driver.checkpoint.RunRecord;
import io.stoker.driver.checkpoint.StoredModel;
import io.stoker.driver.checkpoint.Versions;
import io.stoker.driver.cluster.GpuRequest;
import io.stoker.driver.config.LayerRates;
import io.stoker.driver.config.ModelReference;
import io.stoker.driver.config.NormalizationSource;
import io.stoker.driver.config.SelectionMetric;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.config.ValidationConfig;
import io.stoker.driver.metrics.ValidationMetrics;
import io.stoker.driver.slice.Wire;
import io.stoker.failure.Check;
import io.stoker.models.engine.Arithmetic;
import io.stoker.models.engine.ConvolutionAlgorithm;
import io.stoker.models.engine.Engine;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.zoo.Zoo;
import io.stoker.worker.eval.ModelInput;
import java.util.Locale;
import java.util.Optional;
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
 * @param existing whether a run that is there is resumed
 */
record ResolvedJob(TrainingRun run, Engine engine, RunFolder folder, ExistingRun existing) {
  private static final Logger LOG = LoggerFactory.getLogger(ResolvedJob.class);

  /**
   * Resolves what a user asked for.
   *
   * @throws io.stoker.failure.StokerException if something is not there, or does not fit the rest
   */
  static ResolvedJob of(JavaSparkContext spark, TrainingConfig requested, ExistingRun existing) {
    Configuration hadoop = spark.hadoopConfiguration();
    Engine engine = GpuRequest.engine(spark.getConf(), requested.engine());
    Path runPath = Locations.absolute(requested.run(), hadoop);
    TrainingConfig located =
        requested.toBuilder()
            .data(Locations.absolute(requested.data().uri(), hadoop).toString())
            .run(runPath.toString())
            .engine(engine.name())
            .metric(metric(requested, RunFolder.at(runPath, hadoop), existing))
            .build();
    logMetric(requested, located);
    ShardFolder shards = ShardFolder.open(new Path(located.data().uri()), hadoop);
    ModelSpec model =
        ModelReference.resolve(
            located.model(),
            ModelInput.shape(shards.manifest().image()),
            shards.manifest().classes());
    logInput(model, shards.manifest().image());
    if (located.validation().isOn()) {
      shards.manifest().split(located.validation().split());
    }
    Augmentation.parse(String.join(",", located.data().augmentations()));
    RunFolder folder = RunFolder.at(runPath, hadoop);
    // Last, since it may wait for executors.
    Arithmetic arithmetic =
        ArithmeticSurvey.resolve(
            spark, engine, model, located.rounds().batch(), asked(located, folder, existing));
    TrainingConfig config = located.toBuilder().convolution(arithmetic.convolution()).build();
    TrainingRun run =
        new TrainingRun(config, model, shards, folder, init(config, model, existing, hadoop));
    return new ResolvedJob(run, engine, folder, existing);
  }

  /** The metric asked for; else that of the run that is resumed; else the default of a new job. */
  private static SelectionMetric metric(
      TrainingConfig config, RunFolder folder, ExistingRun existing) {
    ValidationConfig asked = config.validation();
    if (asked.metric() != SelectionMetric.AUTO || !asked.isOn()) {
      return asked.metric();
    }
    if (existing == ExistingRun.RESUME) {
      ValidationConfig recorded = folder.job().config().validation();
      if (recorded.isOn() || !folder.validations().read().isEmpty()) {
        return recorded.metric();
      }
    }
    return config.balancesClasses() ? SelectionMetric.BALANCED_ACCURACY : SelectionMetric.AUTO;
  }

  private static void logMetric(TrainingConfig requested, TrainingConfig located) {
    SelectionMetric metric = located.validation().metric();
    if (metric != requested.validation().metric()) {
      LOG.info(
          "The best checkpoint is that with the best {}, because classes are balanced (--metric"
              + " accuracy takes the accuracy)",
          metric.label());
    }
  }

  /** A run that is resumed goes on with the algorithm that it began with. */
  private static Arithmetic asked(TrainingConfig config, RunFolder folder, ExistingRun existing) {
    Arithmetic asked = config.arithmetic();
    return existing == ExistingRun.RESUME && asked.convolution() == ConvolutionAlgorithm.AUTO
        ? new Arithmetic(asked.precision(), folder.job().config().arithmetic().convolution())
        : asked;
  }

  private static void logInput(ModelSpec model, ImageShape images) {
    ImageShape input = ModelInput.images(model.input());
    if (!input.equals(images)) {
      LOG.info(
          "Model {} takes {} of the data's {}: {} % of an image at a time",
          model.name(), input, images, 100L * input.area() / images.area());
    }
    Zoo.remark(model).ifPresent(LOG::info);
  }

  /** A resumed job needs the trained model only for layers that do not learn, and its mean. */
  private static Optional<StoredModel> init(
      TrainingConfig config, ModelSpec model, ExistingRun existing, Configuration hadoop) {
    String checkpoint = config.initialization().checkpoint();
    boolean needless =
        existing == ExistingRun.RESUME
            && LayerRates.of(config, model).frozenParameters(model) == 0
            && config.initialization().normalization() == NormalizationSource.DATA;
    return checkpoint.isBlank() || needless
        ? Optional.empty()
        : Optional.of(ModelFiles.open(checkpoint, hadoop));
  }

  /**
   * Checks what can be checked without the cluster.
   *
   * @throws io.stoker.failure.StokerException if the job cannot be trained, or not in its folder
   */
  void check() {
    run.checkTransfer();
    Wire wire = run.config().averaging().wire();
    Check.input(
        wire == Wire.FP32 || run.outerStep().statistics().isEmpty(),
        "Cannot send what changes in %s as %s: its running statistics (batch normalization) could"
            + " be rounded below zero; use --wire fp32",
        run.model().name(),
        wire.name().toLowerCase(Locale.ROOT));
    if (existing == ExistingRun.RESUME) {
      folder.requireSameJob(run.identity());
      requireMetric();
    } else {
      folder.refuseExisting();
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
   * Writes the run's record.
   *
   * @param sparkVersion the cluster's version
   */
  void record(String sparkVersion) {
    folder.record(
        new RunRecord(
            run.identity(), run.plan().rounds(), Versions.all(sparkVersion, engine.description())));
  }
}
