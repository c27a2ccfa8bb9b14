// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.driver.LocalSpark;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;

class BlocksTest {
  private static final int RDD = 1_000_000;
  private static final int BLOCKS = 2_000;

  /** Of the tasks, which run in this process. */
  private static final CyclicBarrier TOGETHER = new CyclicBarrier(2);

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
}
