// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.function.Consumer;

/**
 * Lets the passes of networks with TF32 and those without it take turns: libtorch has one switch
 * for all networks of a process, and looks at it whenever it queues a product. Passes of one kind
 * run side by side. All begin in the order in which they came, so that neither kind waits for ever.
 */
final class Tf32Gate {
  /** A pass that has begun. It must end before its thread begins another one. */
  interface Pass extends AutoCloseable {
    @Override
    void close();
  }

  /** A pass that heeds no switch. */
  static final Pass FREE = () -> {};

  private final Consumer<Boolean> allow;

  @GuardedBy("this") private boolean allowed;

  @GuardedBy("this") private int running;

  @GuardedBy("this") private long came;

  @GuardedBy("this") private long begun;

  /**
   * @param allow turns the switch, which is off now
   */
  Tf32Gate(Consumer<Boolean> allow) {
    this.allow = allow;
  }

  /** Begins a pass, once those of the other kind have ended. An interrupt does not end the wait. */
  synchronized Pass begin(boolean tf32) {
    long turn = came++;
    boolean interrupted = false;
    while (turn != begun || (running > 0 && allowed != tf32)) {
      try {
        wait();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    begun++;
    running++;
    if (allowed != tf32) {
      allow.accept(tf32);
      allowed = tf32;
    }
    notifyAll(); // The next one may be of the same kind.
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return this::end;
  }

  private synchronized void end() {
    running--;
    notifyAll();
  }
}
