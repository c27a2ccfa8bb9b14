// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.search;

/** Is told of a study's progress; by one thread at a time. */
@FunctionalInterface
public interface StudyListener {
  /**
   * A trial has ended on a rung.
   *
   * @param result how
   * @param standing how far the study is
   */
  void ended(TrialResult result, Standing standing);
}
