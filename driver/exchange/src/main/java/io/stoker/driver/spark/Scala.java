// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import java.io.Serializable;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import scala.Function1;
import scala.Option;
import scala.collection.JavaConverters;
import scala.concurrent.Await;
import scala.concurrent.Awaitable;
import scala.concurrent.Future;
import scala.concurrent.duration.Duration;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

/**
 * Converts between Java's types and those of Scala that Spark's classes take and return. The
 * signatures hold for Scala 2.12 and 2.13, whose {@code Seq} is another interface: what is passed
 * to Spark is immutable, which both accept, and what comes from Spark is taken as the general
 * {@code scala.collection.Seq}.
 */
@SuppressWarnings("deprecation") // Scala 2.13 has other names; 2.12 has only these
public final class Scala {
  private Scala() {}

  /** The version of Scala's library, such as 2.12.18. */
  public static String version() {
    return scala.util.Properties$.MODULE$.versionNumberString();
  }

  /** An immutable, serializable sequence of the elements. */
  static <T> scala.collection.immutable.Seq<T> seq(List<? extends T> elements) {
    List<T> same = List.copyOf(elements);
    return JavaConverters.asScalaBuffer(same).toList();
  }

  /** A list of the elements of a Scala sequence. */
  static <T> List<T> list(scala.collection.Seq<T> elements) {
    return JavaConverters.seqAsJavaList(elements);
  }

  /** A view of a map for Java. */
  static <K, V> Map<K, V> map(scala.collection.Map<K, V> entries) {
    return JavaConverters.mapAsJavaMap(entries);
  }

  /** A view of an iterator for Spark. */
  static <T> scala.collection.Iterator<T> iterator(Iterator<T> elements) {
    return JavaConverters.asScalaIterator(elements);
  }

  /** A view of an iterator for Java. */
  static <T> Iterator<T> iterator(scala.collection.Iterator<T> elements) {
    return JavaConverters.asJavaIterator(elements);
  }

  /** A Scala option as Java's class. */
  public static <T> Optional<T> optional(Option<T> value) {
    return value.isDefined() ? Optional.of(value.get()) : Optional.empty();
  }

  /** A condition for Spark, which can be serialized. */
  @SuppressWarnings("unchecked") // The lambda is both.
  public static <T> Function1<T, Object> predicate(SerializablePredicate<T> condition) {
    return (Function1<T, Object> & Serializable) condition::test;
  }

  /** A condition that can be serialized. */
  public interface SerializablePredicate<T> extends Predicate<T>, Serializable {}

  /** The class tag with which Spark makes arrays of elements. */
  static <T> ClassTag<T> tag(Class<? super T> type) {
    return ClassTag$.MODULE$.apply(type);
  }

  /**
   * Waits until a result is there, without a limit of time. Throws what the computation failed
   * with, also where that is a checked exception, which Scala does not declare.
   *
   * @throws InterruptedException if this thread is interrupted first
   */
  static <T> T await(Awaitable<T> result) throws InterruptedException {
    try {
      return Await.result(result, Duration.Inf());
    } catch (TimeoutException e) {
      throw new IllegalStateException("A wait without a limit has timed out", e);
    }
  }

  /**
   * Waits for a result for some time.
   *
   * @return whether it is there, or the computation has failed
   * @throws InterruptedException if this thread is interrupted first
   */
  static boolean isReady(Future<?> result, long milliseconds) throws InterruptedException {
    try {
      Await.ready(result, Duration.create(milliseconds, TimeUnit.MILLISECONDS));
      return true;
    } catch (TimeoutException notYet) {
      return false;
    }
  }
}
