// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

/**
 * Shows runs in another program, such as TensorBoard. A jar names its watchers in {@code
 * META-INF/services/io.stoker.driver.round.RunWatcher}; a job needs one only where it asks for it.
 */
public interface RunWatcher {
  /** The option that asks for this watcher, such as {@code tensorboard}. */
  String option();

  /**
   * Begins to show a run.
   *
   * @throws io.stoker.failure.StokerException if it cannot
   */
  RunWatch watch(WatchedRun run);

  /**
   * Begins to show a study.
   *
   * @throws UnsupportedOperationException if this watcher shows no studies
   */
  default StudyWatch watch(WatchedStudy study) {
    throw new UnsupportedOperationException("--" + option() + " shows no studies");
  }
}
