// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.driver.LocalSpark;
import io.stoker.driver.LogLines;
import io.stoker.driver.spark.FetchWindow.Block;
import io.stoker.driver.spark.FetchWindow.Request;
import io.stoker.testing.Exact;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.spark.api.java.JavaFutureAction;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.rdd.RDD;
import org.apache.spark.storage.BlockManager;
import org.apache.spark.storage.StorageLevel;
import org.junit.jupiter.api.Test;

class BlocksTest {
  private static final int RDD = 1_000_000;
  private static final int BLOCKS = 2_000;

  /** For tasks, which run in this process and get no RDD otherwise. */
  private static final AtomicReference<RDD<Integer>> STORED = new AtomicReference<>();

  /** Of the tasks, which run in this process. */
  private static final CyclicBarrier TOGETHER = new CyclicBarrier(2);

  private static final AtomicReference<Thread> DELETING = new AtomicReference<>();

  @Test
  @Exact
  void twoTasksMayStoreAPartitionAtTheSameTime() {
    try (JavaSparkContext spark = LocalSpark.start("local[2]");
        LogLines log = LogLines.of(BlockManager.class)) {
      RDD<Integer> stored = spark.parallelize(List.of(), BLOCKS).<Integer>map(each -> 0).rdd();
      int rdd = stored.persist(StorageLevel.MEMORY_AND_DISK()).id();
      STORED.set(stored);

      spark
          .parallelize(List.of(0, 1), 2)
          .foreach(
              task -> {
                for (int block = 0; block < BLOCKS; block++) {
                  TOGETHER.await();
                  Blocks.put(STORED.get(), block, task);
                }
              });

      assertThat(Blocks.isHere(rdd, 0)).isTrue();
      assertThat(Blocks.isHere(rdd, BLOCKS - 1)).isTrue();
      assertThat(log.lines()).noneMatch(line -> line.contains("already exists"));
    }
  }

  @Test
  void twoTasksMayDeleteABlockAtTheSameTime() {
    try (JavaSparkContext spark = LocalSpark.start("local[2]")) {
      for (int block = 0; block < BLOCKS; block++) {
        Blocks.putBytes(RDD, block, ByteBuffer.wrap(new byte[] {1}));
      }

      spark
          .parallelize(List.of(0, 1), 2)
          .foreach(
              task -> {
                for (int block = 0; block < BLOCKS; block++) {
                  TOGETHER.await();
                  Blocks.remove(RDD, block);
                }
              });

      assertThat(Blocks.isHere(RDD, 0)).isFalse();
      assertThat(Blocks.isHere(RDD, BLOCKS - 1)).isFalse();
    }
  }

  /** A task that deletes a block waits for those that have it open, without a lock of ours. */
  @Test
  void aTaskMayStoreABlockWhileAnotherDeletesOneThatItReads() throws Exception {
    DELETING.set(null);
    try (JavaSparkContext spark = LocalSpark.start("local[2]")) {
      Blocks.putBytes(RDD, 0, ByteBuffer.wrap(new byte[] {1}));
      RDD<Integer> stored = spark.parallelize(List.of(), 1).<Integer>map(each -> 0).rdd();
      stored.persist(StorageLevel.MEMORY_AND_DISK());
      STORED.set(stored);
      JavaFutureAction<Void> deletion;
      try (FetchedBlock read = new Block(RDD, 0).here().orElseThrow()) {
        deletion =
            spark
                .parallelize(List.of(0), 1)
                .foreachAsync(
                    task -> {
                      DELETING.set(Thread.currentThread());
                      Blocks.remove(RDD, 0);
                    });
        awaitDeleting();
        spark
            .parallelize(List.of(0), 1)
            .foreachAsync(
                task -> {
                  Blocks.putBytes(RDD, 1, ByteBuffer.wrap(new byte[] {1}));
                  Blocks.put(STORED.get(), 0, task);
                  Blocks.remove(RDD, 1);
                })
            .get(30, TimeUnit.SECONDS);

        assertThat(read.size()).isOne();
        assertThat(Blocks.isHere(stored.id(), 0)).isTrue();
      }
      deletion.get(30, TimeUnit.SECONDS);
      assertThat(Blocks.isHere(RDD, 0)).isFalse();
    }
  }

  private static void awaitDeleting() {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (DELETING.get() == null || DELETING.get().getState() != Thread.State.WAITING) {
      assertThat(System.nanoTime()).as("the block is not waited for").isLessThan(end);
      Thread.onSpinWait();
    }
  }

  /** A task that deletes a block waits for those that have it open. */
  @Test
  void aBlockOfThisExecutorMayBeDeletedWhileATaskWillReadIt() throws Exception {
    try (JavaSparkContext spark = LocalSpark.start("local[2]")) {
      Block block = new Block(RDD, 0);
      Blocks.putBytes(RDD, 0, ByteBuffer.wrap(new byte[] {1}));

      try (FetchWindow window =
          new FetchWindow(List.of(new Request(block, Blocks.here())), 1, Optional.empty())) {
        spark
            .parallelize(List.of(0), 1)
            .foreachAsync(task -> Blocks.remove(RDD, 0))
            .get(30, TimeUnit.SECONDS);

        assertThat(window.take(block)).isEmpty();
      }
    }
  }
}
