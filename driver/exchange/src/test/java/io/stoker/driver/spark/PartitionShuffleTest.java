// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.driver.LocalSpark;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import scala.Tuple2;

@Tag("slow")
class PartitionShuffleTest {
  private static final int TASKS = 2;

  private static final AtomicInteger ENDED = new AtomicInteger();
  private static CountDownLatch mayEnd;

  private record Bytes() implements RecordFormat<byte[]> {
    @Override
    public int partition(byte[] record) {
      return record[0];
    }

    @Override
    public void writeHeader(byte[] record, DataOutput out) {}

    @Override
    public byte[] content(byte[] record) {
      return record;
    }

    @Override
    public byte[] read(int partition, DataInput in) throws IOException {
      return new byte[] {in.readByte()};
    }
  }

  @ParameterizedTest
  @ValueSource(classes = {IllegalStateException.class, StackOverflowError.class})
  void endsItsStageBeforeItThrowsWhatFailedMeanwhile(Class<? extends Throwable> type) {
    ENDED.set(0);
    mayEnd = new CountDownLatch(1);
    AtomicBoolean returned = new AtomicBoolean();
    try (JavaSparkContext spark = LocalSpark.start("local[2]")) {
      PartitionShuffle<byte[]> shuffle =
          new PartitionShuffle<>(
              new NumberedTasks<Tuple2<Integer, byte[]>>(spark, TASKS, PartitionShuffleTest::work),
              1,
              new Bytes(),
              byte[].class);
      Thread waiting = Thread.currentThread();
      Runnable failing =
          () -> {
            new Thread(() -> letTasksEnd(waiting, returned)).start();
            if (type == StackOverflowError.class) {
              throw new StackOverflowError("meanwhile");
            }
            throw new IllegalStateException("meanwhile");
          };
      assertThatThrownBy(() -> shuffle.write(failing, Optional::empty))
          .isInstanceOf(type)
          .hasMessage("meanwhile");
      int ended = ENDED.get();
      returned.set(true);

      assertThat(ended).isEqualTo(TASKS);
    }
  }

  /** As soon as the thread waits for the stage again, or has returned without that. */
  private static void letTasksEnd(Thread waiting, AtomicBoolean returned) {
    while (waiting.getState() != Thread.State.TIMED_WAITING && !returned.get()) {
      Thread.onSpinWait();
    }
    mayEnd.countDown();
  }

  private static Tuple2<Integer, byte[]> work(int task) throws IOException {
    try {
      mayEnd.await();
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
    ENDED.incrementAndGet();
    return new Tuple2<>(0, new byte[] {0});
  }
}
