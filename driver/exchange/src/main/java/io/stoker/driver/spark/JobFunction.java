// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import java.io.Serializable;
import org.apache.spark.TaskContext;
import scala.collection.Iterator;
import scala.runtime.AbstractFunction2;

/**
 * The function that a Spark job applies to each partition. It is a class and not a lambda, because
 * Spark's {@code ClosureCleaner} reads the byte code of a lambda's class, and of {@code RDD}, for
 * each job: this takes milliseconds of a round, and seconds until the JIT compiler has optimised
 * that reader.
 */
abstract class JobFunction<T, R> extends AbstractFunction2<TaskContext, Iterator<T>, R>
    implements Serializable {
  private static final long serialVersionUID = 1L;
}
