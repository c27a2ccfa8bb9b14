package io.stoker.driver.averaging;

import java.util.Iterator;
import java.util.List;
import scala.collection.JavaConverters;
import scala.collection.Seq;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

/** The few Scala values that Spark's RDD classes want to be given. */
final class Scala {
  private Scala() {}

  /** An immutable, serializable list. */
  static <T> Seq<T> list(List<T> elements) {
    return JavaConverters.asScalaBuffer(elements).toList();
  }

  static <T> scala.collection.Iterator<T> iterator(Iterator<T> elements) {
    return JavaConverters.asScalaIterator(elements);
  }

  static <T> ClassTag<T> tag(Class<? super T> type) {
    return ClassTag$.MODULE$.apply(type);
  }
}
