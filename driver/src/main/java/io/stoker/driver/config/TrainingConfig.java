package io.stoker.driver.config;

import com.fasterxml.jackson.annotation.JsonAutoDetect;
import io.stoker.data.augment.Mixup;
import io.stoker.failure.Check;
import io.stoker.models.engine.Engines;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A training job as data: everything that a user decides. What is not in it (executors, slots,
 * retries) cannot change the result.
 *
 * @param data where the shards and their manifest are: a local path, {@code hdfs://} or {@code
 *     s3a://}
 * @param run where the run folder is made
 * @param model a name from the zoo, or the path of a YAML file that ends in {@code .yaml} or {@code
 *     .yml}
 * @param workers logical workers, a number of the job and not of the cluster
 * @param batch examples of one worker in one step
 * @param localSteps steps of each worker between two averagings
 * @param epochs passes over the training data
 * @param learningRate the base rate, per mean gradient of a worker's batch
 * @param schedule how the rate moves
 * @param biasRate by how much biases learn faster than weights; 2 in the AlexNet paper's code
 * @param layerRates further factors on the rate of single layers, each a layer as {@code stoker
 *     models} prints it, or its number
 * @param momentum the velocity's retention, 0 to below 1
 * @param weightDecay the L2 factor on weights
 * @param clipNorm the largest L2 norm of a gradient, 0 for no bound
 * @param labelSmoothing what is taken from each example's class and spread over all, 0 for none
 * @param updaterState what becomes of the momentum between rounds
 * @param everyStepEpochs for how many epochs workers average after every step, before they take the
 *     local steps: post-local SGD (Lin et al., 2020, "Don't Use Large Mini-Batches, Use Local SGD")
 * @param outerRate the factor on the step from the parameters before a round to the workers' mean
 * @param outerMomentum the retention of these steps; 0 with rate 1 is plain averaging
 * @param outerNesterov whether that momentum looks ahead
 * @param wire what workers' values travel as
 * @param augmentations names of augmentations, applied in this order
 * @param mixup the alpha of mixup, 0 for none
 * @param seed the root of all randomness
 * @param checkpointEvery rounds between two checkpoints; the last round always has one
 * @param keep how many checkpoints remain, the newest ones
 * @param validateEvery rounds between two validations, each of a checkpoint; 0 for none
 * @param validationSplit the split that is validated on
 * @param patience after how many validations without a better one training ends early; 0 for never
 * @param engine the engine's name, or {@link Engines#AUTO}
 * @param init a checkpoint whose parameters the job begins with; empty for fresh ones
 * @param freeze the last layer that does not learn, as in layerRates; nor do those before it. Empty
 *     if all learn
 * @param sliceBytes how large a slice of the parameter vector may be, 0 for a size that fits model
 *     and workers; no influence on the result
 */
public record TrainingConfig(
    String data,
    String run,
    String model,
    int workers,
    int batch,
    int localSteps,
    int epochs,
    double learningRate,
    LearningRateSchedule schedule,
    double biasRate,
    Map<String, Double> layerRates,
    double momentum,
    double weightDecay,
    double clipNorm,
    double labelSmoothing,
    UpdaterState updaterState,
    int everyStepEpochs,
    double outerRate,
    double outerMomentum,
    boolean outerNesterov,
    Wire wire,
    List<String> augmentations,
    double mixup,
    long seed,
    int checkpointEvery,
    int keep,
    int validateEvery,
    String validationSplit,
    int patience,
    String engine,
    String init,
    String freeze,
    int sliceBytes) {
  /** Bounds W * B, so that no count of examples in a step overflows. */
  private static final long MAXIMUM_GLOBAL_BATCH = 1 << 24;

  private static final int MINIMUM_SLICE_BYTES = 1 << 10;

  public TrainingConfig {
    augmentations = List.copyOf(augmentations);
    layerRates = Collections.unmodifiableMap(new TreeMap<>(layerRates));
    Check.input(!data.isBlank(), "Missing data: say --data URI (a folder made by stoker prepare)");
    Check.input(!run.isBlank(), "Missing run folder: say --run URI");
    Check.input(!model.isBlank(), "Missing model: say --model NAME (stoker models lists them)");
    Check.input(workers >= 1, "Invalid workers: %d (must be >= 1)", workers);
    Check.input(batch >= 1, "Invalid batch size: %d (must be >= 1)", batch);
    Check.input(
        (long) workers * batch <= MAXIMUM_GLOBAL_BATCH,
        "Invalid global batch: %d workers x %d examples (must be at most %d)",
        workers,
        batch,
        MAXIMUM_GLOBAL_BATCH);
    Check.input(localSteps >= 1, "Invalid local steps: %d (must be >= 1)", localSteps);
    Check.input(epochs >= 1, "Invalid epochs: %d (must be >= 1)", epochs);
    Check.input(
        (float) learningRate > 0 && Float.isFinite((float) learningRate),
        "Invalid learning rate: %s (must be > 0, within the range of a float)",
        learningRate);
    Check.input(
        momentum >= 0 && (float) momentum < 1,
        "Invalid momentum: %s (must be >= 0 and < 1)",
        momentum);
    Check.input(
        weightDecay >= 0 && Float.isFinite((float) weightDecay),
        "Invalid weight decay: %s (must be >= 0)",
        weightDecay);
    Check.input(
        biasRate >= 0 && Double.isFinite(biasRate),
        "Invalid bias rate: %s (must be >= 0)",
        biasRate);
    Check.input(
        clipNorm >= 0 && Double.isFinite(clipNorm),
        "Invalid gradient norm: %s (must be > 0, or 0 for no bound)",
        clipNorm);
    Check.input(
        labelSmoothing >= 0 && labelSmoothing < 1,
        "Invalid label smoothing: %s (must be >= 0 and < 1)",
        labelSmoothing);
    Check.input(
        everyStepEpochs >= 0,
        "Invalid epochs of averaging every step: %d (must be >= 0)",
        everyStepEpochs);
    Check.input(
        outerRate > 0 && Double.isFinite(outerRate),
        "Invalid outer rate: %s (must be > 0)",
        outerRate);
    Check.input(
        outerMomentum >= 0 && outerMomentum < 1,
        "Invalid outer momentum: %s (must be >= 0 and < 1)",
        outerMomentum);
    Check.input(
        freeze.isBlank() || !init.isBlank(),
        "Cannot freeze layer %s: without --init CHECKPOINT it has learnt nothing",
        freeze);
    mixup = new Mixup(mixup).alpha();
    Check.input(
        checkpointEvery >= 1,
        "Invalid checkpoint interval: %d rounds (must be >= 1)",
        checkpointEvery);
    Check.input(keep >= 1, "Invalid number of checkpoints to keep: %d (must be >= 1)", keep);
    Check.input(
        validateEvery >= 0,
        "Invalid validation interval: %d rounds (must be >= 1, or 0 for none)",
        validateEvery);
    Check.input(patience >= 0, "Invalid patience: %d (must be >= 1, or 0 for none)", patience);
    Check.input(
        patience == 0 || validateEvery > 0,
        "Invalid patience: %d without validation (say --validate-every ROUNDS)",
        patience);
    Check.input(
        sliceBytes == 0 || (sliceBytes >= MINIMUM_SLICE_BYTES && sliceBytes % Float.BYTES == 0),
        "Invalid slice size: %d bytes (must be >= %d, and a multiple of %d; or 0 for one that fits)",
        sliceBytes,
        MINIMUM_SLICE_BYTES,
        Float.BYTES);
  }

  /** How many examples all workers see in one full step. */
  public int globalBatch() {
    return workers * batch;
  }

  /** Whether the momentum travels with the parameters. */
  public boolean carriesUpdaterState() {
    return momentum > 0 && updaterState == UpdaterState.AVERAGE;
  }

  /** A builder with the defaults; data, run and model have none. */
  public static Builder builder() {
    return new Builder();
  }

  /** A builder with this config's values. */
  public Builder toBuilder() {
    return new Builder()
        .data(data)
        .run(run)
        .model(model)
        .workers(workers)
        .batch(batch)
        .localSteps(localSteps)
        .epochs(epochs)
        .learningRate(learningRate)
        .schedule(schedule)
        .biasRate(biasRate)
        .layerRates(layerRates)
        .momentum(momentum)
        .weightDecay(weightDecay)
        .clipNorm(clipNorm)
        .labelSmoothing(labelSmoothing)
        .updaterState(updaterState)
        .everyStepEpochs(everyStepEpochs)
        .outerRate(outerRate)
        .outerMomentum(outerMomentum)
        .outerNesterov(outerNesterov)
        .wire(wire)
        .augmentations(augmentations)
        .mixup(mixup)
        .seed(seed)
        .checkpointEvery(checkpointEvery)
        .keep(keep)
        .validateEvery(validateEvery)
        .validationSplit(validationSplit)
        .patience(patience)
        .engine(engine)
        .init(init)
        .freeze(freeze)
        .sliceBytes(sliceBytes);
  }

  /** Collects a config's values; {@link #build} checks them. */
  @JsonAutoDetect(fieldVisibility = JsonAutoDetect.Visibility.ANY)
  public static final class Builder {
    private String data = "";
    private String run = "";
    private String model = "";
    private int workers = 2;
    private int batch = 64;
    private int localSteps = 10;
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
    private String engine = Engines.AUTO;
    private String init = "";
    private String freeze = "";
    private int sliceBytes;

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
      this.layerRates = Map.copyOf(factors);
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

    public Builder sliceBytes(int bytes) {
      this.sliceBytes = bytes;
      return this;
    }

    /**
     * The config.
     *
     * @throws io.stoker.failure.InputException if a value is missing or out of range
     */
    public TrainingConfig build() {
      return new TrainingConfig(
          data,
          run,
          model,
          workers,
          batch,
          localSteps,
          epochs,
          learningRate,
          schedule,
          biasRate,
          layerRates,
          momentum,
          weightDecay,
          clipNorm,
          labelSmoothing,
          updaterState,
          everyStepEpochs,
          outerRate,
          outerMomentum,
          outerNesterov,
          wire,
          augmentations,
          mixup,
          seed,
          checkpointEvery,
          keep,
          validateEvery,
          validationSplit,
          patience,
          engine,
          init,
          freeze,
          sliceBytes);
    }
  }
}
