package io.stoker.driver.report;

/** How a run stands. */
public enum RunState {
  /** It has rounds to do, and something was written to its folder a short while ago. */
  RUNNING,
  /** All its rounds are done, or its patience with validations is over. */
  FINISHED,
  /** It has rounds to do, and nothing was written for long. */
  INTERRUPTED,
  /** What is in its folder cannot be read. */
  DAMAGED;

  @Override
  public String toString() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }
}
