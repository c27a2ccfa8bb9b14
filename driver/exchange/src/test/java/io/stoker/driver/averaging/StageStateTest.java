// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.driver.averaging.DriverReply.Aborted;
import io.stoker.driver.averaging.DriverReply.BeginAt;
import io.stoker.driver.averaging.DriverReply.Found;
import io.stoker.driver.averaging.DriverReply.Replaced;
import io.stoker.driver.averaging.StageRules.Patience;
import io.stoker.driver.averaging.StageState.Answer;
import io.stoker.driver.averaging.WorkerMessage.Begins;
import io.stoker.driver.averaging.WorkerMessage.Blocks;
import io.stoker.driver.averaging.WorkerMessage.Loaded;
import io.stoker.driver.averaging.WorkerMessage.Sender;
import io.stoker.driver.averaging.WorkerMessage.Stored;
import io.stoker.driver.spark.BlockAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the driver decides in single situations; {@link StageInterleavingsTest} has the others. */
class StageStateTest {
  private static final BlockAddress A = new BlockAddress("a", "host", 1);
  private static final BlockAddress B = new BlockAddress("b", "host", 2);
  private static final BlockAddress C = new BlockAddress("c", "host", 3);

  private StageState state = opened(true, false);
  private long seconds;

  private static StageState opened(boolean hasOwners, boolean overlap) {
    Patience patience = new Patience(Duration.ofSeconds(20), Duration.ofSeconds(5));
    return StageState.opened(
        new StageRules(2, 4, hasOwners, overlap, patience, Duration.ofSeconds(2), Optional.empty()),
        0);
  }

  private static StageState withQuorumOfOne() {
    StageRules.Quorum quorum = new StageRules.Quorum(1, Set.of(), Duration.ofSeconds(8));
    Patience patience = new Patience(Duration.ofSeconds(20), Duration.ofSeconds(5));
    return StageState.opened(
        new StageRules(2, 9, true, false, patience, Duration.ofSeconds(2), Optional.of(quorum)), 0);
  }

  private List<DriverReply> graceEnds(long more) {
    seconds += more;
    return on(new StageEvent.GracePasses(Duration.ofSeconds(seconds).toNanos()));
  }

  /** Worker 0 ends a round alone, in ten seconds, and begins the next one. */
  private void endsAlone(int round) {
    seconds += 8;
    stored(Blocks.PIECES, round, 0, A);
    assertThat(graceEnds(2)).hasOnlyElementsOfType(Found.class);
    stored(Blocks.AVERAGES, round, 0, A);
    arrives(new Loaded(sender(0, A), round + 1));
  }

  /** If it joined the round that is under way, it would be late by the same time in each round. */
  @Test
  void aLateWorkerJoinsTheRoundThatBeginsNext() {
    state = withQuorumOfOne();
    begins(0, A);
    begins(1, B);
    endsAlone(0);
    seconds += 5;
    assertThat(stored(Blocks.PIECES, 0, 1, B)).containsExactly(new DriverReply.Late());
    assertThat(begins(1, B)).as("in the midst of round 1").isEmpty();
    seconds += 3;
    stored(Blocks.PIECES, 1, 0, A);
    assertThat(graceEnds(2)).hasOnlyElementsOfType(Found.class).hasSize(1);
    stored(Blocks.AVERAGES, 1, 0, A);

    assertThat(arrives(new Loaded(sender(0, A), 2)))
        .containsExactlyInAnyOrder(new BeginAt(2, A, false), new DriverReply.Noted(true));
    assertThat(state.absent(1)).containsExactly(1);
  }

  @Test
  void aLateWorkerBeginsAtOnceWhereTheOthersHaveJustBegunOrDoNotEndTheirRound() {
    state = withQuorumOfOne();
    begins(0, A);
    begins(1, B);
    endsAlone(0);
    seconds += 1;
    assertThat(stored(Blocks.PIECES, 0, 1, B)).containsExactly(new DriverReply.Late());
    assertThat(begins(1, B)).containsExactly(new BeginAt(1, A, false));
    endsAlone(1);
    seconds += 4;
    assertThat(stored(Blocks.PIECES, 1, 1, B)).containsExactly(new DriverReply.Late());
    assertThat(begins(1, B)).isEmpty();

    assertThat(graceEnds(3)).isEmpty();
    assertThat(graceEnds(10)).containsExactly(new BeginAt(2, A, false));
  }

