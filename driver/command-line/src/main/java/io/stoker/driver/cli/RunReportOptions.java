// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import io.stoker.data.shard.ShardFolder;
import io.stoker.data.shard.ShardManifest;
import io.stoker.driver.checkpoint.Locations;
import io.stoker.driver.report.ReportRequest;
import io.stoker.driver.run.RunFolder;
import io.stoker.driver.run.RunRecord;
import io.stoker.failure.StokerException;
import java.io.UncheckedIOException;
import java.util.Optional;
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
   * @throws io.stoker.failure.InputException if there is no run, an option is out of range, or the
   *     data have no such split
   */
  ReportRequest request(String run, Configuration hadoop) {
    ReportRequest request = new ReportRequest(run, data, on.split, on.batch.images(), engine.name);
    RunRecord record = RunFolder.at(Locations.absolute(run, hadoop), hadoop).recorded();
    if (!on.split.isBlank()) {
      manifest(request.dataOf(record), hadoop).ifPresent(found -> found.split(on.split));
    }
    return request;
  }

  /** Empty if the data cannot be read: the report says why, and has the rest. */
  private static Optional<ShardManifest> manifest(String data, Configuration hadoop) {
    try {
      return Optional.of(ShardFolder.open(Locations.absolute(data, hadoop), hadoop).manifest());
    } catch (StokerException | UncheckedIOException e) {
      return Optional.empty();
    }
  }
}
