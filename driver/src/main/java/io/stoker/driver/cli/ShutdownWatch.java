package io.stoker.driver.cli;

import java.util.concurrent.atomic.AtomicReference;

/** Knows whether the process is stopped from outside, by Ctrl-C for one, before a command's end. */
final class ShutdownWatch implements AutoCloseable {
  private enum State {
    RUNNING,
    STOPPED,
    ENDED
  }

  private final AtomicReference<State> state = new AtomicReference<>(State.RUNNING);

  private ShutdownWatch() {}

  /**
   * Watches until it is closed.
   *
   * @param whenStopped what is done if the process is stopped by then
   */
  static ShutdownWatch watch(Runnable whenStopped) {
    ShutdownWatch stopping = new ShutdownWatch();
    Thread hook =
        new Thread(
            () -> {
              if (stopping.state.compareAndSet(State.RUNNING, State.STOPPED)) {
                whenStopped.run();
              }
            },
            "stopping");
    Runtime.getRuntime().addShutdownHook(hook);
    return stopping;
  }

  /** Whether it was stopped; what fails from then on is no news. */
  boolean stopped() {
    return state.get() == State.STOPPED;
  }

  @Override
  public void close() {
    state.compareAndSet(State.RUNNING, State.ENDED);
  }
}
