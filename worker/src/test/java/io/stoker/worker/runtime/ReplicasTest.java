package io.stoker.worker.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.models.engine.Network;
import io.stoker.models.zoo.Zoo;
import io.stoker.worker.IdleNetwork;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReplicasTest {
  private final List<IdleNetwork> built = new ArrayList<>();
  private final Replicas replicas = new Replicas(this::build);
  private final ReplicaKey key = ReplicaKey.of(Zoo.model("perceptron", 10), "idle", 4);
  private final ReplicaKey other = ReplicaKey.of(Zoo.model("perceptron", 10), "idle", 8);

  private Network build(ReplicaKey wanted) {
    IdleNetwork network = new IdleNetwork(wanted.spec());
    built.add(network);
    return network;
  }

  @Test
  void keepsANetworkForTheNextRound() {
    for (int round = 0; round < 5; round++) {
      replicas.borrow(key).close();
    }

    assertThat(built).hasSize(1);
    assertThat(built.get(0).isClosed()).isFalse();
  }

  @Test
  void neverSharesANetworkBetweenTwoAttempts() {
    try (Replica first = replicas.borrow(key);
        Replica second = replicas.borrow(key)) {
      assertThat(first.network()).isNotSameAs(second.network());
    }
    assertThat(replicas.idle()).isEqualTo(2);
  }

  @Test
  void closesTheNetworksOfAnotherJobBeforeItBuildsItsOwn() {
    replicas.borrow(key).close();
    replicas.borrow(other).close();

    assertThat(built).extracting(IdleNetwork::isClosed).containsExactly(true, false);
    assertThat(replicas.idle()).isEqualTo(1);
  }

  @Test
  void neverHoldsMoreNetworksThanWereBorrowedAtOnce() {
    Replica first = replicas.borrow(key);
    Replica second = replicas.borrow(other);
    first.close();
    replicas.borrow(other).close();
    second.close();

    assertThat(built).extracting(IdleNetwork::isClosed).containsExactly(true, false, false);
  }

  @Test
  void closesANetworkWhoseTaskFailed() {
    Replica failed = replicas.borrow(key);
    failed.discard();
    failed.close();

    assertThat(built.get(0).isClosed()).isTrue();
    assertThat(replicas.idle()).isZero();
  }

  @Test
  void takesANetworkBackOnce() {
    Replica replica = replicas.borrow(key);
    replica.close();
    replica.close();

    assertThat(replicas.idle()).isEqualTo(1);
  }

  @Test
  void countsANetworkThatCannotBeBuiltAsNotBorrowed() {
    Replicas failing =
        new Replicas(
            wanted -> {
              throw new IllegalStateException("no memory");
            });

    assertThatThrownBy(() -> failing.borrow(key)).hasMessage("no memory");
    assertThat(failing.idle()).isZero();
  }

  @Test
  void closesWhatComesBackAfterItsEnd() {
    Replica late = replicas.borrow(key);
    replicas.borrow(key).close();
    replicas.close();
    late.close();

    assertThat(built).allMatch(IdleNetwork::isClosed);
  }
}
