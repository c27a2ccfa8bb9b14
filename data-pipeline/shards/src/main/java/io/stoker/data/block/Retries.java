// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.block;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads again what could not be read, three times, a little later each time: object stores and name
 * nodes stumble.
 */
final class Retries {
  private static final Logger LOG = LoggerFactory.getLogger(Retries.class);

  private static final int ATTEMPTS = 4;
  static final Duration FIRST_DELAY = Duration.ofMillis(250);

  private Retries() {}

  /** What reads. */
  interface Reading<T> {
    T read() throws IOException;
  }

  /**
   * Reads.
   *
   * @param what is read, for the log
   * @param firstDelay before the second attempt; each later one is four times as long
   * @throws IOException if the last attempt fails too, or if the thread is interrupted
   */
  static <T> T read(String what, Duration firstDelay, Reading<T> reading) throws IOException {
    Duration delay = firstDelay;
    for (int attempt = 1; ; attempt++) {
      try {
        return reading.read();
      } catch (InterruptedIOException e) {
        throw e;
      } catch (IOException e) {
        if (attempt == ATTEMPTS) {
          throw e;
        }
        LOG.warn("Cannot read {} (attempt {} of {}): {}", what, attempt, ATTEMPTS, e.toString());
        pause(delay);
        delay = delay.multipliedBy(4);
      }
    }
  }

  private static void pause(Duration delay) throws InterruptedIOException {
    try {
      Thread.sleep(delay.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted between two attempts to read");
    }
  }
}
