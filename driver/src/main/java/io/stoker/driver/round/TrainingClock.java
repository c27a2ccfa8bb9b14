package io.stoker.driver.round;

/**
 * How far a job is.
 *
 * @param round rounds done
 * @param epoch epochs done, of which the last may not be over
 * @param step local steps done
 * @param examples examples seen by all workers
 */
public record TrainingClock(int round, int epoch, long step, long examples) {
  /** The beginning. */
  public static final TrainingClock ZERO = new TrainingClock(0, 0, 0, 0);
}
