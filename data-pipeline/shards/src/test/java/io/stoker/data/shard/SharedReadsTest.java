// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.shard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class SharedReadsTest {
  private final SharedReads<String> reads = new SharedReads<>();
  private final CountDownLatch began = new CountDownLatch(1);
  private final CountDownLatch released = new CountDownLatch(1);

  /** Reads a name in a thread of its own. */
  private CompletableFuture<String> begin(String name, SharedReads.Source<String> source) {
    CompletableFuture<String> result = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                result.complete(reads.of(name, source));
              } catch (IOException e) {
                result.completeExceptionally(e);
              }
            });
    thread.setDaemon(true);
    thread.start();
    return result;
  }

  private void untilReleased() {
    began.countDown();
    try {
      released.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @AfterEach
  void release() {
    released.countDown();
  }

  @Test
  void anotherNameOfTheSameHashDoesNotWait() throws Exception {
    assertThat("Aa").hasSameHashCodeAs("BB");
    CompletableFuture<String> slow =
        begin(
            "Aa",
            () -> {
              untilReleased();
              return "slow";
            });
    began.await();

    assertThat(reads.of("BB", () -> "fast")).isEqualTo("fast");

    released.countDown();
    assertThat(slow.get()).isEqualTo("slow");
  }

  @Test
  void readsOnceForThreadsThatMeetAndForLaterOnes() throws Exception {
    AtomicInteger count = new AtomicInteger();
    SharedReads.Source<String> source =
        () -> {
          untilReleased();
          return "read " + count.incrementAndGet();
        };
    CompletableFuture<String> first = begin("shard", source);
    began.await();
    CompletableFuture<String> second = begin("shard", source);
    released.countDown();

    assertThat(first.get()).isEqualTo("read 1");
    assertThat(second.get()).isEqualTo("read 1");
    assertThat(reads.of("shard", source)).isEqualTo("read 1");
  }

  @Test
  void aThreadThatWaitedForAFailureReadsItself() throws Exception {
    CompletableFuture<String> failing =
        begin(
            "shard",
            () -> {
              untilReleased();
              throw new InterruptedIOException("the task was killed");
            });
    began.await();
    CompletableFuture<String> waiting = begin("shard", () -> "read");
    released.countDown();

    assertThatThrownBy(failing::get).hasCauseInstanceOf(InterruptedIOException.class);
    assertThat(waiting.get()).isEqualTo("read");
  }

  @Test
  void everyFailureIsTriedAgain() throws IOException {
    assertThatThrownBy(
            () ->
                reads.of(
                    "shard",
                    () -> {
                      throw new UncheckedIOException(new IOException("stumbled"));
                    }))
        .isInstanceOf(UncheckedIOException.class);

    assertThat(reads.of("shard", () -> "read")).isEqualTo("read");
  }

  @Test
  void anInterruptedThreadDoesNotWait() throws Exception {
    CompletableFuture<String> slow =
        begin(
            "shard",
            () -> {
              untilReleased();
              return "slow";
            });
    began.await();
    Thread.currentThread().interrupt();

    assertThatThrownBy(() -> reads.of("shard", () -> "unused"))
        .isInstanceOf(InterruptedIOException.class);
    assertThat(Thread.interrupted()).isTrue();

    released.countDown();
    assertThat(slow.get()).isEqualTo("slow");
  }
}
