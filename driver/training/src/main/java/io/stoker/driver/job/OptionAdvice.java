// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.job;

import io.stoker.data.plan.Sampling;
import io.stoker.driver.config.AveragingConfig;
import io.stoker.driver.config.ClassWeighting;
import io.stoker.driver.config.LearningRateSchedule;
import io.stoker.driver.config.OptimizerConfig;
import io.stoker.driver.config.RoundConfig;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.config.TrainingOption;
import io.stoker.driver.config.UpdaterState;
import io.stoker.driver.config.WorkerOptimizer;
import io.stoker.failure.Check;
import io.stoker.models.engine.ConvolutionAlgorithm;
import io.stoker.models.engine.Precision;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Options of a new job that do nothing beside its other options. A run of an earlier release may
 * have them, and is resumed as it is.
 */
public final class OptionAdvice {
  private static final Logger LOG = LoggerFactory.getLogger(OptionAdvice.class);

  /** A share of the workers is rounded up, but for the rounding of their product. */
  private static final double ROUNDING = 1e-6;

  private OptionAdvice() {}

  /**
   * Makes sure that what was asked for by an option of its own can have an effect.
   *
   * @param rounds how many the job has
   * @throws io.stoker.failure.InputException if it cannot
   */
  static void require(TrainingConfig config, int rounds) {
    AveragingConfig averaging = config.averaging();
    int workers = config.rounds().workers();
    Check.input(
        !config.validation().calibrate() || !config.validation().split().equals(TrainingRun.SPLIT),
        "Cannot use --calibrate with --validation-split train: a network is too sure of images that"
            + " it was trained on (prepare --split-train validation=0.1 takes a split for this out"
            + " of train)");
    Check.input(
        averaging.quorum() == 1 || averaging.quorum() * workers - ROUNDING <= workers - 1,
        "Invalid quorum: %s of %d workers are all of them (say less, or leave --quorum out)",
        averaging.quorum(),
        workers);
    Check.input(
        !averaging.workBySpeed()
            || !config.rounds().localSteps().isFixed()
            || config.rounds().localSteps().least() > 1,
        "Invalid work by speed: a round has one local step, and no worker can take fewer (say"
            + " --local-steps 2 or more, or leave --work-by-speed out)");
    int every = config.validation().every();
    Check.input(
        every <= rounds,
        "Invalid validation interval: %d rounds, and training has %d (say --validate-every %d or"
            + " less)",
        every,
        rounds,
        rounds);
  }

  /** Tells the user of options that may depend on another one, as in a recipe. */
  static void log(TrainingConfig config) {
    of(config).forEach(LOG::warn);
  }

  /**
   * What is told of them.
   *
   * @return a sentence for each
   */
  static List<String> of(TrainingConfig config) {
    List<String> advice = new ArrayList<>();
    ofOptimizer(config, advice);
    ofData(config, advice);
    ofSchedule(config.optimizer().schedule(), config.rounds().epochs(), advice);
    add(
        advice,
        config.outer().nesterov() && config.outer().momentum() == 0,
        "--outer-nesterov has no effect without --outer-momentum");
    add(
        advice,
        config.arithmetic().precision() != Precision.BF16
            && config.arithmetic().convolution().compareTo(ConvolutionAlgorithm.ROUNDED) >= 0,
        "--convolution rounded, blocks and bfloat16 are rearranged without --precision bf16");
    return List.copyOf(advice);
  }

  private static void ofOptimizer(TrainingConfig config, List<String> advice) {
    OptimizerConfig optimizer = config.optimizer();
    boolean sgd = optimizer.kind() == WorkerOptimizer.SGD;
    add(
        advice,
        sgd && isChanged("beta2", optimizer.secondMomentum()),
        "--beta2 has no effect without --optimizer adamw");
    add(
        advice,
        sgd && isChanged("epsilon", optimizer.epsilon()),
        "--epsilon has no effect without --optimizer adamw");
    add(
        advice,
        config.averaging().updaterState() == UpdaterState.RESET && optimizer.stateVectors() == 0,
        "--updater-state reset has no effect with --momentum 0, which leaves no state");
  }

  private static boolean isChanged(String name, double value) {
    return value != Double.parseDouble(TrainingOption.named(name).defaultText());
  }

  private static void ofData(TrainingConfig config, List<String> advice) {
    RoundConfig rounds = config.rounds();
    add(
        advice,
        config.loss().classWeights() instanceof ClassWeighting.Balanced
            && config.data().sampling() == Sampling.BALANCED,
        "--class-weights balanced and --sampling balanced together correct twice");
    add(
        advice,
        config.data().repeats() > 1
            && config.data().augmentations().isEmpty()
            && !config.data().mixing().isOn(),
        "--repeats without --augment shows the same image more than once");
    add(
        advice,
        config.data().mixing().isOn() && rounds.batch() == config.data().repeats(),
        "--mixup and --cutmix have no effect: a batch has one sample, which has no neighbours");
  }

  private static void ofSchedule(LearningRateSchedule schedule, int epochs, List<String> advice) {
    boolean isLowered = true;
    if (schedule instanceof LearningRateSchedule.StepDecay step) {
      isLowered = step.everyEpochs() < epochs;
    } else if (schedule instanceof LearningRateSchedule.Plateau plateau) {
      isLowered = plateau.patienceEpochs() + 1 < epochs;
    }
    add(
        advice,
        !isLowered,
        "The learning rate is never lowered: training ends before the epochs of --rate-epochs");
    add(
        advice,
        schedule.warmUpEpochs() > epochs,
        "--warm-up does not end: training has fewer epochs");
  }

  private static void add(List<String> advice, boolean applies, String sentence) {
    if (applies) {
      advice.add(sentence);
    }
  }
}
