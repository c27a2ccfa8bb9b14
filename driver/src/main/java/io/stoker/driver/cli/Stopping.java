package io.stoker.driver.cli;

/** Knows whether the process is being stopped from outside: what fails from then on is no news. */
final class Stopping {
  private volatile boolean begun;

  private Stopping() {}

  static Stopping watch() {
    Stopping stopping = new Stopping();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> stopping.begun = true, "stopping"));
    return stopping;
  }

  boolean begun() {
    return begun;
  }
}
