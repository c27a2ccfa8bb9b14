// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import java.util.concurrent.atomic.AtomicLong;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerBlockUpdated;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.storage.BlockUpdatedInfo;

/**
 * Counts the bytes that pass through the driver: the results that tasks send to it, and the
 * broadcasts that executors fetch. The second number is an upper bound, because an executor may
 * have fetched a part of a broadcast from another executor. Spark reports both a moment after they
 * happened. A {@link DriverEndpoint} adds the questions of tasks and their answers.
 */
public final class DriverTraffic extends SparkListener {
  private final AtomicLong bytes = new AtomicLong();
  private final boolean local;

  /**
   * @param local whether the driver is the only executor. Where it is not, a broadcast that the
   *     driver stores for itself is not sent anywhere, and is not counted
   */
  public DriverTraffic(boolean local) {
    this.local = local;
  }

  /** The bytes since the last call. */
  public long take() {
    return bytes.getAndSet(0);
  }

  /** Counts bytes that Spark does not report. */
  public void add(long more) {
    bytes.addAndGet(more);
  }

  @Override
  public void onTaskEnd(SparkListenerTaskEnd end) {
    if (end.taskMetrics() != null) { // Spark has none for a task that was lost.
      bytes.addAndGet(end.taskMetrics().resultSize());
    }
  }

  @Override
  public void onBlockUpdated(SparkListenerBlockUpdated update) {
    BlockUpdatedInfo block = update.blockUpdatedInfo();
    // A block that is dropped is reported with the size that it had, and with an invalid level.
    if (block.blockId().isBroadcast()
        && block.storageLevel().isValid()
        && (local || !block.blockManagerId().isDriver())) {
      bytes.addAndGet(block.memSize() + block.diskSize());
    }
  }
}