  private List<DriverReply> on(StageEvent event) {
    StageState.Transition change = state.on(event);
    state = change.next();
    return change.answers().stream().map(Answer::reply).toList();
  }

  private List<DriverReply> arrives(WorkerMessage message) {
    return arrives(message, false);
  }

  private List<DriverReply> arrives(WorkerMessage message, boolean isCopy) {
    long now = Duration.ofSeconds(seconds).toNanos();
    return on(new StageEvent.Arrives(seconds, message, isCopy, now));
  }

  private List<DriverReply> passes(long more, int slots, Long... tasks) {
    seconds += more;
    long now = Duration.ofSeconds(seconds).toNanos();
    return on(new StageEvent.TimePasses(now, OptionalInt.of(slots), Set.of(tasks), Set.of()));
  }

  private List<DriverReply> leaves(BlockAddress address, int slots) {
    long now = Duration.ofSeconds(seconds).toNanos();
    Set<String> leaving = Set.of(address.executor());
    return on(new StageEvent.TimePasses(now, OptionalInt.of(slots), Set.of(), leaving));
  }

  private static Sender sender(int worker, BlockAddress address) {
    return new Sender(1, 1, worker, task(worker, address), address);
  }

  /** Each executor has one task of a worker. */
  private static long task(int worker, BlockAddress address) {
    return 10L * worker + address.port();
  }

  private List<DriverReply> begins(int worker, BlockAddress address, BlockAddress... lost) {
    return arrives(new Begins(sender(worker, address), List.of(lost)));
  }

  private List<DriverReply> stored(
      Blocks blocks, int round, int worker, BlockAddress address, BlockAddress... lost) {
    return arrives(
        new Stored(sender(worker, address), blocks, round, 0, List.of(lost), Optional.empty()));
  }

  /** Both workers have stored their pieces of some rounds. */
  private void piecesOf(int rounds) {
    begins(0, A);
    begins(1, B);
    for (int round = 0; round < rounds; round++) {
      stored(Blocks.PIECES, round, 0, A);
      stored(Blocks.PIECES, round, 1, B);
    }
  }

  private static boolean areAborted(List<DriverReply> replies) {
    return !replies.isEmpty() && replies.stream().allMatch(each -> each instanceof Aborted);
  }

  @Test
  void workersAreAnsweredWhenAllHaveStoredTheirPieces() {
    begins(0, A);
    begins(1, B);
    assertThat(stored(Blocks.PIECES, 0, 0, A)).isEmpty();
    Found found = new Found(1, List.of(A, B));

    assertThat(stored(Blocks.PIECES, 0, 1, B)).containsExactly(found, found);
    assertThat(state.completed()).isOne();
  }

  @Test
  void aWorkerThatKnowsThePlacesIsNotToldThemAgain() {
    piecesOf(1);
    Stored knows = new Stored(sender(0, A), Blocks.PIECES, 1, 1, List.of(), Optional.empty());
    arrives(knows);

    assertThat(stored(Blocks.PIECES, 1, 1, B))
        .containsExactly(new Found(1, List.of()), new Found(1, List.of(A, B)));
  }

  @Test
  void aTaskThatBeginsAgainBeginsWithTheLatestRoundThatAnExecutorHolds() {
    piecesOf(2);
    assertThat(begins(1, C)).containsExactly(new BeginAt(1, A, false));

    arrives(new Loaded(sender(0, A), 2));
    assertThat(begins(1, C)).containsExactly(new BeginAt(2, A, false));
    assertThat(begins(1, A)).containsExactly(new BeginAt(2, A, false));
  }

  @Test
  void aTaskBeginsWithTheRoundOfTheLastWorkerWhereEachAveragesForItself() {
    state = opened(false, false);
    piecesOf(1);
    stored(Blocks.PIECES, 1, 0, A);

    assertThat(begins(0, C)).containsExactly(new Replaced("its task has begun again"), begin(0, C));
  }

  private static BeginAt begin(int round, BlockAddress holder) {
    return new BeginAt(round, holder, false);
  }

