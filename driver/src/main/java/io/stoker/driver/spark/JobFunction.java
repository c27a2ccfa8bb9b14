package io.stoker.driver.spark;

import java.io.Serializable;
import org.apache.spark.TaskContext;
import scala.collection.Iterator;
import scala.runtime.AbstractFunction2;

/**
 * What a job makes of a partition. It is a class, and not a lambda, because Spark looks for what a
 * lambda captures in the byte code of its class and of {@code RDD}, each time: milliseconds of a
 * round, and seconds in which Java optimises that reader of byte code.
 */
public abstract class JobFunction<T, R> extends AbstractFunction2<TaskContext, Iterator<T>, R>
    implements Serializable {
  private static final long serialVersionUID = 1L;
}
