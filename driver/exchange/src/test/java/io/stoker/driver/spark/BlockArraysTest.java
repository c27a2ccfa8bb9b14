// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.driver.LocalSpark;
import io.stoker.driver.spark.FetchWindow.Block;
import io.stoker.testing.Exact;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.spark.api.java.JavaFutureAction;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;

class BlockArraysTest {
  private static final int LENGTH = 12_345;
  private static final Block BLOCK = new Block(1 << 20, 7);
  private static final int BLOCKS = 2_000;

  /** Of tasks, which run in this process. */
  private static final CyclicBarrier TOGETHER = new CyclicBarrier(2);

  private static final AtomicReference<Thread> DELETING = new AtomicReference<>();

  @Test
  void anArrayServesAgainOnceItsBlockIsDeleted() {
    try (JavaSparkContext spark = LocalSpark.start("local[1]")) {
      BlockArrays arrays = BlockArrays.ofLength(LENGTH);
      byte[] array = arrays.take();
      array[3] = 5;
      arrays.store(BLOCK, array, 4);

      assertThat(arrays.take()).isNotSameAs(array);
      try (FetchedBlock block = BLOCK.here().orElseThrow()) {
        assertThat(block.bytes().remaining()).isEqualTo(4);
        assertThat(block.bytes().get(3)).isEqualTo((byte) 5);
      }
      arrays.delete(BLOCK);
      assertThat(arrays.take()).isSameAs(array);
      assertThat(spark.sc().isStopped()).isFalse();
    }
  }

  @Test
  void anArrayServesAgainWhenSparkHasDeletedItsBlock() {
    try (JavaSparkContext spark = LocalSpark.start("local[1]")) {
      byte[] array = BlockArrays.ofLength(LENGTH).take();
      BlockArrays.ofLength(LENGTH).store(BLOCK, array, LENGTH);
      Blocks.deleteEverywhere(BLOCK.rdd());

      assertThat(BlockArrays.ofLength(LENGTH).take()).isSameAs(array);
      assertThat(spark.sc().isStopped()).isFalse();
    }
  }

  @Test
  void aBlockThatSparkHasDeletedMayBeStoredAgain() {
    try (JavaSparkContext spark = LocalSpark.start("local[1]")) {
      BlockArrays arrays = BlockArrays.ofLength(LENGTH);
      arrays.store(BLOCK, arrays.take(), 1);
      Blocks.deleteEverywhere(BLOCK.rdd());
      byte[] array = arrays.take();
      array[0] = 9;
      arrays.store(BLOCK, array, 1);

      try (FetchedBlock block = BLOCK.here().orElseThrow()) {
        assertThat(block.bytes().get(0)).isEqualTo((byte) 9);
      }
      assertThat(spark.sc().isStopped()).isFalse();
    }
  }

  @Test
  void aBlockThatIsHereAlreadyIsNotReplaced() {
    try (JavaSparkContext spark = LocalSpark.start("local[1]")) {
      BlockArrays arrays = BlockArrays.ofLength(LENGTH);
      byte[] first = arrays.take();
      first[0] = 1;
      byte[] second = arrays.take();
      second[0] = 2;
      arrays.store(BLOCK, first, 1);
      arrays.store(BLOCK, second, 1);

      try (FetchedBlock block = BLOCK.here().orElseThrow()) {
        assertThat(block.bytes().get(0)).isEqualTo((byte) 1);
      }
      assertThat(arrays.take()).isSameAs(second);
      assertThat(spark.sc().isStopped()).isFalse();
    }
  }

  /** Its memory is too small for any block. */
  @Test
  void anArrayServesAgainAtOnceWhenSparkHasWrittenItsBlockToDisk() {
    try (JavaSparkContext spark =
        LocalSpark.start("local[1]", Map.of("spark.memory.fraction", "0.000001"))) {
      BlockArrays arrays = BlockArrays.ofLength(LENGTH);
      byte[] array = arrays.take();
      array[0] = 7;
      arrays.store(BLOCK, array, LENGTH);

      assertThat(arrays.take()).isSameAs(array);
      array[0] = 8;
      try (FetchedBlock block = BLOCK.here().orElseThrow()) {
        assertThat(block.bytes().get(0)).isEqualTo((byte) 7);
      }
      arrays.delete(BLOCK);
      assertThat(BLOCK.isHere()).isFalse();
      assertThat(spark.sc().isStopped()).isFalse();
    }
  }

  @Test
  void anArrayOfAnotherLengthIsNotKept() {
    BlockArrays arrays = BlockArrays.ofLength(LENGTH + 1);
    arrays.giveBack(new byte[LENGTH]);

    assertThat(arrays.take()).hasSize(LENGTH + 1);
  }

  /** And another task may store blocks meanwhile, also the one that reads it. */
  @Test
  void anArrayDoesNotServeAgainWhileATaskReadsItsBlock() throws Exception {
    DELETING.set(null);
    try (JavaSparkContext spark = LocalSpark.start("local[2]")) {
      BlockArrays arrays = BlockArrays.ofLength(LENGTH);
      byte[] array = arrays.take();
      arrays.store(BLOCK, array, 1);
      JavaFutureAction<Void> deletion;
      try (FetchedBlock block = BLOCK.here().orElseThrow()) {
        deletion =
            spark
                .parallelize(List.of(0), 1)
                .foreachAsync(
                    task -> {
                      DELETING.set(Thread.currentThread());
                      BlockArrays.ofLength(LENGTH).delete(BLOCK);
                    });
        awaitWaiting(DELETING);

        assertThat(arrays.take()).isNotSameAs(array);
        spark
            .parallelize(List.of(0), 1)
            .foreachAsync(
                task -> {
                  BlockArrays own = BlockArrays.ofLength(LENGTH);
                  own.store(new Block(BLOCK.rdd(), 8), own.take(), 1);
                  own.store(BLOCK, own.take(), 1);
                  own.delete(BLOCK);
                })
            .get(30, TimeUnit.SECONDS);
        assertThat(block.bytes().remaining()).isOne();
      }
      deletion.get(30, TimeUnit.SECONDS);

      assertThat(BLOCK.isHere()).isFalse();
    }
  }

  /** Waits until a thread waits for another one. */
  private static void awaitWaiting(AtomicReference<Thread> thread) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (thread.get() == null || thread.get().getState() != Thread.State.WAITING) {
      assertThat(System.nanoTime()).as("the thread does not wait").isLessThan(end);
      Thread.onSpinWait();
    }
  }

  /** Each block has the bytes of its number, however tasks meet. */
  @Test
  @Exact
  void twoTasksMayStoreAndDeleteBlocksAtTheSameTime() {
    try (JavaSparkContext spark = LocalSpark.start("local[2]")) {
      List<Boolean> intact =
          spark
              .parallelize(List.of(0, 1), 2)
              .map(
                  task -> {
                    BlockArrays arrays = BlockArrays.ofLength(LENGTH);
                    boolean right = true;
                    for (int number = 0; number < BLOCKS; number++) {
                      Block block = new Block(BLOCK.rdd(), 100 + number);
                      byte[] array = arrays.take();
                      array[0] = (byte) number;
                      TOGETHER.await(5, TimeUnit.MINUTES);
                      arrays.store(block, array, 1);
                      try (FetchedBlock read = block.here().orElseThrow()) {
                        right &= read.bytes().get(0) == (byte) number;
                      }
                      TOGETHER.await(5, TimeUnit.MINUTES);
                      arrays.delete(block);
                    }
                    return right;
                  })
              .collect();

      assertThat(intact).containsExactly(true, true);
    }
  }
}
