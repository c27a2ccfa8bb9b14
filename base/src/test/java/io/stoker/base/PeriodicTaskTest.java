// SPDX-License-Identifier: Apache-2.0
package io.stoker.base;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class PeriodicTaskTest {
  @Test
  void goesOnAfterExceptionsAndErrors() throws InterruptedException {
    CountDownLatch runs = new CountDownLatch(4);
    List<Throwable> failures = new CopyOnWriteArrayList<>();
    Runnable failing =
        () -> {
          runs.countDown();
          if (runs.getCount() == 3) {
            throw new IllegalStateException("an exception");
          }
          if (runs.getCount() == 2) {
            throw new StackOverflowError("an error");
          }
        };
    try (PeriodicTask task =
        PeriodicTask.start("a task", Duration.ofMillis(1), failing, failures::add)) {
      assertThat(task).isNotNull();
      assertThat(runs.await(1, TimeUnit.MINUTES)).isTrue();
    }
    assertThat(failures).extracting(Throwable::getMessage).contains("an exception", "an error");
  }
}
