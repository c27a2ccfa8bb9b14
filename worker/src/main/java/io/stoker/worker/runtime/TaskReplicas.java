// SPDX-License-Identifier: Apache-2.0
package io.stoker.worker.runtime;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.apache.spark.TaskContext;
import org.apache.spark.util.TaskCompletionListener;
import org.apache.spark.util.TaskFailureListener;

/**
 * Returns the replica of each running task when the task ends, and discards it when the task fails,
 * because its state is unknown then. A task that trains several rounds borrows a replica in each of
 * them, one after the other; its listeners are registered with Spark once.
 */
final class TaskReplicas {
  /** Registers what happens at the end of a task. */
  interface TaskEnd {
    void onFailure(Runnable action);

    void onCompletion(Runnable action);
  }

  /** By the number of the task attempt, the replica that it borrowed last. */
  private final Map<Long, Replica> byTask = new ConcurrentHashMap<>();

  /** Takes over a replica that a task has borrowed, after it has returned the one before. */
  void add(Replica replica, TaskContext context) {
    add(
        replica,
        context.taskAttemptId(),
        new TaskEnd() {
          @Override
          public void onFailure(Runnable action) {
            context.addTaskFailureListener((TaskFailureListener) (task, failure) -> action.run());
          }

          @Override
          public void onCompletion(Runnable action) {
            context.addTaskCompletionListener((TaskCompletionListener) task -> action.run());
          }
        });
  }

  void add(Replica replica, long task, TaskEnd end) {
    if (byTask.put(task, replica) == null) {
      end.onFailure(() -> ifPresent(byTask.get(task), Replica::discard));
      end.onCompletion(() -> ifPresent(byTask.remove(task), Replica::close));
    }
  }

  private static void ifPresent(Replica replica, Consumer<Replica> action) {
    if (replica != null) {
      action.accept(replica);
    }
  }
}
