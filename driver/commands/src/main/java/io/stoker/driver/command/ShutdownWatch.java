// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.command;

import java.util.concurrent.atomic.AtomicReference;

/** Notices if the process is stopped from outside, such as by Ctrl-C, before a command ends. */
public final class ShutdownWatch implements AutoCloseable {
  private enum State {
    RUNNING,
    STOPPED,
    ENDED
  }

  private final AtomicReference<State> state = new AtomicReference<>(State.RUNNING);
  private final Thread hook;

  private ShutdownWatch(Runnable whenStopped) {
    hook =
        new Thread(
            () -> {
              if (state.compareAndSet(State.RUNNING, State.STOPPED)) {
                whenStopped.run();
              }
            },
            "shutdown-watch");
  }

  /**
   * Begins to watch; closing it ends that.
   *
   * @param whenStopped called if the process is stopped before
   */
  public static ShutdownWatch watch(Runnable whenStopped) {
    ShutdownWatch watch = new ShutdownWatch(whenStopped);
    Runtime.getRuntime().addShutdownHook(watch.hook);
    return watch;
  }

  /** Whether the process was stopped: failures after that are its consequences. */
  public boolean stopped() {
    return state.get() == State.STOPPED;
  }

  /** A process may run many commands, so the hook of each is removed. */
  @Override
  public void close() {
    if (state.compareAndSet(State.RUNNING, State.ENDED)) {
      try {
        Runtime.getRuntime().removeShutdownHook(hook);
      } catch (IllegalStateException e) {
        // The process is being stopped, and the hook does nothing any more.
      }
    }
  }
}
