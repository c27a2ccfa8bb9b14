// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import java.util.Map;

/** Shows a study in another program while it runs. No method waits for that program but close. */
public interface StudyWatch extends AutoCloseable {
  /** Shows nothing. */
  StudyWatch NONE =
      new StudyWatch() {
        @Override
        public RunWatch watch(WatchedRun run) {
          return () -> {};
        }

        @Override
        public void progressed(
            int results, Map<String, Double> numbers, Map<String, String> texts) {}

        @Override
        public void ended() {}

        @Override
        public void close() {}
      };

  /** Begins to show the run of a trial below the study. */
  RunWatch watch(WatchedRun run);

  /**
   * A trial has ended on a rung.
   *
   * @param results how many results there are now
   * @param numbers values by name, to be drawn by the number of results
   * @param texts what is true from now on, by name
   */
  void progressed(int results, Map<String, Double> numbers, Map<String, String> texts);

  /** The study is complete. */
  void ended();

  @Override
  void close();
}
