// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deletes blocks and shuffle files, one after the other, on a thread of its own. Deleting waits for
 * the answers of the executors, for which rounds must not wait. Spark is asked to wait for them, as
 * it reports an error when it is stopped while an answer is missing.
 */
public final class BlockCleaner implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(BlockCleaner.class);
  private static final int PATIENCE_SECONDS = 60;

  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(
          task -> {
            Thread made = new Thread(task, "stoker-block-cleaner");
            made.setDaemon(true);
            return made;
          });

  /** Runs a deletion after those that were added before. */
  public void add(Runnable deletion) {
    thread.execute(
        () -> {
          try {
            deletion.run();
          } catch (Exception e) { // Also Spark's checked exceptions, which reach Java undeclared.
            LOG.warn(
                "Cannot delete blocks of a past round, which stay until Spark stops: {}",
                e.toString());
          }
        });
  }

  /** Waits until all deletions are done. */
  @Override
  public void close() {
    thread.shutdown();
    try {
      if (!thread.awaitTermination(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        LOG.warn("Blocks of the job are still being deleted after {} s", PATIENCE_SECONDS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
