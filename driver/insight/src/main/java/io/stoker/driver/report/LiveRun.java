// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.report;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.driver.metrics.MetricsTail;
import io.stoker.driver.metrics.RoundMetrics;
import io.stoker.failure.DamagedException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** A run that is followed: each call reads what was added since the call before. */
final class LiveRun {
  private final Configuration hadoop;
  private final MetricsTail tail;

  LiveRun(Path folder, Configuration hadoop) {
    this.hadoop = hadoop;
    this.tail = new MetricsTail(folder, hadoop);
  }

  /** The run as the page shows it now; if it cannot be read, with the reason. */
  ObjectNode look(RunFolders.Found found) {
    RunSummary summary = RunSummary.of(found, hadoop, Instant.now());
    try {
      return RunView.of(summary, tail.poll());
    } catch (DamagedException | UncheckedIOException e) {
      List<RoundMetrics> none = List.of();
      return RunView.of(summary, none)
          .put("state", RunState.DAMAGED.toString())
          .put("damage", summary.damage().isEmpty() ? e.getMessage() : summary.damage());
    }
  }
}
