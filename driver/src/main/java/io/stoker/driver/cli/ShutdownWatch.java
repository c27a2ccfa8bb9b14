// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import java.util.concurrent.atomic.AtomicReference;

/** Notices if the process is stopped from outside, such as by Ctrl-C, before a command ends. */
final class ShutdownWatch implements AutoCloseable {
  private enum State {
    RUNNING,
    STOPPED,
    ENDED
  }

  private final AtomicReference<State> state = new AtomicReference<>(State.RUNNING);

  private ShutdownWatch() {}

  /**
   * Begins to watch; closing it ends that.
   *
   * @param whenStopped called if the process is stopped before
   */
  static ShutdownWatch watch(Runnable whenStopped) {
    ShutdownWatch watch = new ShutdownWatch();
    Thread hook =
        new Thread(
            () -> {
              if (watch.state.compareAndSet(State.RUNNING, State.STOPPED)) {
                whenStopped.run();
              }
            },
            "shutdown-watch");
    Runtime.getRuntime().addShutdownHook(hook);
    return watch;
  }

  /** Whether the process was stopped: failures after that are its consequences. */
  boolean stopped() {
    return state.get() == State.STOPPED;
  }

  @Override
  public void close() {
    state.compareAndSet(State.RUNNING, State.ENDED);
  }
}
