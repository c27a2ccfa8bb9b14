// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.config;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.stoker.failure.Check;
import java.io.Serializable;
import java.util.List;

/**
 * How the learning rate moves over a job: a factor on {@link OptimizerConfig#learningRate}, and a
 * pure function of the global step and of the losses of the epochs before. All horizons are in
 * epochs, so that a schedule means the same for every batch size.
 *
 * <p>Every schedule but {@link OneCycle}, which rises by itself, may begin with a linear warm-up,
 * in which step s of n has the rate that the schedule gives times {@code (s + 1) / n} (Goyal et
 * al., 2017, "Accurate, Large Minibatch SGD", section 2.2).
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
  @JsonSubTypes.Type(value = LearningRateSchedule.Constant.class, name = "constant"),
  @JsonSubTypes.Type(value = LearningRateSchedule.StepDecay.class, name = "step"),
  @JsonSubTypes.Type(value = LearningRateSchedule.Cosine.class, name = "cosine"),
  @JsonSubTypes.Type(value = LearningRateSchedule.Plateau.class, name = "plateau"),
  @JsonSubTypes.Type(value = LearningRateSchedule.Linear.class, name = "linear"),
  @JsonSubTypes.Type(value = LearningRateSchedule.OneCycle.class, name = "one-cycle")
})
public sealed interface LearningRateSchedule extends Serializable {
  /**
   * The schedule by the values of four options.
   *
   * @param name constant, cosine, linear, one-cycle, step or plateau
   * @param factor what step and plateau multiply the rate by
   * @param every after how many epochs they do so; 0 if not given
   * @param warmUp epochs of warm-up
   * @param epochs of the job, at whose end cosine, linear and one-cycle end
   * @throws io.stoker.failure.InputException if the values do not fit the schedule
   */
  static LearningRateSchedule of(
      String name, double factor, double every, double warmUp, int epochs) {
    boolean counts = counts(name);
    Check.input(
        counts == every > 0,
        "Invalid --rate-epochs: %s with --schedule %s (schedules step and plateau need it, the"
            + " others have none)",
        every,
        name);
    Check.input(
        !name.equals("plateau") || every == Math.rint(every),
        "Invalid --rate-epochs: %s (a plateau is counted in whole epochs)",
        every);
    return switch (name) {
      case "constant" -> new Constant(warmUp);
      case "cosine" -> new Cosine(epochs, warmUp);
      case "linear" -> new Linear(epochs, warmUp);
      case "one-cycle" -> new OneCycle(epochs, warmUp);
      case "step" -> new StepDecay(factor, every, warmUp);
      case "plateau" -> new Plateau(factor, (int) every, warmUp);
      default -> throw new IllegalArgumentException("There is no schedule " + name);
    };
  }

  /** Whether a schedule multiplies the rate by a factor after some epochs. */
  static boolean counts(String name) {
    return name.equals("step") || name.equals("plateau");
  }

  /** How many epochs the warm-up takes; 0 for none. */
  double warmUpEpochs();

  /** This schedule after another warm-up. */
  LearningRateSchedule withWarmUp(double epochs);

  /**
   * The factor after the warm-up.
   *
   * @param epochs how far the job is, in epochs from its beginning
   */
  double decay(double epochs);

  /** The epoch after which the rate stays what it is, close to zero; infinite for none. */
  default double horizon() {
    return Double.POSITIVE_INFINITY;
  }

  /** Whether the rate depends on losses. */
  default boolean watchesLoss() {
    return false;
  }

  /**
   * A further factor, from the losses of the epochs so far.
   *
   * @param losses the loss of each complete epoch, from the first: of its last validation, or where
   *     the job has none the mean of training
   */
  default double reduction(List<Double> losses) {
    return 1;
  }

  /**
   * The factor on the base rate of one step, without the {@link #reduction}.
   *
   * @param step the global step, from 0
   * @param stepsPerEpoch the steps of an epoch, at least 1
   */
  default double factor(long step, long stepsPerEpoch) {
    double warmUpSteps = warmUpEpochs() * stepsPerEpoch;
    double warmUp = step < warmUpSteps ? Math.min(1, (step + 1) / warmUpSteps) : 1;
    return warmUp * decay((double) step / stepsPerEpoch);
  }

  /** The base rate at each step. */
  record Constant(double warmUpEpochs) implements LearningRateSchedule {
    public Constant {
      checkWarmUp(warmUpEpochs);
    }

    @Override
    public Constant withWarmUp(double epochs) {
      return new Constant(epochs);
    }

    @Override
    public double decay(double epochs) {
      return 1;
    }
  }

  /**
   * Multiplies the rate by a factor at regular intervals: the AlexNet paper divides by 10
   * (Krizhevsky et al., 2012, section 5).
   *
   * @param factor what the rate is multiplied by, above 0 and at most 1
   * @param everyEpochs after how many epochs, each time
   */
  record StepDecay(double factor, double everyEpochs, double warmUpEpochs)
      implements LearningRateSchedule {
    public StepDecay {
      checkWarmUp(warmUpEpochs);
      Check.input(
          factor > 0 && factor <= 1, "Invalid step factor: %s (must be > 0 and <= 1)", factor);
      Check.input(
          everyEpochs != 0, "The schedule step has no every-epochs, such as 'every-epochs: 30'");
      Check.input(
          everyEpochs > 0 && Double.isFinite(everyEpochs),
          "Invalid step interval: %s epochs (must be > 0)",
          everyEpochs);
    }

    @Override
    public StepDecay withWarmUp(double epochs) {
      return new StepDecay(factor, everyEpochs, epochs);
    }

    @Override
    public double decay(double epochs) {
      return Math.pow(factor, Math.floor(epochs / everyEpochs));
    }
  }

  /**
   * Half a cosine from the base rate, at the warm-up's end, down to zero (Loshchilov and Hutter,
   * 2017, "SGDR", without restarts).
   *
   * @param epochs when zero is reached; a field of its own, and not the job's epochs, so that a job
   *     that is resumed for longer keeps the rates that it had
   */
  record Cosine(double epochs, double warmUpEpochs) implements LearningRateSchedule {
    public Cosine {
      checkWarmUp(warmUpEpochs);
      checkHorizon("cosine", epochs, warmUpEpochs);
    }

    @Override
    public double horizon() {
      return epochs;
    }

    @Override
    public Cosine withWarmUp(double warmUp) {
      return new Cosine(this.epochs, warmUp);
    }

    @Override
    public double decay(double position) {
      return halfCosine(1, 0, (position - warmUpEpochs) / (epochs - warmUpEpochs));
    }
  }

  /**
   * A straight line from the base rate, at the warm-up's end, down to zero.
   *
   * @param epochs when zero is reached, as in {@link Cosine}
   */
  record Linear(double epochs, double warmUpEpochs) implements LearningRateSchedule {
    public Linear {
      checkWarmUp(warmUpEpochs);
      checkHorizon("linear", epochs, warmUpEpochs);
    }

    @Override
    public double horizon() {
      return epochs;
    }

    @Override
    public Linear withWarmUp(double warmUp) {
      return new Linear(this.epochs, warmUp);
    }

    @Override
    public double decay(double position) {
      return 1 - part((position - warmUpEpochs) / (epochs - warmUpEpochs));
    }
  }

  /**
   * Half a cosine from a 25th of the base rate up to it, and half a cosine down to four millionths
   * of it (Smith and Topin, 2018, "Super-Convergence", with the numbers of PyTorch's {@code
   * OneCycleLR}; the momentum stays as it is).
   *
   * @param epochs when the end is reached, as in {@link Cosine}
   * @param warmUpEpochs how long the rate rises; 0 for three tenths of the epochs
   */
  record OneCycle(double epochs, double warmUpEpochs) implements LearningRateSchedule {
    private static final double RISE = 0.3;
    private static final double START = 1 / 25.0;
    private static final double END = START / 1e4;

    public OneCycle {
      checkWarmUp(warmUpEpochs);
      warmUpEpochs = warmUpEpochs == 0 ? RISE * epochs : warmUpEpochs;
      checkHorizon("one-cycle", epochs, warmUpEpochs);
    }

    @Override
    public double horizon() {
      return epochs;
    }

    @Override
    public OneCycle withWarmUp(double warmUp) {
      return new OneCycle(this.epochs, warmUp);
    }

    @Override
    public double decay(double position) {
      return position < warmUpEpochs
          ? halfCosine(START, 1, position / warmUpEpochs)
          : halfCosine(1, END, (position - warmUpEpochs) / (epochs - warmUpEpochs));
    }

    @Override
    public double factor(long step, long stepsPerEpoch) {
      return decay((double) step / stepsPerEpoch);
    }
  }

  /**
   * Multiplies the rate by a factor whenever the loss has stopped falling, as one did by hand for
   * AlexNet (Krizhevsky et al., 2012, section 5).
   *
   * @param factor what the rate is multiplied by, above 0 and below 1
   * @param patienceEpochs after how many epochs in a row without a loss that is lower than the
   *     lowest so far by more than {@value #SIGNIFICANT} of it
   */
  record Plateau(double factor, int patienceEpochs, double warmUpEpochs)
      implements LearningRateSchedule {
    private static final double SIGNIFICANT = 1e-4;

    public Plateau {
      checkWarmUp(warmUpEpochs);
      Check.input(
          factor > 0 && factor < 1, "Invalid plateau factor: %s (must be > 0 and < 1)", factor);
      Check.input(
          patienceEpochs != 0,
          "The schedule plateau has no patience-epochs, such as 'patience-epochs: 5'");
      Check.input(
          patienceEpochs >= 1,
          "Invalid plateau patience: %d epochs (must be >= 1)",
          patienceEpochs);
    }

    @Override
    public Plateau withWarmUp(double epochs) {
      return new Plateau(factor, patienceEpochs, epochs);
    }

    @Override
    public double decay(double epochs) {
      return 1;
    }

    @Override
    public boolean watchesLoss() {
      return true;
    }

    @Override
    public double reduction(List<Double> losses) {
      double lowest = Double.POSITIVE_INFINITY;
      int waited = 0;
      int reductions = 0;
      for (double loss : losses) {
        if (loss < lowest * (1 - SIGNIFICANT)) {
          lowest = loss;
          waited = 0;
        } else if (++waited == patienceEpochs) {
          reductions++;
          waited = 0;
        }
      }
      return Math.pow(factor, reductions);
    }
  }

  private static double halfCosine(double from, double to, double done) {
    return to + 0.5 * (from - to) * (1 + Math.cos(Math.PI * part(done)));
  }

  private static double part(double done) {
    return Math.min(1, Math.max(0, done));
  }

  private static void checkHorizon(String schedule, double epochs, double warmUpEpochs) {
    Check.input(
        epochs != 0,
        "The schedule %1$s has no epochs (say 'schedule: %1$s' for those of the job, or 'schedule:"
            + " {type: %1$s, epochs: N}')",
        schedule);
    Check.input(
        epochs > warmUpEpochs && Double.isFinite(epochs),
        "Invalid epochs: %2$s (with the schedule %1$s, must be more than the warm-up of %3$s epochs)",
        schedule,
        epochs,
        warmUpEpochs);
  }

  private static void checkWarmUp(double epochs) {
    Check.input(
        epochs >= 0 && Double.isFinite(epochs),
        "Invalid warm-up: %s epochs (must be >= 0)",
        epochs);
  }
}
