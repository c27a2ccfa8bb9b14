package io.stoker.driver.averaging;

import java.util.concurrent.atomic.AtomicLong;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerBlockUpdated;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.storage.BlockUpdatedInfo;

/**
 * Counts the bytes that pass through the driver: the results that tasks send to it, and the
 * broadcasts that executors take. The second number is an upper bound, since an executor may have
 * taken a broadcast's pieces from another one. Spark reports both a moment after they happened.
 * What workers ask of a {@link Rendezvous} is counted there.
 */
public final class DriverTraffic extends SparkListener {
  private final AtomicLong bytes = new AtomicLong();
  private final boolean local;

  /**
   * @param local whether the driver is the one executor; where it is not, what it keeps of a
   *     broadcast itself goes nowhere
   */
  public DriverTraffic(boolean local) {
    this.local = local;
  }

  /** The bytes since the last call. */
  public long take() {
    return bytes.getAndSet(0);
  }

  /** Counts bytes that pass through the driver otherwise. */
  void add(long more) {
    bytes.addAndGet(more);
  }

  @Override
  public void onTaskEnd(SparkListenerTaskEnd end) {
    if (end.taskMetrics() != null) { // Of a task that was lost there are none.
      bytes.addAndGet(end.taskMetrics().resultSize());
    }
  }

  @Override
  public void onBlockUpdated(SparkListenerBlockUpdated update) {
    BlockUpdatedInfo block = update.blockUpdatedInfo();
    // A block that is dropped is reported with the size that it had, and at no level.
    if (block.blockId().isBroadcast()
        && block.storageLevel().isValid()
        && (local || !block.blockManagerId().isDriver())) {
      bytes.addAndGet(block.memSize() + block.diskSize());
    }
  }
}
