// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.ml;

import io.stoker.driver.config.LearningRateSchedule;
import io.stoker.failure.Check;
import java.util.List;

/** Learning rate schedules by the values of four params. */
final class Schedules {
  static final String CONSTANT = "constant";
  private static final String COSINE = "cosine";
  private static final String STEP = "step";
  private static final String PLATEAU = "plateau";

  /** The values of the param {@code schedule}. */
  static final List<String> NAMES = List.of(CONSTANT, COSINE, STEP, PLATEAU);

  /** What the AlexNet paper divides the rate by. */
  static final double TENTH = 0.1;

  private Schedules() {}

  /**
   * The schedule.
   *
   * @param name one of {@link #NAMES}
   * @param factor what step and plateau multiply the rate by
   * @param every after how many epochs they do so; 0 if not given
   * @param warmUp epochs of warm-up
   * @param epochs of the job, at whose end a cosine is zero
   * @throws io.stoker.failure.InputException if the values do not fit the schedule
   */
  static LearningRateSchedule of(
      String name, double factor, double every, double warmUp, int epochs) {
    boolean counts = name.equals(STEP) || name.equals(PLATEAU);
    Check.input(
        counts == every > 0,
        "Invalid rateEpochs: %s with schedule %s (schedules step and plateau need it, the others"
            + " have none)",
        every,
        name);
    return switch (name) {
      case COSINE -> new LearningRateSchedule.Cosine(epochs, warmUp);
      case STEP -> new LearningRateSchedule.StepDecay(factor, every, warmUp);
      case PLATEAU -> {
        Check.input(
            every == Math.rint(every),
            "Invalid rateEpochs: %s (a plateau is counted in whole epochs)",
            every);
        yield new LearningRateSchedule.Plateau(factor, (int) every, warmUp);
      }
      default -> new LearningRateSchedule.Constant(warmUp);
    };
  }
}
