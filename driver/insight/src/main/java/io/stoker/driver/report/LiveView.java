// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.report;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;

/** What a served page shows, read again for requests. It may be used by several threads. */
final class LiveView {
  /** A view is read at most once in this time, however many browsers ask for it. */
  private static final Duration FRESH = Duration.ofSeconds(1);

  /** Reading views takes at most a tenth of the time, however long one takes. */
  private static final int READING_SHARE = 10;

  private final Supplier<ObjectNode> look;

  @GuardedBy("this") private ObjectNode view;

  @GuardedBy("this") private Optional<RuntimeException> failure = Optional.empty();

  @GuardedBy("this") private long next = System.nanoTime();

  LiveView(Supplier<ObjectNode> look) {
    this.look = look;
  }

  /**
   * The page's data as they are now; if they cannot be read, it fails likewise until the next time.
   */
  synchronized ObjectNode now() {
    long start = System.nanoTime();
    if (start - next >= 0) {
      try {
        view = look.get();
        failure = Optional.empty();
      } catch (RuntimeException e) {
        failure = Optional.of(e);
      }
      long end = System.nanoTime();
      next = end + Math.max(FRESH.toNanos(), (READING_SHARE - 1) * (end - start));
    }
    if (failure.isPresent()) {
      throw failure.get();
    }
    return view;
  }
}