  @Test
  void aTaskDoesNotBeginWithSlicesThatAreLost() {
    piecesOf(1);
    arrives(new Loaded(sender(0, A), 1));

    assertThat(begins(1, C)).containsExactly(begin(1, A));
    assertThat(begins(1, C, A)).containsExactly(begin(0, C));
  }

  @Test
  void averagesOfALostOwnerAreTakenFromAWorkerThatHoldsAllOfThem() {
    piecesOf(1);
    stored(Blocks.AVERAGES, 0, 0, A);
    stored(Blocks.AVERAGES, 0, 1, B);
    arrives(new Loaded(sender(1, B), 1));

    stored(Blocks.AVERAGES, 0, 1, B, A);
    assertThat(begins(0, C)).containsExactly(begin(1, B));
  }

  @Test
  void workersOfAnEarlierAttemptLeaveTheStage() {
    begins(0, A);
    assertThat(stored(Blocks.PIECES, 0, 0, A)).isEmpty();

    List<DriverReply> replies = arrives(new Begins(new Sender(1, 2, 1, 99, B), List.of()));
    assertThat(replies.get(0)).isInstanceOf(Aborted.class);
    assertThat(replies.get(1)).isEqualTo(begin(0, B));
    assertThat(areAborted(begins(0, A))).isTrue();
  }

  @Test
  void workersWaitAsLongAsThereAreSlotsAndSomeTimeWithout() {
    begins(0, A);
    stored(Blocks.PIECES, 0, 0, A);
    assertThat(passes(8, 2)).isEmpty();
    assertThat(areAborted(passes(0, 1))).isTrue();
    assertThat(areAborted(begins(1, B))).isTrue();
  }

  @Test
  void workersWaitForSomeTimeInAnyCase() {
    begins(0, A);
    stored(Blocks.PIECES, 0, 0, A);
    assertThat(passes(22, 2)).isEmpty();
    assertThat(areAborted(passes(1, 2))).isTrue();
  }

  @Test
  void aStageWithoutExecutorsIsAborted() {
    begins(0, A);
    passes(8, 1);
    assertThat(state.aborted()).as("a task may still compute").isEmpty();
    passes(1, 0);
    assertThat(state.aborted()).isPresent();
  }

  @Test
  void aLostSlotAbortsAStageWhoseRoundsOverlap() {
    state = opened(true, true);
    begins(0, A);
    begins(1, B);
    passes(5, 1);
    assertThat(state.aborted()).isEmpty();
    passes(1, 1);
    assertThat(state.aborted()).isPresent();
  }

  @Test
  void aWorkerThatBeginsAgainAbortsAStageWhoseRoundsOverlap() {
    state = opened(true, true);
    piecesOf(1);
    stored(Blocks.PIECES, 1, 0, A);

    List<DriverReply> replies = begins(1, C);
    assertThat(replies).hasSize(2);
    assertThat(areAborted(replies)).isTrue();
  }

  private List<DriverReply> copies(int worker, BlockAddress address) {
    return arrives(new Begins(sender(worker, address), List.of()), true);
  }

  @Test
  void aCopyOfATaskThatRunsWaitsAndDisturbsNobody() {
    piecesOf(1);
    assertThat(copies(1, C)).isEmpty();
    assertThat(state.tasks()).containsExactlyInAnyOrder(task(1, B), task(1, C));
    assertThat(passes(1, 3, task(1, B), task(1, C))).isEmpty();

    stored(Blocks.PIECES, 1, 0, A);
    Found found = new Found(1, List.of(A, B));
    assertThat(stored(Blocks.PIECES, 1, 1, B)).containsExactly(found, found);
    assertThat(on(new StageEvent.Ends())).containsExactly(new Replaced("its stage has ended"));
  }

  @Test
  void aCopyTakesOverWhereTheOtherTaskIsLost() {
    piecesOf(2);
    copies(1, C);

    assertThat(passes(1, 3, task(1, C))).as("Spark may be about to end the copy").isEmpty();
    assertThat(passes(1, 3, task(1, C))).containsExactly(begin(1, A));
  }

  @Test
  void aCopyOfATaskThatHasFinishedIsForgotten() {
    piecesOf(2);
    copies(1, C);

    passes(1, 3, task(1, C));
    assertThat(passes(1, 3)).containsExactly(new Replaced("its task has ended"));
    assertThat(state.tasks()).isEmpty();
  }

