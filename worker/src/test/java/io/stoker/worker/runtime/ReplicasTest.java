// SPDX-License-Identifier: Apache-2.0
package io.stoker.worker.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.models.engine.Network;
import io.stoker.models.engine.RateMultipliers;
import io.stoker.models.zoo.Zoo;
import io.stoker.worker.IdleNetwork;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReplicasTest {
  private final List<IdleNetwork> built = new ArrayList<>();
  private final Replicas replicas = new Replicas(this::build);
  private final ReplicaKey key = ReplicaKey.of(Zoo.model("perceptron", 10), "idle", 4);
  private final ReplicaKey other = ReplicaKey.of(Zoo.model("perceptron", 10), "idle", 8);

  private Network build(ReplicaKey wanted) {
    IdleNetwork network = new IdleNetwork(wanted.model());
    built.add(network);
    return network;
  }

  @Test
  void keepsANetworkForTheNextRound() {
    for (int round = 0; round < 5; round++) {
      replicas.borrowForTraining(key).close();
    }

    assertThat(built).hasSize(1);
    assertThat(built.get(0).isClosed()).isFalse();
  }

  @Test
  void neverSharesANetworkBetweenTwoAttempts() {
    try (Replica first = replicas.borrowForTraining(key);
        Replica second = replicas.borrowForTraining(key)) {
      assertThat(first.network()).isNotSameAs(second.network());
    }
    assertThat(replicas.idle()).isEqualTo(2);
  }

  @Test
  void closesTheNetworksOfAnotherJobBeforeItBuildsItsOwn() {
    replicas.borrowForTraining(key).close();
    replicas.borrowForTraining(other).close();

    assertThat(built).extracting(IdleNetwork::isClosed).containsExactly(true, false);
    assertThat(replicas.idle()).isEqualTo(1);
  }

  @Test
  void neverHoldsMoreNetworksThanWereBorrowedAtOnce() {
    Replica first = replicas.borrowForTraining(key);
    Replica second = replicas.borrowForTraining(other);
    first.close();
    replicas.borrowForTraining(other).close();
    second.close();

    assertThat(built).extracting(IdleNetwork::isClosed).containsExactly(true, false, false);
  }

  @Test
  void closesANetworkWhoseTaskFailed() {
    Replica failed = replicas.borrowForTraining(key);
    failed.discard();
    failed.close();

    assertThat(built.get(0).isClosed()).isTrue();
    assertThat(replicas.idle()).isZero();
  }

  @Test
  void takesANetworkBackOnce() {
    Replica replica = replicas.borrowForTraining(key);
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

    assertThatThrownBy(() -> failing.borrowForTraining(key)).hasMessage("no memory");
    assertThat(failing.idle()).isZero();
  }

  @Test
  void closesWhatComesBackAfterItsEnd() {
    Replica late = replicas.borrowForTraining(key);
    replicas.borrowForTraining(key).close();
    replicas.close();
    late.close();

    assertThat(built).allMatch(IdleNetwork::isClosed);
  }

  @Test
  void closesNetworksThatNoTaskUsesForSomeTime() {
    try (Replica used = replicas.borrowForTraining(key)) {
      replicas.borrowForTraining(key).close();
      replicas.closeUnused(Duration.ofDays(1));
      assertThat(replicas.idle()).isEqualTo(1);

      replicas.closeUnused(Duration.ZERO);

      assertThat(used.network()).isSameAs(built.get(0));
    }
    assertThat(built).extracting(IdleNetwork::isClosed).containsExactly(false, true);
    assertThat(replicas.idle()).isEqualTo(1);
  }

  @Test
  void closesTheNetworksOfOneModel() {
    replicas.borrowForTraining(key).close();

    replicas.closeUnused(Zoo.model("perceptron", 11));
    assertThat(replicas.idle()).isEqualTo(1);
    replicas.closeUnused(key.model());

    assertThat(built).singleElement().matches(IdleNetwork::isClosed);
    assertThat(replicas.idle()).isZero();
  }

  @Test
  void predictsWithANetworkThatWasBuiltForTraining() {
    for (int round = 0; round < 3; round++) {
      replicas.borrowForTraining(withRates(2)).close();
      replicas.borrowForPrediction(key, "a model").close();
    }

    assertThat(built).hasSize(1);
    assertThat(replicas.created()).isEqualTo(1);
  }

  @Test
  void doesNotTrainWithANetworkOfOtherRates() {
    replicas.borrowForTraining(withRates(2)).close();
    replicas.borrowForTraining(key).close();

    assertThat(built).hasSize(2);
  }

  private ReplicaKey withRates(float biases) {
    return new ReplicaKey(key.model(), "idle", 4, RateMultipliers.of(key.model(), 0, biases), "");
  }

  @Test
  void knowsWhichNetworkHoldsTheParametersOfAPrediction() {
    try (Replica first = replicas.borrowForPrediction(key, "a");
        Replica second = replicas.borrowForPrediction(key, "b")) {
      assertThat(first.lacksContents()).isTrue();
      first.contentsLoaded();
      second.contentsLoaded();
    }

    try (Replica again = replicas.borrowForPrediction(key, "a")) {
      assertThat(again.lacksContents()).isFalse();
    }
    try (Replica third = replicas.borrowForPrediction(key, "c")) {
      assertThat(third.lacksContents()).isTrue();
    }
    assertThat(built).hasSize(2);
  }

  @Test
  void doesNotTrustParametersOfAPredictionThatFailedToLoadThem() {
    replicas.borrowForPrediction(key, "a").close();

    try (Replica again = replicas.borrowForPrediction(key, "a")) {
      assertThat(again.lacksContents()).isTrue();
    }
  }

  @Test
  void loadsParametersAgainAfterTraining() {
    try (Replica predicting = replicas.borrowForPrediction(key, "a")) {
      predicting.contentsLoaded();
    }
    replicas.borrowForTraining(key).close();

    try (Replica again = replicas.borrowForPrediction(key, "a")) {
      assertThat(again.lacksContents()).isTrue();
    }
  }

  @Test
  void loadsFrozenParametersOnceUntilAPredictionReplacesThem() {
    ReplicaKey frozen = new ReplicaKey(key.model(), "idle", 4, key.rates(), "x");
    try (Replica training = replicas.borrowForTraining(frozen)) {
      assertThat(training.lacksContents()).isTrue();
      training.contentsLoaded();
    }
    try (Replica training = replicas.borrowForTraining(frozen)) {
      assertThat(training.lacksContents()).isFalse();
    }

    replicas.borrowForPrediction(key, "a").close();
    try (Replica training = replicas.borrowForTraining(frozen)) {
      assertThat(training.lacksContents()).isTrue();
    }
    assertThat(built).hasSize(1);
  }

  @Test
  void lacksNothingWhereNothingIsFrozen() {
    try (Replica training = replicas.borrowForTraining(key)) {
      assertThat(training.lacksContents()).isFalse();
    }
  }
}
