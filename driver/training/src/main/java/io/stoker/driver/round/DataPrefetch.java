// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import io.stoker.driver.cluster.Slots;
import io.stoker.driver.job.JobPlan;
import io.stoker.driver.job.TrainingRun;
import io.stoker.driver.spark.NumberedTasks;
import io.stoker.driver.spark.Placement;
import io.stoker.models.file.TrainingClock;
import io.stoker.worker.runtime.ExecutorResources;
import io.stoker.worker.runtime.TrainingData;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaFutureAction;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.util.SerializableConfiguration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has the workers open their data while the first parameters are made: they read and verify shards,
 * and make the first batches. The first round does whatever was not done here, so a failure here is
 * only logged.
 */
final class DataPrefetch implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(DataPrefetch.class);

  /** Spark's job; none if there is nothing to open. */
  private final Optional<JavaFutureAction<Void>> opening;

  private DataPrefetch(Optional<JavaFutureAction<Void>> opening) {
    this.opening = opening;
  }

  /**
   * Begins, unless the job is complete, or has fewer slots than workers: then it is not known which
   * workers run first, and on which executors.
   *
   * @param spark the cluster
   * @param run the job
   * @param clock how far it is
   */
  static DataPrefetch begin(JavaSparkContext spark, TrainingRun run, TrainingClock clock) {
    TrainingData data = run.data();
    if (clock.round() == run.plan().rounds() || Slots.now(spark).count() < data.workers()) {
      return new DataPrefetch(Optional.empty());
    }
    JobPlan.Round round = run.plan().round((int) clock.round());
    int epoch = round.epoch();
    long step = round.firstStep();
    SerializableConfiguration hadoop = new SerializableConfiguration(spark.hadoopConfiguration());
    NumberedTasks<Integer> workers =
        new NumberedTasks<>(
            spark,
            data.workers(),
            worker -> {
              open(data, epoch, worker, step, hadoop.value());
              return worker;
            },
            Placement.along(spark));
    spark.sc().setJobDescription("train: open the data");
    try {
      return new DataPrefetch(Optional.of(workers.toJavaRDD().foreachAsync(opened -> {})));
    } finally {
      spark.sc().setJobDescription("train: the first parameters");
    }
  }

  private static void open(
      TrainingData data, int epoch, int worker, long step, Configuration hadoop) {
    try {
      ExecutorResources.here().readers().prepare(data, epoch, worker, step, hadoop);
    } catch (RuntimeException e) {
      LOG.debug("Worker {} cannot open its data", worker, e); // Its round will say why.
    }
  }

  /** Waits until all have begun to read, or this thread is interrupted. */
  void await() {
    if (opening.isEmpty()) {
      return;
    }
    try {
      opening.get().get();
    } catch (ExecutionException | CancellationException e) {
      LOG.debug("The workers' data could not be opened in advance", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Cancels the tasks that have not begun to read. */
  @Override
  public void close() {
    opening.filter(job -> !job.isDone()).ifPresent(job -> job.cancel(true));
  }
}
