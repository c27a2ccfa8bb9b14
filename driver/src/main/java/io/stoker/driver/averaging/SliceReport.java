package io.stoker.driver.averaging;

import java.io.Serializable;
import java.util.List;

/**
 * What the driver learns about a slice of a new round: a few bytes a worker, whatever the size of
 * the model.
 *
 * @param slice which slice
 * @param seconds how long fetching and averaging its pieces took
 * @param workers the workers' reports in their order, with the last slice; empty with the others
 */
record SliceReport(int slice, double seconds, List<WorkerReport> workers) implements Serializable {
  SliceReport {
    workers = List.copyOf(workers);
  }

  /** The report on a slice that was not averaged but read. */
  static SliceReport ofSource(int slice) {
    return new SliceReport(slice, 0, List.of());
  }
}
