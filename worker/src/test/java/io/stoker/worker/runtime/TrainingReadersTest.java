// SPDX-License-Identifier: Apache-2.0
package io.stoker.worker.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import io.stoker.data.augment.Mixing;
import io.stoker.data.plan.Sampling;
import io.stoker.data.shard.ShardFolder;
import io.stoker.failure.DamagedException;
import io.stoker.testing.Exact;
import io.stoker.worker.TinyShards;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainingReadersTest {
  private static final int WORKER = 1;

  @TempDir Path folder;

  private final Configuration hadoop = new Configuration();
  private final TrainingReaders readers = ExecutorResources.here().readers();
  private TrainingData data;

  @BeforeEach
  void writeShards() {
    TinyShards.write(folder, List.of(30, 25), 1);
    String manifestSha256 =
        ShardFolder.open(new org.apache.hadoop.fs.Path(folder.toUri()), hadoop).manifestHash();
    data = data(folder.toUri().toString(), manifestSha256);
  }

  private static TrainingData data(String uri, String manifestSha256) {
    return new TrainingData(
        new TrainingData.Source(uri, manifestSha256, "train"),
        new TrainingData.Order(Sampling.NATURAL, 1, 9, 2, 4),
        new TrainingData.Images(TinyShards.SHAPE, "shift", Mixing.NONE));
  }

  /** A local disk as {@code stuck:/...}, whose shards cannot be read until it is released. */
  static final class StuckDisk extends RawLocalFileSystem {
    private static final CountDownLatch READ = new CountDownLatch(1);
    private static final CountDownLatch RELEASED = new CountDownLatch(1);

    @Override
    public URI getUri() {
      return URI.create("stuck:///");
    }

    @Override
    public FSDataInputStream open(org.apache.hadoop.fs.Path file, int buffer) throws IOException {
      if (file.getName().endsWith(".parquet")) {
        READ.countDown();
        try {
          RELEASED.await();
        } catch (InterruptedException e) {
          throw new IOException(e);
        }
      }
      return super.open(file, buffer);
    }
  }

  /** A reader that is closed waits for the storage, and other tasks must not wait for it. */
  @Test
  void otherTasksDoNotWaitForAReaderThatIsClosed() throws Exception {
    hadoop.setClass("fs.stuck.impl", StuckDisk.class, FileSystem.class);
    Path unread = Files.createDirectory(folder.resolve("unread")); // No blocks of it are cached.
    TinyShards.write(unread, List.of(29, 23), 5);
    String manifestSha256 =
        ShardFolder.open(new org.apache.hadoop.fs.Path(unread.toUri()), hadoop).manifestHash();
    TrainingReaders own = new TrainingReaders(ExecutorResources.here());
    TrainingData stuck = data("stuck:" + unread, manifestSha256);
    own.prepare(stuck, 0, WORKER, 0, hadoop);
    assertThat(StuckDisk.READ.await(1, TimeUnit.MINUTES)).isTrue();
    Thread closing = new Thread(own::close);
    closing.start();
    try {
      while (closing.getState() != Thread.State.WAITING) {
        Thread.onSpinWait();
      }
      int[] waiting = {-1};
      assertTimeoutPreemptively(Duration.ofMinutes(1), () -> waiting[0] = own.waiting());
      assertThat(waiting[0]).isZero();
    } finally {
      StuckDisk.RELEASED.countDown();
      closing.join();
    }
  }

  @Test
  void readersContinueWhereARoundLeftThem() {
    List<List<Long>> inRounds = new ArrayList<>();
    inRounds.addAll(read(0, 2));
    assertThat(readers.waiting()).isEqualTo(1);
    inRounds.addAll(read(2, 2));
    inRounds.addAll(read(4, 3));

    assertThat(inRounds).isEqualTo(read(0, 7));
    assertThat(readers.waiting()).isZero(); // The epoch is over, for both.
  }

  @Test
  @Exact
  void readersYieldTheSameBatchesToARetriedTask() {
    List<List<Long>> first = read(0, 2);
    List<List<Long>> second = read(2, 2);

    assertThat(read(2, 2)).isEqualTo(second);
    assertThat(read(0, 2)).isEqualTo(first);
    assertThat(readers.waiting()).isEqualTo(1);
    read(2, 5);
  }

  @Test
  void preparedReadersWaitForTheirFirstRound() {
    int before = readers.opened();
    readers.prepare(data, 0, 0, 3, hadoop);
    readers.prepare(data, 0, WORKER, 3, hadoop);
    readers.prepare(data, 0, WORKER, 3, hadoop); // as of a task that is retried
    assertThat(readers.waiting()).isEqualTo(2);

    List<List<Long>> prepared = read(3, 1);

    assertThat(readers.opened() - before).isEqualTo(2);
    assertThat(readers.waiting()).isEqualTo(2);
    read(4, 3);
    assertThat(readers.waiting()).as("that of a worker whose round was elsewhere").isZero();
    assertThat(read(3, 4).subList(0, 1)).isEqualTo(prepared);
  }

  @Test
  void readersOfAnEndedJobMakeRoomForThoseOfTheNextOne() {
    TrainingData next =
        new TrainingData(
            data.source(), new TrainingData.Order(Sampling.NATURAL, 1, 10, 2, 4), data.images());
    try (TrainingReaders own = new TrainingReaders(ExecutorResources.here())) {
      for (TrainingData job : List.of(data, next, data)) {
        own.prepare(job, 0, 0, 0, hadoop);
        own.prepare(job, 0, WORKER, 0, hadoop);
        assertThat(own.waiting()).isEqualTo(2);
      }

      assertThat(own.opened()).as("all, the first job's a second time").isEqualTo(6);
    }
  }

  @Test
  void readersThatNoRoundUsesAreClosed() {
    try (TrainingReaders own = new TrainingReaders(ExecutorResources.here())) {
      own.prepare(data, 0, WORKER, 0, hadoop);

      own.closeUnused(Duration.ofDays(1));
      assertThat(own.waiting()).isEqualTo(1);
      own.closeUnused(Duration.ZERO);
      assertThat(own.waiting()).isZero();
    }
  }

  @Test
  void readersAreClosedWhenTheirTaskFails() {
    try (TrainingReaders.RoundReader reader = readers.reader(data, 0, WORKER, 0, hadoop)) {
      reader.next();
    }

    assertThat(readers.waiting()).isZero();
  }

  @Test
  void refusesDataThatChangedDuringTheJob() {
    TrainingData before = data(data.source().uri(), "0".repeat(64));

    assertThatThrownBy(() -> readers.reader(before, 0, WORKER, 0, hadoop))
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining("its manifest changed during the job");
  }

  /** The sample ids of each batch of a worker's steps. */
  private List<List<Long>> read(long firstStep, int steps) {
    try (TrainingReaders.RoundReader reader = readers.reader(data, 0, WORKER, firstStep, hadoop)) {
      List<List<Long>> batches = new ArrayList<>();
      for (int step = 0; step < steps; step++) {
        var batch = reader.next();
        batches.add(Arrays.stream(batch.sampleIds(), 0, batch.examples()).boxed().toList());
      }
      reader.completed();
      return batches;
    }
  }
}
