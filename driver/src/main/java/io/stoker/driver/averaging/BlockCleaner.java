package io.stoker.driver.averaging;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets go of blocks and shuffle files, one after the other, on a thread of its own. It waits for
 * the executors, which a round need not; so none of them owes Spark an answer when it is stopped,
 * which it would report as an error.
 */
final class BlockCleaner implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(BlockCleaner.class);
  private static final int PATIENCE_SECONDS = 60;

  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(
          task -> {
            Thread made = new Thread(task, "stoker-releases");
            made.setDaemon(true);
            return made;
          });

  /** Has something released, soon. */
  void add(Runnable release) {
    thread.execute(
        () -> {
          try {
            release.run();
          } catch (Exception e) { // Also Spark's, which reach Java undeclared. It is freed with the
            // application at the latest.
            LOG.warn("Cannot release what a round has left: {}", e.toString());
          }
        });
  }

  /** Waits until all is released. */
  @Override
  public void close() {
    thread.shutdown();
    try {
      if (!thread.awaitTermination(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        LOG.warn("Blocks of the job are still being released after {} s", PATIENCE_SECONDS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
