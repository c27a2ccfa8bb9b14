// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import io.stoker.data.plan.Sampling;
import io.stoker.driver.config.ClassWeighting;
import io.stoker.driver.config.ClassWeightsFile;
import io.stoker.driver.config.LearningRateSchedule;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.slice.Wire;
import io.stoker.failure.Check;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Options of {@code train} beyond plain momentum; docs/training.md tells where each is from. */
final class RecipeOptions {
  /** The kinds of {@link LearningRateSchedule}. */
  enum Kind {
    CONSTANT,
    COSINE,
    STEP,
    PLATEAU
  }

  /** What the paper, and nearly everyone after it, divides the rate by. */
  private static final double TENTH = 0.1;

  @Option(
      names = "--schedule",
      paramLabel = "KIND",
      description =
          "How the learning rate changes: constant; cosine (down to zero at the last epoch); step"
              + " (multiplied by --rate-factor every --rate-epochs); plateau (multiplied by"
              + " --rate-factor when the loss has not fallen for --rate-epochs: the validation loss"
              + " with --validate-every, else the training loss) (default: constant).")
  private Kind schedule;

  @Option(
      names = "--rate-factor",
      paramLabel = "X",
      description = "For step and plateau (default: 0.1).")
  private Double rateFactor;

  @Option(names = "--rate-epochs", paramLabel = "E", description = "For step and plateau.")
  private Double rateEpochs;

  @Option(
      names = "--warm-up",
      paramLabel = "E",
      description = "Epochs of linear warm-up, for every schedule (default: 0).")
  private Double warmUp;

  @Option(
      names = "--bias-rate",
      paramLabel = "X",
      description =
          "The factor on the learning rate of biases; 2 in the AlexNet paper's code (default: 1).")
  private Double biasRate;

  @Option(
      names = "--clip-norm",
      paramLabel = "X",
      description = "The largest L2 norm of a gradient; 0 for no bound (default: 0).")
  private Double clipNorm;

  @Option(
      names = "--label-smoothing",
      paramLabel = "X",
      description =
          "Label smoothing: the share of each example's label that is spread over all classes"
              + " (default: 0).")
  private Double labelSmoothing;

  @Option(
      names = "--class-weights",
      paramLabel = "balanced|FILE",
      description =
          "How much the examples of each class count in the loss: balanced (all classes the same in"
              + " total), or a YAML, JSON or CSV file with the weight of each class (default: all"
              + " examples count the same).")
  private String classWeights;

  @Option(
      names = "--sampling",
      paramLabel = "natural|balanced",
      description =
          "How often an epoch has each sample: natural (once), or balanced (each class equally"
              + " often, in an epoch of the same size) (default: natural).")
  private Sampling sampling;

  @Option(
      names = "--mixup",
      paramLabel = "ALPHA",
      description =
          "Mixup: mix each example with its neighbour in the batch, with shares from Beta(ALPHA,"
              + " ALPHA) (default: 0, none).")
  private Double mixup;

  @Option(
      names = "--every-step-epochs",
      paramLabel = "E",
      description =
          "In the first E epochs, average after every step instead of after --local-steps (default:"
              + " 0).")
  private Integer everyStepEpochs;

  @Option(
      names = "--outer-rate",
      paramLabel = "X",
      description =
          "The outer learning rate: the factor on the step from the last parameters to the workers'"
              + " mean (default: 1).")
  private Double outerRate;

  @Option(
      names = "--outer-momentum",
      paramLabel = "X",
      description = "The momentum of the outer steps; 0 is plain averaging (default: 0).")
  private Double outerMomentum;

  @Option(names = "--outer-nesterov", description = "Use Nesterov momentum for the outer steps.")
  private Boolean outerNesterov;

  @Option(
      names = "--wire",
      paramLabel = "fp32|fp16|int8",
      description = "The format in which workers send their values to be averaged (default: fp32).")
  private Wire wire;

  @Option(
      names = "--overlap",
      description =
          "Begin the next round while workers' parameters are averaged, and add the difference to"
              + " their mean after half of the local steps.")
  private boolean overlap;

  @Option(
      names = "--overlap-steps",
      paramLabel = "N",
      description =
          "The same after N local steps, fewer than --local-steps; 0 is averaging without overlap"
              + " (default: 0).")
  private Integer overlapSteps;

  /** A config with the values that were given here. */
  TrainingConfig over(TrainingConfig config) {
    TrainingConfig.Builder builder = config.toBuilder();
    OptionalValue.setIfPresent(biasRate, builder::biasRate);
    OptionalValue.setIfPresent(clipNorm, builder::clipNorm);
    OptionalValue.setIfPresent(labelSmoothing, builder::labelSmoothing);
    if (classWeights != null) {
      builder.classWeights(
          classWeights.equals(ClassWeighting.BALANCED)
              ? new ClassWeighting.Balanced()
              : ClassWeightsFile.read(Path.of(classWeights)));
    }
    OptionalValue.setIfPresent(mixup, builder::mixup);
    OptionalValue.setIfPresent(sampling, builder::sampling);
    OptionalValue.setIfPresent(everyStepEpochs, builder::everyStepEpochs);
    OptionalValue.setIfPresent(outerRate, builder::outerRate);
    OptionalValue.setIfPresent(outerMomentum, builder::outerMomentum);
    OptionalValue.setIfPresent(outerNesterov, builder::outerNesterov);
    OptionalValue.setIfPresent(wire, builder::wire);
    if (overlap && config.averaging().overlapSteps() == 0) {
      builder.overlapSteps(Math.max(1, config.rounds().localSteps().least() / 2));
    }
    OptionalValue.setIfPresent(overlapSteps, builder::overlapSteps);
    boolean counts = schedule == Kind.STEP || schedule == Kind.PLATEAU;
    Check.input(
        counts ? rateEpochs != null : (rateEpochs == null && rateFactor == null),
        "--rate-epochs goes with --schedule step or plateau, which need it; --rate-factor with"
            + " both");
    if (schedule != null || warmUp != null) {
      builder.schedule(changed(config.optimizer().schedule(), config.rounds().epochs()));
    }
    return builder.build();
  }

  private LearningRateSchedule changed(LearningRateSchedule recipe, int epochs) {
    double up = warmUp == null ? recipe.warmUpEpochs() : warmUp;
    if (schedule == null) {
      return recipe.withWarmUp(up);
    }
    double factor = rateFactor == null ? TENTH : rateFactor;
    return switch (schedule) {
      case CONSTANT -> new LearningRateSchedule.Constant(up);
      case COSINE -> new LearningRateSchedule.Cosine(epochs, up);
      case STEP -> new LearningRateSchedule.StepDecay(factor, rateEpochs, up);
      case PLATEAU -> new LearningRateSchedule.Plateau(factor, wholeEpochs(), up);
    };
  }

  private int wholeEpochs() {
    Check.input(
        rateEpochs == Math.rint(rateEpochs),
        "Invalid --rate-epochs: %s (a plateau is counted in whole epochs)",
        rateEpochs);
    return rateEpochs.intValue();
  }
}