  @Test
  void aCopyTakesOverFromATaskThatIsSilent() {
    piecesOf(2);
    arrives(new Loaded(sender(0, A), 1));
    arrives(new Loaded(sender(1, B), 1));
    copies(1, C);
    assertThat(passes(3, 3, task(1, B), task(1, C))).isEmpty();

    assertThat(passes(1, 3, task(1, B), task(1, C))).containsExactly(begin(1, A));
    assertThat(stored(Blocks.PIECES, 1, 1, B)).hasOnlyElementsOfType(Replaced.class).hasSize(1);
  }

  @Test
  void aTaskThatWaitsForOthersIsNotSilent() {
    piecesOf(1);
    stored(Blocks.PIECES, 1, 1, B);
    copies(1, C);

    assertThat(passes(9, 3, task(1, B), task(1, C))).isEmpty();
  }

  @Test
  void aWorkerMovesFromAnExecutorThatLeavesWhenItsRoundIsOver() {
    piecesOf(1);
    leaves(B, 2);
    stored(Blocks.AVERAGES, 0, 0, A);
    assertThat(stored(Blocks.AVERAGES, 0, 1, B)).hasOnlyElementsOfType(Found.class).hasSize(2);

    assertThat(arrives(new Loaded(sender(1, B), 1)))
        .containsExactly(new Replaced("its executor leaves the cluster"));
    assertThat(begins(1, C)).containsExactly(begin(1, B));
  }

  @Test
  void aWorkerOfOneSliceMovesWhenItsPiecesAreStored() {
    state = opened(false, false);
    begins(0, A);
    begins(1, B);
    leaves(B, 2);
    stored(Blocks.PIECES, 0, 0, A);

    assertThat(stored(Blocks.PIECES, 0, 1, B))
        .containsExactly(
            new Replaced("its executor leaves the cluster"), new Found(1, List.of(A, B)));
    assertThat(begins(1, C)).containsExactly(begin(0, C));
  }

  @Test
  void aWorkerStaysWhereNoOtherExecutorHasASlot() {
    piecesOf(1);
    leaves(B, 1);
    stored(Blocks.AVERAGES, 0, 0, A);
    stored(Blocks.AVERAGES, 0, 1, B);

    assertThat(arrives(new Loaded(sender(1, B), 1))).hasOnlyElementsOfType(DriverReply.Noted.class);
    stored(Blocks.PIECES, 1, 0, A);
    seconds += 9;
    assertThat(leaves(B, 1)).isEmpty();
  }

  @Test
  void aCopyLeavesWhereItsSlotIsNeeded() {
    piecesOf(1);
    copies(1, C);

    assertThat(passes(1, 2, task(1, B), task(1, C)))
        .containsExactly(new Replaced("its slot is needed"));
  }

  @Test
  void aCopyWaitsWhereRoundsOverlapUntilTheOtherTaskIsLost() {
    state = opened(true, true);
    piecesOf(1);
    copies(1, C);
    assertThat(passes(9, 3, task(1, B), task(1, C))).isEmpty();
    assertThat(state.aborted()).isEmpty();

    passes(1, 3, task(1, C));
    assertThat(areAborted(passes(1, 3, task(1, C)))).isTrue();
  }

  @Test
  void afterTheEndATaskBeginsWithTheLastRoundOrLeaves() {
    piecesOf(3);
    arrives(new Loaded(sender(0, A), 3));
    on(new StageEvent.Ends());

    assertThat(begins(1, C)).containsExactly(new BeginAt(3, A, true));
    assertThat(areAborted(begins(1, C, A))).isTrue();
  }

  @Test
  void aCancelledStageAnswersAllWorkers() {
    begins(0, A);
    stored(Blocks.PIECES, 0, 0, A);

    assertThat(on(new StageEvent.Cancelled("closed"))).containsExactly(new Aborted("closed"));
    assertThat(stored(Blocks.PIECES, 0, 1, B)).containsExactly(new Aborted("closed"));
  }

  @Test
  void aTransitionLeavesTheStateBeforeAsItWas() {
    begins(0, A);
    StageState before = state;
    stored(Blocks.PIECES, 0, 0, A);
    on(new StageEvent.Cancelled("closed"));

    assertThat(before.aborted()).isEmpty();
    assertThat(Stream.of(before, state).map(StageState::completed)).containsOnly(0);
  }
}
