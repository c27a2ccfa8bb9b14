// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.config;

import io.stoker.data.plan.Sampling;
import io.stoker.driver.slice.Wire;
import io.stoker.failure.Check;
import io.stoker.models.engine.Arithmetic;
import io.stoker.models.engine.ConvolutionAlgorithm;
import io.stoker.models.engine.Engines;
import io.stoker.models.engine.Precision;
import io.stoker.models.zoo.Zoo;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

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
  /** Keys of options whose defaults depend on other options. */
  public static final Set<String> DEPENDENT_DEFAULTS =
      Set.of(ConfigFormat.RATE, ConfigFormat.SCHEDULE);

  public TrainingConfig {
    Check.input(!run.isBlank(), "Missing run folder: say --run URI");
    Check.input(!model.isBlank(), "Missing model: say --model NAME (stoker models lists them)");
    Check.input(
        rounds.localSteps().isFixed() || !optimizer.schedule().watchesLoss(),
        "Invalid local steps: %s follows the learning rate, which must be known from the start, and"
            + " the plateau schedule depends on losses (choose another schedule, or a number)",
        rounds.localSteps());
    Check.input(
        data.cutmix() == 0 || loss.classWeights() instanceof ClassWeighting.Equal,
        "Cannot use --cutmix with --class-weights: an example that shows two classes has one weight"
            + " for both (balance with --sampling balanced instead)");
    Check.input(
        rounds.batch() % data.repeats() == 0,
        "Invalid repeats: %d (must divide the batch of %d)",
        data.repeats(),
        rounds.batch());
    Check.input(
        optimizer.kind() == WorkerOptimizer.SGD
            || averaging.updaterState() == UpdaterState.RESET
            || averaging.wire() == Wire.FP32,
        "Cannot send the second moments of adamw as %s: they are too small (use --wire fp32, or"
            + " --updater-state reset)",
        averaging.wire().name().toLowerCase(Locale.ROOT));
    Check.input(
        !averaging.hasQuorum() || rounds.workers() > 1,
        "Invalid quorum: %s with one worker (leave --quorum out)",
        averaging.quorum());
    Check.input(
        !averaging.workBySpeed() || rounds.workers() > 1,
        "Invalid work by speed: one worker has none to be slower than (leave --work-by-speed out)");
    Check.input(
        averaging.overlapSteps() == 0 || averaging.overlapSteps() < rounds.localSteps().least(),
        "Invalid overlap: %d steps (must be less than the local steps, which are %s)",
        averaging.overlapSteps(),
        rounds.localSteps());
  }

  /**
   * Makes sure that a training with all epochs reaches each one from which an option counts.
   *
   * @throws io.stoker.failure.InputException if it does not
   */
  public void requireEpochs() {
    Check.input(
        data.sizeSchedule().lastEpoch() < rounds.epochs(),
        "Invalid size schedule: %s (training ends after %d epochs, before the last size)",
        data.sizes(),
        rounds.epochs());
    Check.input(
        averaging.swa() < rounds.epochs(),
        "Invalid swa: %d (must be less than the epochs, which are %d: the mean would have no"
            + " rounds)",
        averaging.swa(),
        rounds.epochs());
  }

  /** Whether the momentum travels with the parameters. */
  public boolean carriesUpdaterState() {
    return optimizer.stateVectors() > 0 && averaging.updaterState() == UpdaterState.AVERAGE;
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
    Builder builder = new Builder();
    ConfigComponents.valuesOf(this).forEach(builder::set);
    return builder;
  }

  /**
   * Collects a config's values; {@link #build} checks them. {@link #set} takes the value of each
   * {@link TrainingOption}; the other methods are for those that programs set.
   */
  public static final class Builder {
    /** AdamW's steps are about as long as the rate, whatever the gradient's length. */
    private static final double ADAMW_RATE = 0.001;

    /** The default rate of a job that goes on from a trained model. */
    private static final double FINE_TUNING_RATE = 0.01;

    private final Map<String, Object> values = new HashMap<>();

    private Builder() {
      for (TrainingOption option : TrainingOption.ofJob()) {
        if (!DEPENDENT_DEFAULTS.contains(option.key())) {
          set(option.key(), option.defaultValue());
        }
      }
    }

    /**
     * Sets a value.
     *
     * @param key the option's key in {@code run.json}
     * @param value of the type that the config has, or one that JSON would have in its place
     * @throws io.stoker.failure.InputException if the value does not fit the option
     */
    public Builder set(String key, Object value) {
      values.put(key, ConfigFormat.value(TrainingOption.ofKey(key), value));
      return this;
    }

    /** The value of a key that has been set, or its default. */
    public Object value(String key) {
      return values.get(key);
    }

    public Builder data(String uri) {
      return set("data", uri);
    }

    public Builder run(String uri) {
      return set("run", uri);
    }

    public Builder model(String nameOrFile) {
      return set("model", nameOrFile);
    }

    public Builder workers(int count) {
      return set("workers", count);
    }

    public Builder batch(int examples) {
      return set("batch", examples);
    }

    public Builder localSteps(int steps) {
      return localSteps(LocalSteps.of(steps));
    }

    public Builder localSteps(LocalSteps steps) {
      return set("local_steps", steps);
    }

    public Builder epochs(int count) {
      return set("epochs", count);
    }

    public Builder learningRate(double rate) {
      return set("learning_rate", rate);
    }

    public Builder schedule(LearningRateSchedule value) {
      return set("schedule", value);
    }

    public Builder momentum(double value) {
      return set("momentum", value);
    }

    public Builder weightDecay(double value) {
      return set("weight_decay", value);
    }

    public Builder augmentations(List<String> names) {
      return set("augmentations", names);
    }

    public Builder seed(long value) {
      return set("seed", value);
    }

    public Builder checkpointEvery(int rounds) {
      return set("checkpoint_every", rounds);
    }

    public Builder keep(int checkpoints) {
      return set("keep", checkpoints);
    }

    public Builder validateEvery(int rounds) {
      return set("validate_every", rounds);
    }

    public Builder validationSplit(String name) {
      return set("validation_split", name);
    }

    public Builder patience(int validations) {
      return set("patience", validations);
    }

    public Builder metric(SelectionMetric value) {
      return set("metric", value);
    }

    public Builder engine(String name) {
      return set("engine", name);
    }

    public Builder init(String checkpoint) {
      return set("init", checkpoint);
    }

    public Builder freeze(String layer) {
      return set("freeze", layer);
    }

    public Builder normalization(NormalizationSource value) {
      return set("normalization", value);
    }

    public Builder precision(Precision value) {
      return set("precision", value);
    }

    public Builder convolution(ConvolutionAlgorithm value) {
      return set("convolution", value);
    }

    /**
     * The config.
     *
     * @throws io.stoker.failure.InputException if a value is missing or out of range
     */
    public TrainingConfig build() {
      TrainingOption.ofJob().forEach(option -> option.check(values.get(option.key())));
      Map<String, Object> complete = new HashMap<>(values);
      complete.computeIfAbsent(ConfigFormat.RATE, key -> defaultRate());
      complete.computeIfAbsent(
          ConfigFormat.SCHEDULE,
          key -> new LearningRateSchedule.OneCycle((int) values.get("epochs"), 0));
      return ConfigComponents.configOf(complete);
    }

    private double defaultRate() {
      if (values.get("optimizer") == WorkerOptimizer.ADAMW) {
        return ADAMW_RATE;
      }
      return values.get("init").toString().isBlank()
          ? Zoo.learningRate((String) values.get("model"))
              .orElseGet(() -> TrainingOption.ofKey(ConfigFormat.RATE).defaultValue().asDouble())
          : FINE_TUNING_RATE;
    }
  }
}
