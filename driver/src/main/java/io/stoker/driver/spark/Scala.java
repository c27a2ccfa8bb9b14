package io.stoker.driver.spark;

import java.util.Iterator;
import java.util.List;
import scala.collection.JavaConverters;
import scala.collection.Seq;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

/** The few Scala values that Spark's RDD classes want to be given. */
public final class Scala {
  private Scala() {}

  /** An immutable, serializable list. */
  public static <T> Seq<T> list(List<T> elements) {
    return JavaConverters.asScalaBuffer(elements).toList();
  }

  /** Scala's view of an iterator. */
  public static <T> scala.collection.Iterator<T> iterator(Iterator<T> elements) {
    return JavaConverters.asScalaIterator(elements);
  }

  /** What Spark makes arrays of elements with. */
  public static <T> ClassTag<T> tag(Class<? super T> type) {
    return ClassTag$.MODULE$.apply(type);
  }
}
