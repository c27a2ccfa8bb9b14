package io.stoker.driver.averaging;

import java.util.concurrent.CompletableFuture;
import org.apache.spark.SparkEnv;
import org.apache.spark.network.buffer.ManagedBuffer;
import org.apache.spark.network.shuffle.BlockFetchingListener;
import org.apache.spark.storage.BlockId;
import org.apache.spark.storage.BlockManagerId;

/** A block on its way from another executor. */
final class BlockFetch {
  private BlockFetch() {}

  /**
   * Asks for a block.
   *
   * @return the block as Spark sends it, which whoever takes it releases; one that arrives after
   *     the future was cancelled is released at once
   */
  static CompletableFuture<ManagedBuffer> of(BlockManagerId from, BlockId block) {
    CompletableFuture<ManagedBuffer> future = new CompletableFuture<>();
    BlockFetchingListener listener =
        new BlockFetchingListener() {
          @Override
          public void onBlockFetchSuccess(String id, ManagedBuffer data) {
            data.retain();
            if (!future.complete(data)) {
              data.release();
            }
          }

          @Override
          public void onBlockFetchFailure(String id, Throwable reason) {
            future.completeExceptionally(reason);
          }
        };
    SparkEnv.get()
        .blockManager()
        .blockTransferService()
        .fetchBlocks(
            from.host(),
            from.port(),
            from.executorId(),
            new String[] {block.name()},
            listener,
            null);
    return future;
  }

  /** Frees a block that no caller will take, now or when it arrives. */
  static void abandon(CompletableFuture<ManagedBuffer> block) {
    if (!block.cancel(false) && !block.isCompletedExceptionally()) {
      block.join().release();
    }
  }
}
