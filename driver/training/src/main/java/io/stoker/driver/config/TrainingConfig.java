// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.config;

import com.fasterxml.jackson.annotation.JsonAutoDetect;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import io.stoker.data.plan.Sampling;
import io.stoker.driver.slice.Wire;
import io.stoker.failure.Check;
import io.stoker.models.engine.Arithmetic;
import io.stoker.models.engine.ConvolutionAlgorithm;
import io.stoker.models.engine.Engines;
import io.stoker.models.engine.Precision;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A training job as data: everything that a user decides. What is not in it (executors, slots,
 * retries) cannot change the result.
 *
 * @param data what it trains on
 * @param run where the run folder is made
 * @param model a name from the zoo, or the path of a YAML file that ends in {@code .yaml} or {@code
 *     .yml}
 * @param rounds how its steps are spread over workers and rounds
 * @param optimizer the workers' step
 * @param loss what the step minimises
 * @param averaging how workers' parameters are brought together
 * @param outer the step to their mean
 * @param seed the root of all randomness
 * @param checkpoints when it is saved
 * @param validation how it is validated
 * @param engine the engine's name, or {@link Engines#AUTO}
 * @param arithmetic how the engine computes
 * @param initialization what it begins with
 * @param tracking where its progress is sent
 */
public record TrainingConfig(
    DataConfig data,
    String run,
    String model,
    RoundConfig rounds,
    OptimizerConfig optimizer,
    LossConfig loss,
    AveragingConfig averaging,
    OuterOptimizerConfig outer,
    long seed,
    CheckpointConfig checkpoints,
    ValidationConfig validation,
    String engine,
    Arithmetic arithmetic,
    InitializationConfig initialization,
    TrackingConfig tracking) {
  public TrainingConfig {
    Check.input(!run.isBlank(), "Missing run folder: say --run URI");
    Check.input(!model.isBlank(), "Missing model: say --model NAME (stoker models lists them)");
    Check.input(
        rounds.localSteps().isFixed() || !optimizer.schedule().watchesLoss(),
        "Invalid local steps: %s follows the learning rate, which must be known from the start, and"
            + " the plateau schedule depends on losses (choose another schedule, or a number)",
        rounds.localSteps());
    Check.input(
        averaging.overlapSteps() == 0 || averaging.overlapSteps() < rounds.localSteps().least(),
        "Invalid overlap: %d steps (must be less than the local steps, which are %s)",
        averaging.overlapSteps(),
        rounds.localSteps());
  }

  /** Whether the momentum travels with the parameters. */
  public boolean carriesUpdaterState() {
    return optimizer.momentum() > 0 && averaging.updaterState() == UpdaterState.AVERAGE;
  }

  /** Whether training counts or shows the examples of some classes more than those of others. */
  public boolean balancesClasses() {
    return !(loss.classWeights() instanceof ClassWeighting.Equal)
        || data.sampling() == Sampling.BALANCED;
  }

  /** A builder with the defaults; data, run and model have none. */
  public static Builder builder() {
    return new Builder();
  }

  /** A builder with this config's values. */
  public Builder toBuilder() {
    return new Builder()
        .data(data.uri())
        .run(run)
        .model(model)
        .workers(rounds.workers())
        .batch(rounds.batch())
        .localSteps(rounds.localSteps())
        .epochs(rounds.epochs())
        .learningRate(optimizer.learningRate())
        .schedule(optimizer.schedule())
        .biasRate(optimizer.biasRate())
        .layerRates(optimizer.layerRates())
        .momentum(optimizer.momentum())
        .weightDecay(optimizer.weightDecay())
        .clipNorm(optimizer.clipNorm())
        .labelSmoothing(loss.labelSmoothing())
        .classWeights(loss.classWeights())
        .updaterState(averaging.updaterState())
        .everyStepEpochs(rounds.everyStepEpochs())
        .outerRate(outer.rate())
        .outerMomentum(outer.momentum())
        .outerNesterov(outer.nesterov())
        .wire(averaging.wire())
        .augmentations(data.augmentations())
        .mixup(data.mixup())
        .sampling(data.sampling())
        .seed(seed)
        .checkpointEvery(checkpoints.every())
        .keep(checkpoints.keep())
        .validateEvery(validation.every())
        .validationSplit(validation.split())
        .patience(validation.patience())
        .metric(validation.metric())
        .engine(engine)
        .precision(arithmetic.precision())
        .convolution(arithmetic.convolution())
        .init(initialization.checkpoint())
        .freeze(initialization.freeze())
        .normalization(initialization.normalization())
        .sliceBytes(averaging.sliceBytes())
        .overlapSteps(averaging.overlapSteps())
        .mlflow(tracking.mlflow());
  }

  /**
   * Collects a config's values; {@link #build} checks them. Its fields are also a config's form in
   * JSON and YAML, see {@link ConfigFormat}: their names are the keys, and the hashes of jobs
   * depend on their order.
   */
  @JsonAutoDetect(fieldVisibility = JsonAutoDetect.Visibility.ANY)
  @JsonPropertyOrder({
    "data",
    "run",
    "model",
    "workers",
    "batch",
    "local_steps",
    "epochs",
    "learning_rate",
    "schedule",
    "bias_rate",
    "layer_rates",
    "momentum",
    "weight_decay",
    "clip_norm",
    "label_smoothing",
    "updater_state",
    "every_step_epochs",
    "outer_rate",
    "outer_momentum",
    "outer_nesterov",
    "wire",
    "augmentations",
    "mixup",
    "seed",
    "checkpoint_every",
    "keep",
    "validate_every",
    "validation_split",
    "patience",
    "engine",
    "init",
    "freeze",
    "slice_bytes",
    "class_weights",
    "sampling",
    "mlflow",
    "precision",
    "convolution",
    "normalization",
    "overlap_steps",
    "metric"
  })
  public static final class Builder {
    private String data = "";
    private String run = "";
    private String model = "";
    private int workers = 2;
    private int batch = 64;
    private LocalSteps localSteps = LocalSteps.of(10);
    private int epochs = 10;
    private double learningRate = 0.01;
    private LearningRateSchedule schedule = new LearningRateSchedule.Constant(0);
    private double biasRate = 1;
    private Map<String, Double> layerRates = Map.of();
    private double momentum = 0.9;
    private double weightDecay = 0.0005;
    private double clipNorm = 0;
    private double labelSmoothing = 0;
    private UpdaterState updaterState = UpdaterState.AVERAGE;
    private int everyStepEpochs = 0;
    private double outerRate = 1;
    private double outerMomentum = 0;
    private boolean outerNesterov = false;
    private Wire wire = Wire.FP32;
    private List<String> augmentations = List.of();
    private double mixup = 0;
    private long seed = 1;
    private int checkpointEvery = 20;
    private int keep = 3;
    private int validateEvery;
    private String validationSplit = "validation";
    private int patience;
    private String metric = SelectionMetric.AUTO.toString();
    private String engine = Engines.AUTO;
    private String init = "";
    private String freeze = "";
    private NormalizationSource normalization = NormalizationSource.DATA;
    private int sliceBytes;
    private int overlapSteps;
    private ClassWeighting classWeights = new ClassWeighting.Equal();
    private String sampling = Sampling.NATURAL.toString();
    private String mlflow = "";
    private String precision = Precision.FP32.toString();
    private String convolution = ConvolutionAlgorithm.AUTO.toString();

    private Builder() {}

    public Builder data(String uri) {
      this.data = uri;
      return this;
    }

    public Builder run(String uri) {
      this.run = uri;
      return this;
    }

    public Builder model(String nameOrFile) {
      this.model = nameOrFile;
      return this;
    }

    public Builder workers(int count) {
      this.workers = count;
      return this;
    }

    public Builder batch(int examples) {
      this.batch = examples;
      return this;
    }

    public Builder localSteps(int steps) {
      return localSteps(LocalSteps.of(steps));
    }

    public Builder localSteps(LocalSteps steps) {
      this.localSteps = steps;
      return this;
    }

    public Builder epochs(int count) {
      this.epochs = count;
      return this;
    }

    public Builder learningRate(double rate) {
      this.learningRate = rate;
      return this;
    }

    public Builder schedule(LearningRateSchedule value) {
      this.schedule = value;
      return this;
    }

    public Builder biasRate(double factor) {
      this.biasRate = factor;
      return this;
    }

    public Builder layerRates(Map<String, Double> factors) {
      this.layerRates = Collections.unmodifiableMap(new TreeMap<>(factors));
      return this;
    }

    public Builder momentum(double value) {
      this.momentum = value;
      return this;
    }

    public Builder weightDecay(double value) {
      this.weightDecay = value;
      return this;
    }

    public Builder clipNorm(double norm) {
      this.clipNorm = norm;
      return this;
    }

    public Builder labelSmoothing(double share) {
      this.labelSmoothing = share;
      return this;
    }

    public Builder updaterState(UpdaterState value) {
      this.updaterState = value;
      return this;
    }

    public Builder everyStepEpochs(int count) {
      this.everyStepEpochs = count;
      return this;
    }

    public Builder outerRate(double factor) {
      this.outerRate = factor;
      return this;
    }

    public Builder outerMomentum(double value) {
      this.outerMomentum = value;
      return this;
    }

    public Builder outerNesterov(boolean ahead) {
      this.outerNesterov = ahead;
      return this;
    }

    public Builder wire(Wire value) {
      this.wire = value;
      return this;
    }

    public Builder augmentations(List<String> names) {
      this.augmentations = List.copyOf(names);
      return this;
    }

    public Builder mixup(double alpha) {
      this.mixup = alpha;
      return this;
    }

    public Builder seed(long value) {
      this.seed = value;
      return this;
    }

    public Builder checkpointEvery(int rounds) {
      this.checkpointEvery = rounds;
      return this;
    }

    public Builder keep(int checkpoints) {
      this.keep = checkpoints;
      return this;
    }

    public Builder validateEvery(int rounds) {
      this.validateEvery = rounds;
      return this;
    }

    public Builder validationSplit(String name) {
      this.validationSplit = name;
      return this;
    }

    public Builder patience(int validations) {
      this.patience = validations;
      return this;
    }

    public Builder metric(SelectionMetric value) {
      this.metric = value.toString();
      return this;
    }

    public Builder engine(String name) {
      this.engine = name;
      return this;
    }

    public Builder init(String checkpoint) {
      this.init = checkpoint;
      return this;
    }

    public Builder freeze(String layer) {
      this.freeze = layer;
      return this;
    }

    public Builder normalization(NormalizationSource value) {
      this.normalization = value;
      return this;
    }

    public Builder sliceBytes(int bytes) {
      this.sliceBytes = bytes;
      return this;
    }

    public Builder overlapSteps(int steps) {
      this.overlapSteps = steps;
      return this;
    }

    public Builder classWeights(ClassWeighting value) {
      this.classWeights = value;
      return this;
    }

    public Builder sampling(Sampling value) {
      this.sampling = value.toString();
      return this;
    }

    public Builder mlflow(String uri) {
      this.mlflow = uri;
      return this;
    }

    public Builder precision(Precision value) {
      this.precision = value.toString();
      return this;
    }

    public Builder convolution(ConvolutionAlgorithm value) {
      this.convolution = value.toString();
      return this;
    }

    /**
     * The config.
     *
     * @throws io.stoker.failure.InputException if a value is missing or out of range
     */
    public TrainingConfig build() {
      return new TrainingConfig(
          new DataConfig(data, augmentations, mixup, Sampling.parse(sampling)),
          run,
          model,
          new RoundConfig(workers, batch, localSteps, everyStepEpochs, epochs),
          new OptimizerConfig(
              learningRate, schedule, biasRate, layerRates, momentum, weightDecay, clipNorm),
          new LossConfig(labelSmoothing, classWeights),
          new AveragingConfig(updaterState, wire, sliceBytes, overlapSteps),
          new OuterOptimizerConfig(outerRate, outerMomentum, outerNesterov),
          seed,
          new CheckpointConfig(checkpointEvery, keep),
          new ValidationConfig(
              validateEvery, validationSplit, patience, SelectionMetric.parse(metric)),
          engine,
          new Arithmetic(Precision.parse(precision), ConvolutionAlgorithm.parse(convolution)),
          new InitializationConfig(init, freeze, normalization),
          new TrackingConfig(mlflow));
    }
  }
}
