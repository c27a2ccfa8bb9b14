package io.stoker.driver.report;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.driver.metrics.MetricsTail;
import io.stoker.driver.metrics.RoundMetrics;
import io.stoker.failure.DamagedException;
import java.time.Instant;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** A run that is followed: each look reads what was added since the one before. */
final class LiveRun {
  private final Path folder;
  private final Configuration hadoop;
  private final MetricsTail tail;

  LiveRun(Path folder, Configuration hadoop) {
    this.folder = folder;
    this.hadoop = hadoop;
    this.tail = new MetricsTail(folder, hadoop);
  }

  /** What the page shows of it now. */
  ObjectNode look() {
    RunSummary summary = RunSummary.of(folder, hadoop, Instant.now());
    try {
      return RunView.of(summary, tail.poll(), hadoop);
    } catch (DamagedException e) {
      List<RoundMetrics> none = List.of();
      return RunView.of(summary, none, hadoop)
          .put("state", RunState.DAMAGED.toString())
          .put("damage", e.getMessage());
    }
  }
}
