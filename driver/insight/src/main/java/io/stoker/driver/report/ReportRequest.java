// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.report;

import io.stoker.driver.run.RunRecord;

/**
 * What a report is made of.
 *
 * @param run the run folder
 * @param data where the shards are; empty for where they were when the run was trained
 * @param split the split that is evaluated on; empty for {@code test}, else {@code validation}
 * @param batch examples of one forward pass
 * @param engine the engine's name or {@code auto}
 */
public record ReportRequest(String run, String data, String split, int batch, String engine) {
  /**
   * Where the shards are.
   *
   * @param record says where they were
   */
  public String dataOf(RunRecord record) {
    return data.isBlank() ? record.job().config().data().uri() : data;
  }
}
