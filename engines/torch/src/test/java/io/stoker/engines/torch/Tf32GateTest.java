// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class Tf32GateTest {
  private final List<String> events = Collections.synchronizedList(new ArrayList<>());
  private final Tf32Gate gate = new Tf32Gate(allowed -> events.add(allowed ? "on" : "off"));

  /** Starts a thread that must wait at the gate, and returns when it does. */
  private static Thread waiting(Runnable action) {
    Thread thread = new Thread(action);
    thread.setDaemon(true);
    thread.start();
    while (thread.getState() != Thread.State.WAITING) {
      Thread.onSpinWait();
    }
    return thread;
  }

  private void passOnce(boolean tf32) {
    gate.begin(tf32).close();
  }

  private void end(Tf32Gate.Pass pass) {
    events.add("end");
    pass.close();
  }

  @Test
  void passesOfOneKindRunSideBySideAndTurnTheSwitchOnce() {
    passOnce(false); // As it is from the beginning.
    Tf32Gate.Pass first = gate.begin(true);
    Tf32Gate.Pass second = gate.begin(true);
    end(first);
    end(second);
    passOnce(true);

    assertThat(events).containsExactly("on", "end", "end");
  }

  @Test
  void passesOfTheOtherKindWait() throws InterruptedException {
    Tf32Gate.Pass first = gate.begin(true);
    Tf32Gate.Pass second = gate.begin(true);
    Thread other = waiting(() -> passOnce(false));
    end(first);
    end(second);
    other.join();

    assertThat(events).containsExactly("on", "end", "end", "off");
  }

  @Test
  void aPassThatCameLaterDoesNotOvertake() throws InterruptedException {
    Tf32Gate.Pass first = gate.begin(true);
    Thread other = waiting(() -> passOnce(false));
    Thread later = waiting(() -> passOnce(true));
    end(first);
    other.join();
    later.join();

    assertThat(events).containsExactly("on", "end", "off", "on");
  }

  @Test
  void anInterruptIsKeptForLater() throws InterruptedException {
    AtomicBoolean interrupted = new AtomicBoolean();
    Tf32Gate.Pass first = gate.begin(true);
    Thread other =
        waiting(
            () -> {
              passOnce(false);
              interrupted.set(Thread.currentThread().isInterrupted());
            });
    other.interrupt();
    end(first);
    other.join();

    assertThat(events).containsExactly("on", "end", "off");
    assertThat(interrupted).isTrue();
  }
}
