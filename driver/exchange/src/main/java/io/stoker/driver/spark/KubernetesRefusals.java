// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Marker;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.Logger;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.filter.AbstractFilter;
import org.apache.logging.log4j.message.Message;
import org.slf4j.LoggerFactory;

/**
 * What the API server of Kubernetes refuses while Spark requests pods. Spark tries again each
 * second, and tells of it in its log only: this filter of the log keeps the last reason, and lets
 * through one line each few minutes of a refusal that lasts.
 */
public final class KubernetesRefusals extends AbstractFilter {
  private static final org.slf4j.Logger LOG = LoggerFactory.getLogger(KubernetesRefusals.class);
  private static final String FAILURE = "io.fabric8.kubernetes.client.KubernetesClientException";

  /** The message of the API server in the client's message. */
  private static final Pattern MESSAGE =
      Pattern.compile("Message: (.*?)\\.?\\s*(Received status:|$)", Pattern.DOTALL);

  /** The request in the client's message, where the API server's says nothing but "Forbidden". */
  private static final Pattern REQUEST =
      Pattern.compile("Failure executing: (\\w+) at: \\w+://[^/]+([^? ]+)");

  /** Spark tries again within this time, if the refusal lasts. */
  private static final Duration CURRENT = Duration.ofSeconds(10);

  /** At the beginning of a job, who waits for executors tells the reason. */
  private static final Duration BEGINNING = Duration.ofMinutes(2);

  private static final Duration REPEAT = Duration.ofMinutes(5);
  private static final KubernetesRefusals INSTANCE = new KubernetesRefusals();

  @GuardedBy("this") private boolean watching;

  @GuardedBy("this") private Optional<String> reason = Optional.empty();

  /** When the last refusal was logged, and when users were told of one, by {@code nanoTime}. */
  @GuardedBy("this") private long last;

  @GuardedBy("this") private long told;

  private KubernetesRefusals() {}

  /**
   * Begins to look at what this process logs; a log of another library than Log4j stays as it is.
   */
  public static void watch() {
    synchronized (INSTANCE) {
      if (INSTANCE.watching || !(LogManager.getContext(false) instanceof LoggerContext)) {
        return;
      }
      LoggerContext context = (LoggerContext) LogManager.getContext(false);
      INSTANCE.start();
      context.getConfiguration().addFilter(INSTANCE);
      context.updateLoggers();
      INSTANCE.watching = true;
      INSTANCE.told = System.nanoTime() - REPEAT.minus(BEGINNING).toNanos();
    }
  }

  /**
   * The reason of the refusal that lasts, in the words of the API server; empty if there is none.
   */
  public static Optional<String> current() {
    synchronized (INSTANCE) {
      return INSTANCE.reason.filter(text -> System.nanoTime() - INSTANCE.last < CURRENT.toNanos());
    }
  }

  /**
   * Finds the words of the API server in a failure.
   *
   * @return what it said, or what the client said of it; empty if the failure is not of Kubernetes
   */
  public static Optional<String> reason(Throwable failure) {
    return SparkFailures.chain(failure)
        .filter(cause -> cause.getClass().getName().equals(FAILURE))
        .map(KubernetesRefusals::text)
        .findFirst();
  }

  private static String text(Throwable failure) {
    String message = String.valueOf(failure.getMessage());
    return text(message, failure.getCause());
  }

  /** The words of the API server in a message of the client. */
  static String text(String message, Throwable cause) {
    Matcher words = MESSAGE.matcher(message);
    String first = words.find() ? words.group(1) : message.lines().findFirst().orElse("");
    Matcher request = REQUEST.matcher(message);
    if (first.equals("Forbidden") && request.find()) {
      return "Forbidden: %s %s".formatted(request.group(1), request.group(2));
    }
    return (first.endsWith("An error has occurred.") && cause != null
            ? String.valueOf(cause.getMessage())
            : first)
        .strip();
  }

  private Result decide(org.apache.logging.log4j.core.Logger logger, Throwable failure) {
    if (failure == null || logger.getName().startsWith("io.stoker")) {
      return Result.NEUTRAL;
    }
    Optional<String> refused = reason(failure);
    if (refused.isEmpty()) {
      return Result.NEUTRAL;
    }
    boolean tell;
    synchronized (this) {
      long now = System.nanoTime();
      reason = refused;
      last = now;
      tell = now - told > REPEAT.toNanos();
      told = tell ? now : told;
    }
    if (tell) {
      LOG.warn("Kubernetes refuses a request of Spark's: {}", refused.get());
    }
    return LogManager.getRootLogger().isInfoEnabled() ? Result.NEUTRAL : Result.DENY;
  }

  @Override
  public Result filter(
      Logger logger, Level level, Marker marker, Message message, Throwable failure) {
    return decide(logger, failure);
  }

  @Override
  public Result filter(
      Logger logger, Level level, Marker marker, Object message, Throwable failure) {
    return decide(logger, failure);
  }

  @Override
  public Result filter(LogEvent event) {
    return Result.NEUTRAL;
  }
}
