// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.scheduler.TaskInfo;
import org.apache.spark.scheduler.TaskSchedulerImpl;
import org.apache.spark.scheduler.TaskSetManager;
import scala.Option;

/** What Spark's scheduler knows of the tasks that run now, and of their executors. */
public interface RunningTasks {
  /**
   * Whether a task runs. One that fails, or whose executor is lost, does not run any more when
   * Spark starts it again.
   *
   * @param task Spark's number of it, see {@link org.apache.spark.TaskContext#taskAttemptId}
   */
  boolean contain(long task);

  /** Whether a task runs that Spark has started while another task of its partition ran. */
  boolean containCopy(long task);

  /** Whether an executor was told to leave the cluster: Spark starts no task there any more. */
  boolean areLeaving(String executor);

  /** Has Spark end a task soon, which does not count as a failure, and start it again. */
  void end(long task, String reason);

  /** The tasks of an application. */
  static RunningTasks of(JavaSparkContext spark) {
    TaskSchedulerImpl scheduler = (TaskSchedulerImpl) spark.sc().taskScheduler();
    return new RunningTasks() {
      @Override
      public boolean contain(long task) {
        return scheduler.taskIdToTaskSetManager().containsKey(task);
      }

      @Override
      public boolean containCopy(long task) {
        TaskSetManager tasks = scheduler.taskIdToTaskSetManager().get(task);
        if (tasks == null) {
          return false;
        }
        synchronized (scheduler) { // Spark changes what it knows of tasks under this lock.
          Option<TaskInfo> known = tasks.taskInfos().get(task);
          return known.isDefined() && known.get().speculative();
        }
      }

      @Override
      public void end(long task, String reason) {
        spark.sc().killTaskAttempt(task, false, reason);
      }

      @Override
      public boolean areLeaving(String executor) {
        return RegisteredExecutors.isLeaving(spark, executor);
      }
    };
  }
}
