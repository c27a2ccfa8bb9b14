// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import io.stoker.driver.checkpoint.Locations;
import io.stoker.driver.report.ReportRequest;
import io.stoker.driver.run.RunFolder;
import org.apache.hadoop.conf.Configuration;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Options for the evaluation in a report on a run. */
final class RunReportOptions {
  @Option(
      names = "--data",
      paramLabel = "URI",
      defaultValue = "",
      description = "Where the shards are now (default: where they were when the run was trained).")
  private String data;

  @Mixin private EvaluationOptions on;

  @Mixin private EngineOption engine;

  /**
   * What a report on a run is made of.
   *
   * @throws io.stoker.failure.InputException if there is no run, or an option is out of range
   */
  ReportRequest request(String run, Configuration hadoop) {
    ReportRequest request = new ReportRequest(run, data, on.split, on.batch(), engine.name);
    RunFolder.at(Locations.absolute(run, hadoop), hadoop).recorded();
    return request;
  }
}
