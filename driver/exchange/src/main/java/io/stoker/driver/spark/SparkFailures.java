// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import io.stoker.failure.StokerException;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** Finds the exception of a task in the exceptions that Spark wraps around it. */
public final class SparkFailures {
  private SparkFailures() {}

  /**
   * Runs a Spark job.
   *
   * @throws StokerException the one with which a task failed, if a task failed with one
   */
  public static <T> T unwrapped(Supplier<T> job) {
    try {
      return job.get();
    } catch (Exception e) { // Spark throws checked exceptions that it does not declare.
      Optional<StokerException> reason = cause(StokerException.class, e);
      if (reason.isPresent()) {
        throw reason.get();
      }
      throw e;
    }
  }

  /** The first exception of a class among a failure and its causes; empty if there is none. */
  public static <T extends Throwable> Optional<T> cause(Class<T> type, Throwable failure) {
    return chain(failure).filter(type::isInstance).map(type::cast).findFirst();
  }

  /** Throws a failure of any class, as Scala's methods do. */
  @SuppressWarnings("unchecked") // The compiler takes E for a RuntimeException.
  public static <E extends Throwable> void rethrow(Throwable failure) throws E {
    throw (E) failure;
  }

  /** A failure and its causes. */
  public static Stream<Throwable> chain(Throwable failure) {
    return Stream.iterate(failure, Objects::nonNull, Throwable::getCause);
  }
}
