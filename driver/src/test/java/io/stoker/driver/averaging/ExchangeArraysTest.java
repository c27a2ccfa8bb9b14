// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.driver.LocalSpark;
import io.stoker.driver.spark.Blocks;
import io.stoker.driver.spark.FetchWindow.Block;
import io.stoker.driver.spark.FetchedBlock;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;

class ExchangeArraysTest {
  private static final int LENGTH = 12_345;
  private static final Block BLOCK = new Block(1 << 20, 7);

  @Test
  void anArrayServesAgainOnceItsBlockIsDeleted() {
    try (JavaSparkContext spark = LocalSpark.start("local[1]")) {
      ExchangeArrays arrays = ExchangeArrays.ofLength(LENGTH);
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
      byte[] array = ExchangeArrays.ofLength(LENGTH).take();
      ExchangeArrays.ofLength(LENGTH).store(BLOCK, array, LENGTH);
      Blocks.deleteEverywhere(BLOCK.rdd());

      assertThat(ExchangeArrays.ofLength(LENGTH).take()).isSameAs(array);
      assertThat(spark.sc().isStopped()).isFalse();
    }
  }

  @Test
  void aBlockThatIsHereAlreadyIsNotReplaced() {
    try (JavaSparkContext spark = LocalSpark.start("local[1]")) {
      ExchangeArrays arrays = ExchangeArrays.ofLength(LENGTH);
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

  @Test
  void anArrayOfAnotherLengthIsNotKept() {
    ExchangeArrays arrays = ExchangeArrays.ofLength(LENGTH + 1);
    arrays.giveBack(new byte[LENGTH]);

    assertThat(arrays.take()).hasSize(LENGTH + 1);
  }
}
