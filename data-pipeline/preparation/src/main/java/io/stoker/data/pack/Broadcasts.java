// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.pack;

import org.apache.spark.SparkContext;
import org.apache.spark.SparkContext$;
import org.apache.spark.broadcast.Broadcast;
import scala.Option;

/** Deletes what a job has sent to all executors. */
public final class Broadcasts {
  private Broadcasts() {}

  /**
   * Deletes a broadcast everywhere, and waits until that is done. A command ends Spark right after
   * its last job: an answer that reaches a thread pool which has ended by then is a stack trace on
   * the user's terminal. A context that has been stopped deletes everything itself, and would never
   * answer.
   */
  public static void destroy(Broadcast<?> sent) {
    Option<SparkContext> spark = SparkContext$.MODULE$.getActive();
    if (spark.isDefined() && !spark.get().isStopped()) {
      sent.destroy(true);
    }
  }
}
