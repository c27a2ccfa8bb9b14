// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.command;

import io.stoker.data.storage.NoSpace;
import io.stoker.data.storage.NotAFileException;
import io.stoker.data.storage.Storage;
import io.stoker.driver.spark.ApplicationEnd;
import io.stoker.failure.InputException;
import io.stoker.failure.ResourceException;
import io.stoker.failure.StokerException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.nio.file.AccessDeniedException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.fs.UnsupportedFileSystemException;
import org.apache.hadoop.security.AccessControlException;

/**
 * The end of a command that failed.
 *
 * @param exitCode 1 to 4
 * @param message one line: what was wrong, and what to do about it
 * @param goesOn whether the command may go on where it ended, once the cluster has what was missing
 */
public record Failure(int exitCode, String message, boolean goesOn) {
  private static final int BUG = 1;

  /** What Spark's calls say after it has stopped itself. */
  private static final List<String> END_OF_SPARK =
      List.of(
          "SparkContext has been shutdown",
          "SparkContext was shut down",
          "stopped SparkContext",
          "Master removed our application",
          "All masters are unresponsive",
          "Task serialization failed: java.lang.InterruptedException",
          "Could not find BlockManagerMaster",
          "RpcEnv already stopped");

  public Failure(int exitCode, String message) {
    this(exitCode, message, false);
  }

  /** Looks in an exception and its causes for a reason that a user can act on; else it is a bug. */
  public static Failure of(Throwable failure) {
    List<Throwable> chain = new ArrayList<>();
    for (Throwable cause = failure;
        cause != null && !chain.contains(cause);
        cause = cause.getCause()) {
      chain.add(cause);
    }
    return chain.stream()
        .map(Failure::explain)
        .flatMap(Optional::stream)
        .findFirst()
        .or(() -> noSpace(chain))
        .or(() -> storage(chain))
        .or(() -> ApplicationEnd.reason().map(Failure::goingOn)) // what fails while Spark stops
        .orElseGet(() -> bug(failure));
  }

  /**
   * The disk of what was written, on this machine or an executor's, if that is known; or Spark's.
   */
  private static Optional<Failure> noSpace(List<Throwable> chain) {
    return chain.stream()
        .flatMap(cause -> NoSpace.words(cause).stream())
        .findFirst()
        .map(words -> goingOn(withRemedy(words, chain)));
  }

  private static String withRemedy(String words, List<Throwable> chain) {
    Optional<String> action =
        chain.stream()
            .map(cause -> Storage.inWords(firstLine(cause.getMessage())))
            .filter(message -> message.startsWith("Cannot write "))
            .map(message -> message.replace(": " + words, "") + ": ")
            .findFirst();
    return "%s%s (%s)"
        .formatted(
            action.orElse(""),
            words,
            action.isPresent() && words.equals(NoSpace.TEXT)
                ? "free some there"
                : NoSpace.remedy(words));
  }

  /** A file could not be read or written: the message says which, and why. */
  private static Optional<Failure> storage(List<Throwable> chain) {
    return chain.stream()
        .filter(UncheckedIOException.class::isInstance)
        .findFirst()
        .map(
            failure -> {
              String reason = Storage.inWords(failure.getCause().getMessage());
              String action = firstLine(failure.getMessage());
              return new Failure(
                  failure.getCause() instanceof NotAFileException
                      ? InputException.EXIT_CODE
                      : ResourceException.EXIT_CODE,
                  action.contains(reason) ? action : action + ": " + reason);
            });
  }

  private static Optional<Failure> explain(Throwable cause) {
    if (cause instanceof StokerException known) {
      return Optional.of(new Failure(known.exitCode(), inOneLine(known)));
    }
    String message = firstLine(cause.getMessage());
    if (cause instanceof OutOfMemoryError) {
      return resource(
          "Out of memory: "
              + message
              + "; give more to the heap (--driver-memory, --executor-memory) or to networks"
              + " (STOKER_NATIVE_MEMORY), or take a smaller --batch");
    }
    if (cause instanceof UnsupportedFileSystemException) {
      return Optional.of(
          new Failure(InputException.EXIT_CODE, message + "; known: local paths, hdfs://, s3a://"));
    }
    if (message.contains("org.apache.hadoop.fs.s3a.S3AFileSystem not found")) {
      return resource(
          "S3 needs Hadoop's S3A client, which stoker.jar holds and this class path does not");
    }
    if (cause instanceof AccessDeniedException || cause instanceof AccessControlException) {
      return resource("No access: " + Storage.inWords(message));
    }
    if (cause instanceof ConnectException || cause instanceof UnknownHostException) {
      return resource("Cannot connect: " + Storage.inWords(message));
    }
    if (message.contains("is bigger than spark.driver.maxResultSize")) {
      return resource(message + ": raise that setting, or its memory with --driver-memory");
    }
    if (message.contains("ExecutorLostFailure")) {
      return Optional.of(goingOn("Executors were lost: " + message));
    }
    if (END_OF_SPARK.stream().anyMatch(message::contains)) {
      String reason =
          ApplicationEnd.reason()
              .orElse(
                  "The cluster has ended this job's application: it refused the application, or"
                      + " lost its master (the lines above say which)");
      return Optional.of(goingOn(reason));
    }
    return Optional.empty();
  }

  private static Failure goingOn(String message) {
    return new Failure(ResourceException.EXIT_CODE, message, true);
  }

  private static Optional<Failure> resource(String message) {
    return Optional.of(new Failure(ResourceException.EXIT_CODE, message));
  }

  private static Failure bug(Throwable failure) {
    StackTraceElement[] trace = failure.getStackTrace();
    return new Failure(
        BUG,
        "Unexpected failure, a bug in Stoker: %s%s%s (add --verbose for the stack trace)"
            .formatted(
                failure.getClass().getSimpleName(),
                failure.getMessage() == null ? "" : ": " + firstLine(failure.getMessage()),
                trace.length == 0 ? "" : " at " + trace[0]));
  }

  /**
   * A message of Stoker's own, of which all is kept: its line breaks are those of names in it. Of
   * what it quotes, which may be pages of Hadoop's or Spark's, the first line is kept.
   */
  private static String inOneLine(StokerException known) {
    String message = String.valueOf(known.getMessage());
    Set<Throwable> seen = new HashSet<>();
    for (Throwable quoted = known.getCause();
        quoted != null && seen.add(quoted);
        quoted = quoted.getCause()) {
      String text = quoted.getMessage();
      if (!(quoted instanceof StokerException) && text != null && !text.isEmpty()) {
        message = message.replace(text, firstLine(text));
      }
    }
    return message.strip();
  }

  /** The first line with words. */
  private static String firstLine(String message) {
    return message == null
        ? ""
        : message.lines().map(String::strip).filter(line -> !line.isEmpty()).findFirst().orElse("");
  }
}
