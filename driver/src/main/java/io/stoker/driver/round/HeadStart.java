package io.stoker.driver.round;

import io.stoker.driver.cluster.Slots;
import io.stoker.driver.spark.Jobs;
import io.stoker.driver.spark.NumberedTasks;
import io.stoker.driver.spark.Placement;
import io.stoker.models.file.TrainingClock;
import io.stoker.worker.runtime.Residents;
import io.stoker.worker.runtime.TrainingData;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.util.SerializableConfiguration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has the workers open their data while the driver makes the first parameters: they read and verify
 * shards, and make the first batches. A round that finds none of it does it by itself.
 */
final class HeadStart {
  private static final Logger LOG = LoggerFactory.getLogger(HeadStart.class);

  private final Thread thread;

  private HeadStart(Runnable job) {
    thread = new Thread(job, "head start");
    thread.setDaemon(true);
    thread.start();
  }

  /**
   * Begins.
   *
   * @param spark the cluster
   * @param run the job
   * @param clock how far it is
   */
  static HeadStart begin(JavaSparkContext spark, TrainingRun run, TrainingClock clock) {
    TrainingData data = run.data();
    // With fewer slots nobody knows which workers begin, and where.
    if (clock.round() == run.plan().rounds() || Slots.now(spark) < data.workers()) {
      return new HeadStart(() -> {});
    }
    JobPlan.Round round = run.plan().round((int) clock.round());
    int epoch = round.epoch();
    long step = round.firstStep();
    SerializableConfiguration hadoop = new SerializableConfiguration(spark.hadoopConfiguration());
    NumberedTasks<Boolean> workers =
        new NumberedTasks<>(
            spark,
            data.workers(),
            worker -> isOpened(data, epoch, worker, step, hadoop.value()),
            Placement.along(spark));
    return new HeadStart(() -> run(workers));
  }

  private static boolean isOpened(
      TrainingData data, int epoch, int worker, long step, Configuration hadoop) {
    try {
      Residents.here().readers().prepare(data, epoch, worker, step, hadoop);
      return true;
    } catch (RuntimeException e) {
      LOG.debug("Worker {} cannot open its data", worker, e); // Its round will say why.
      return false;
    }
  }

  private static void run(NumberedTasks<Boolean> workers) {
    try {
      Jobs.elements(workers);
    } catch (RuntimeException e) {
      LOG.debug("The workers have no head start", e);
    }
  }

  /** Waits until all have begun to read. */
  void await() {
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true; // What was asked to end ends after this.
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
