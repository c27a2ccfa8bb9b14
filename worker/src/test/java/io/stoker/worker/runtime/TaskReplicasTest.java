// SPDX-License-Identifier: Apache-2.0
package io.stoker.worker.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.models.zoo.Zoo;
import io.stoker.worker.IdleNetwork;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TaskReplicasTest {
  private static final long TASK = 7;

  private final List<IdleNetwork> built = new ArrayList<>();
  private final ReplicaKey key = ReplicaKey.of(Zoo.model("perceptron", 10), "idle", 4);
  private final Replicas pool =
      new Replicas(
          wanted -> {
            built.add(new IdleNetwork(wanted.model()));
            return built.get(built.size() - 1);
          });
  private final TaskReplicas tasks = new TaskReplicas();
  private final Listeners listeners = new Listeners();

  /** The listeners of a task, which the test calls as Spark does. */
  private static final class Listeners implements TaskReplicas.TaskEnd {
    private final List<Runnable> failure = new ArrayList<>();
    private final List<Runnable> completion = new ArrayList<>();

    @Override
    public void onFailure(Runnable action) {
      failure.add(action);
    }

    @Override
    public void onCompletion(Runnable action) {
      completion.add(action);
    }
  }

  private Replica borrow() {
    Replica replica = pool.borrowForTraining(key);
    tasks.add(replica, TASK, listeners);
    return replica;
  }

  @Test
  void registersListenersOnceForATaskOfSeveralRounds() {
    for (int round = 0; round < 100; round++) {
      borrow().close();
    }

    assertThat(listeners.failure).hasSize(1);
    assertThat(listeners.completion).hasSize(1);
  }

  @Test
  void returnsTheReplicaOfATaskThatEnds() {
    borrow().close();
    borrow();
    assertThat(pool.idle()).isZero();

    listeners.completion.forEach(Runnable::run);
    assertThat(pool.idle()).isEqualTo(1);
    assertThat(built).hasSize(1);
  }

  @Test
  void discardsTheReplicaOfATaskThatFails() {
    borrow().close();
    borrow();

    listeners.failure.forEach(Runnable::run);
    listeners.completion.forEach(Runnable::run);
    assertThat(pool.idle()).isZero();
    assertThat(built.get(0).isClosed()).isTrue();
  }

  @Test
  void forgetsTasksThatHaveEnded() {
    borrow();
    listeners.completion.forEach(Runnable::run);
    borrow();

    assertThat(listeners.completion).as("registered again").hasSize(2);
  }
}
