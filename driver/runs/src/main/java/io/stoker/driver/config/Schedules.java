// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.config;

import io.stoker.failure.Check;

/** Learning rate schedules by the values of four options. */
public final class Schedules {
  private Schedules() {}

  /**
   * The schedule.
   *
   * @param name constant, cosine, linear, one-cycle, step or plateau
   * @param factor what step and plateau multiply the rate by
   * @param every after how many epochs they do so; 0 if not given
   * @param warmUp epochs of warm-up
   * @param epochs of the job, at whose end cosine, linear and one-cycle end
   * @throws io.stoker.failure.InputException if the values do not fit the schedule
   */
  public static LearningRateSchedule of(
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
      case "constant" -> new LearningRateSchedule.Constant(warmUp);
      case "cosine" -> new LearningRateSchedule.Cosine(epochs, warmUp);
      case "linear" -> new LearningRateSchedule.Linear(epochs, warmUp);
      case "one-cycle" -> new LearningRateSchedule.OneCycle(epochs, warmUp);
      case "step" -> new LearningRateSchedule.StepDecay(factor, every, warmUp);
      case "plateau" -> new LearningRateSchedule.Plateau(factor, (int) every, warmUp);
      default -> throw new IllegalArgumentException("There is no schedule " + name);
    };
  }

  /** Whether a schedule multiplies the rate by a factor after some epochs. */
  public static boolean counts(String name) {
    return name.equals("step") || name.equals("plateau");
  }
}
