// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.mlflow;

import io.stoker.base.TerminalText;
import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The thread that sends a job's events to MLflow. */
final class MlflowSender implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(MlflowLog.class);

  /** Each has 14 metrics, and a request takes 1,000. */
  static final int EVENTS_OF_A_REQUEST = 70;

  private static final long FIRST_PAUSE = 1_000;
  private static final long LONGEST_PAUSE = 60_000;
  private static final int LONGEST_REASON = 200;

  private final MlflowServer server;
  private final MlflowRun run;
  private final Duration closing;
  private final Thread thread;
  private final PendingEvents pending;
  private final MlflowWarning warning;
  private volatile boolean done;

  /**
   * @param server closed by this
   * @param run what is logged to
   * @param pending what to send
   * @param closing how long {@link #close} waits
   * @param warning warns
   */
  MlflowSender(
      MlflowServer server,
      MlflowRun run,
      PendingEvents pending,
      Duration closing,
      MlflowWarning warning) {
    this.server = server;
    this.run = run;
    this.pending = pending;
    this.closing = closing;
    this.warning = warning;
    this.thread = new Thread(this::send, "stoker-mlflow");
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  private void send() {
    long pause = FIRST_PAUSE;
    try {
      while (!done) {
        try {
          sendNext();
          pause = FIRST_PAUSE;
        } catch (RuntimeException | LinkageError | OutOfMemoryError e) {
          warn(e);
          if (pending.end().isPresent()) {
            return; // the last try has failed
          }
          pending.awaitEnd(pause);
          pause = Math.min(2 * pause, LONGEST_PAUSE);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void sendNext() throws InterruptedException {
    List<Event> events = pending.await(EVENTS_OF_A_REQUEST);
    if (!events.isEmpty()) {
      int refused = run.log(events);
      pending.sent(events.size());
      if (refused > 0) {
        warn(
            "MLflow at %s refuses %s of the job's events, which it is not sent again"
                .formatted(server.uri(), refused));
      }
      return;
    }
    if (run.isOpen()) {
      run.end(pending.end().orElseThrow());
    }
    done = true;
  }

  private void warn(Throwable failure) {
    warn(
        "Cannot log to MLflow at %s, and training goes on (it is tried again while it does): %s"
            .formatted(server.uri(), reason(failure)));
    LOG.debug("MLflow's failure", failure);
  }

  private void warn(String line) {
    warning.give(line);
  }

  private static String reason(Throwable failure) {
    Throwable root = failure;
    for (int depth = 0; root.getCause() != null && depth < 10; depth++) {
      root = root.getCause();
    }
    String text =
        failure instanceof MlflowException || root.getMessage() == null
            ? String.valueOf(failure.getMessage())
            : root.getMessage();
    String line = TerminalText.escapeLine(text.lines().findFirst().orElse("").strip());
    return line.length() <= LONGEST_REASON ? line : line.substring(0, LONGEST_REASON) + "...";
  }

  /** Waits a bounded time until all is sent, or the last try has failed. */
  @Override
  public void close() {
    try {
      thread.join(closing.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    boolean late = thread.isAlive();
    thread.interrupt();
    server.close();
    if (late && !done) {
      warn(new MlflowException("too slow, %s events were not sent".formatted(pending.lost())));
    }
  }
}
