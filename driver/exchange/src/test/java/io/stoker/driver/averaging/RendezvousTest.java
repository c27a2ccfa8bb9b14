// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.driver.averaging.Rendezvous.Arrival;
import io.stoker.driver.averaging.Rendezvous.Beginning;
import io.stoker.driver.averaging.Rendezvous.Phase;
import io.stoker.driver.averaging.Rendezvous.Places;
import io.stoker.driver.spark.DriverMessage;
import io.stoker.worker.sgd.Measure;
import io.stoker.worker.sgd.Measurements;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RendezvousTest {
  private static final int STAGE = 7;
  private static final Map<Integer, String> NOTHING = Map.of();

  private long nanoTime = 1;
  private int slots = 2;
  private final Rendezvous rendezvous =
      new Rendezvous(
          () -> slots,
          new Rendezvous.Patience(Duration.ofSeconds(20), Duration.ofSeconds(5)),
          () -> nanoTime);

  @BeforeEach
  void open() {
    rendezvous.open(STAGE, 2, 4, Duration.ofSeconds(1), false);
  }

  private void passSeconds(long seconds) {
    nanoTime += Duration.ofSeconds(seconds).toNanos();
    rendezvous.failStalledStages();
  }

  /** Reports an arrival in the form in which it crosses the wire. */
  private List<byte[]> report(Arrival arrival) {
    List<byte[]> answers = new ArrayList<>();
    rendezvous.arrived(Arrival.of(arrival.message()), answers::add);
    return answers;
  }

  private static Arrival arrival(int round, int worker, String place) {
    return arrival(Phase.PIECES, round, worker, place);
  }

  private static Arrival arrival(Phase phase, int round, int worker, String place) {
    return arrival(1, phase, round, worker, place, 0, NOTHING);
  }

  private static Arrival arrival(
      long attempt,
      Phase phase,
      int round,
      int worker,
      String place,
      int known,
      Map<Integer, String> lost) {
    return new Arrival(STAGE, attempt, phase, round, worker, place, known, lost, List.of());
  }

  private void assertBegins(Arrival arrival, int round, String place) {
    assertThat(Beginning.of(report(arrival).get(0))).isEqualTo(new Beginning(round, place));
  }

  private static Places told(List<byte[]> answers) {
    assertThat(answers).hasSize(1);
    return Places.UNKNOWN.updated(answers.get(0));
  }

  private static void assertTold(List<byte[]> answers, String... places) {
    assertThat(told(answers).byWorker()).containsExactly(places);
  }

  @Test
  void failsWorkersAlsoIfTheClusterCannotSayHowManySlotsItHas() {
    Rendezvous lost =
        new Rendezvous(
            () -> {
              throw new IllegalStateException("the context was stopped");
            },
            new Rendezvous.Patience(Duration.ofSeconds(20), Duration.ofSeconds(5)),
            () -> nanoTime);
    lost.open(STAGE, 2, 4, Duration.ofSeconds(1), false);
    List<byte[]> answers = new ArrayList<>();
    lost.arrived(arrival(0, 0, "a"), answers::add);

    nanoTime += Duration.ofSeconds(10).toNanos();
    lost.failStalledStages();
    assertThat(answers).isEmpty();
    nanoTime += Duration.ofSeconds(20).toNanos();
    lost.failStalledStages();

    assertThat(answers).containsExactly(Rendezvous.STRANDED);
  }

  @Test
  void answersTheOthersIfOneWorkerCannotBeReached() {
    rendezvous.arrived(
        arrival(0, 0, "a"),
        answer -> {
          throw new IllegalStateException("the executor is gone");
        });

    assertTold(report(arrival(0, 1, "b")), "a", "b");
  }

  @Test
  void answersWhenAllWorkersHaveArrived() {
    List<byte[]> first = report(arrival(0, 0, "a"));
    assertThat(first).isEmpty();

    List<byte[]> second = report(arrival(0, 1, "b"));
    assertTold(first, "a", "b");
    assertTold(second, "a", "b");
    assertThat(rendezvous.completed(STAGE, 0)).isPositive();
  }

  @Test
  void doesNotSendPlacesThatTheWorkerKnows() {
    Places known = told(both(0));

    List<byte[]> again = report(arrival(1, Phase.PIECES, 1, 0, "a", known.version(), NOTHING));
    report(arrival(1, 1, "b"));

    assertThat(DriverMessage.decode(again.get(0)).texts()).isEmpty();
    assertThat(known.updated(again.get(0))).isSameAs(known);
  }

  /** Both arrive in a round; the answer to the second. */
  private List<byte[]> both(int round) {
    report(arrival(round, 0, "a"));
    return report(arrival(round, 1, "b"));
  }

  /** The strings "Aa" and "BB" have the same hash. */
  @Test
  void sendsPlacesThatDifferEvenIfTheirHashesAreEqual() {
    report(arrival(0, 0, "Aa"));
    Places known = told(report(arrival(0, 1, "b")));

    report(arrival(1, Phase.PIECES, 1, 0, "BB", known.version(), Map.of(0, "Aa")));
    List<byte[]> answer = report(arrival(1, Phase.PIECES, 1, 1, "b", known.version(), NOTHING));

    assertThat(known.updated(answer.get(0)).byWorker()).containsExactly("BB", "b");
  }

  @Test
  void tellsATaskThatBeginsAgainWhereThePiecesOfOthersAre() {
    both(0);
    List<byte[]> waiting = report(arrival(1, 0, "a"));

    assertTold(report(arrival(0, 1, "c")), "a", "b");
    assertThat(waiting).isEmpty();
    report(arrival(1, 1, "c"));
    assertTold(waiting, "a", "c");
  }

  @Test
  void waitsForAPieceThatCouldNotBeFetched() {
    both(0);

    List<byte[]> again = report(arrival(1, Phase.PIECES, 0, 0, "a", 0, Map.of(1, "b")));
    assertThat(again).isEmpty();
    report(arrival(0, 1, "c"));
    assertTold(again, "a", "c");
  }

  @Test
  void failsWorkersOfEarlierAttempts() {
    List<byte[]> earlier = report(arrival(1, 0, "a"));

    List<byte[]> later = report(arrival(2, Phase.PIECES, 0, 1, "b", 0, NOTHING));
    assertThat(earlier).containsExactly(Rendezvous.STRANDED);
    assertTold(later, "a", "b");
    assertThat(report(arrival(0, 0, "a"))).containsExactly(Rendezvous.STRANDED);
  }

  @Test
  void failsWorkersThatWaitTooLongWithoutSlots() {
    List<byte[]> waiting = report(arrival(0, 0, "a"));
    passSeconds(8);
    assertThat(waiting).as("while there are slots").isEmpty();

    slots = 1;
    passSeconds(0);
    assertThat(waiting).containsExactly(Rendezvous.STRANDED);
    assertThat(report(arrival(0, 1, "b"))).containsExactly(Rendezvous.STRANDED);
  }

  @Test
  void failsWorkersThatWaitTooLongInAnyCase() {
    List<byte[]> waiting = report(arrival(0, 0, "a"));
    passSeconds(22);
    assertThat(waiting).isEmpty();

    passSeconds(1);
    assertThat(waiting).containsExactly(Rendezvous.STRANDED);
  }

  @Test
  void waitsAsLongAsWorkersArrive() {
    slots = 1;
    passSeconds(4);
    List<byte[]> waiting = report(arrival(0, 0, "a"));
    passSeconds(4);

    assertThat(waiting).isEmpty();
    report(arrival(0, 1, "b"));
    assertTold(waiting, "a", "b");
  }

  @Test
  void failsWorkersOfAStageThatIsClosed() {
    List<byte[]> waiting = report(arrival(0, 0, "a"));
    rendezvous.close(STAGE);

    assertThat(waiting).containsExactly(Rendezvous.STRANDED);
    assertThat(report(arrival(0, 1, "b"))).containsExactly(Rendezvous.STRANDED);
  }

  @Test
  void aTaskBeginsWithTheFirstRoundWhileNoWorkerHasCompletedOne() {
    assertBegins(arrival(Phase.BEGIN, 0, 0, "a"), 0, "a");
    both(0);
    assertBegins(arrival(Phase.BEGIN, 0, 1, "c"), 0, "c");
  }

  /** A worker that has stored its pieces of a round holds the slices with which it began. */
  @Test
  void aTaskThatBeginsAgainBeginsWithTheLatestRoundThatAnExecutorHolds() {
    both(0);
    report(arrival(2, 0, "a"));
    assertBegins(arrival(Phase.BEGIN, 0, 1, "c"), 2, "a");

    report(arrival(Phase.LOADED, 3, 0, "a"));
    assertBegins(arrival(Phase.BEGIN, 0, 1, "c"), 3, "a");
  }

  @Test
  void aTaskThatBeginsAgainPrefersItsOwnExecutor() {
    report(arrival(2, 0, "a"));
    report(arrival(2, 1, "b"));

    assertBegins(arrival(Phase.BEGIN, 0, 1, "b"), 2, "b");
  }

  @Test
  void aTaskThatBeginsAgainDoesNotBeginWithSlicesThatAreLost() {
    report(arrival(1, 0, "a"));
    report(arrival(2, 1, "b"));
    Arrival begin = arrival(1, Phase.BEGIN, 0, 1, "c", 0, Map.of(Rendezvous.ANY_WORKER, "b"));

    assertBegins(begin, 1, "a");
  }

  @Test
  void slicesAreAnsweredWhenAllOwnersHaveAveragedTheirs() {
    both(0);
    List<byte[]> first = report(arrival(Phase.RESULTS, 0, 0, "a"));
    assertThat(first).isEmpty();

    assertTold(report(arrival(Phase.RESULTS, 0, 1, "b")), "a", "b");
    assertTold(first, "a", "b");
  }

  /** The owner is lost, and begins with a later round when it comes again. */
  @Test
  void slicesOfALostOwnerAreTakenFromAWorkerThatHoldsAllOfThem() {
    both(0);
    report(arrival(Phase.RESULTS, 0, 0, "a"));
    report(arrival(Phase.RESULTS, 0, 1, "b"));
    report(arrival(1, 1, "b"));

    Arrival again = arrival(1, Phase.RESULTS, 0, 0, "c", 0, Map.of(0, "a"));
    assertTold(report(again), "c", "b");
    Arrival lost = arrival(1, Phase.PIECES, 1, 0, "c", 0, Map.of(0, "c"));
    report(lost);
    assertTold(report(arrival(Phase.RESULTS, 0, 1, "b")), "c", "b");
  }

  /** Otherwise they would look for pieces that are not there, and wait in vain. */
  @Test
  void workersOfAStageThatIsOverWaitForEachOtherAgain() {
    both(0);
    both(1);
    both(2);
    report(arrival(Phase.LOADED, 3, 0, "a"));
    rendezvous.over(STAGE);

    assertBegins(arrival(Phase.BEGIN, 0, 1, "b"), 3, "a");
    Arrival lost = arrival(2, Phase.BEGIN, 0, 1, "b", 0, Map.of(Rendezvous.ANY_WORKER, "a"));
    assertBegins(lost, 0, "b");
    List<byte[]> first = report(arrival(2, Phase.PIECES, 0, 0, "a", 0, NOTHING));
    assertThat(first).isEmpty();
    report(arrival(2, Phase.PIECES, 0, 1, "b", 0, NOTHING));
    assertTold(first, "a", "b");
  }

  private static Measurements measured(Measure measure, double value) {
    return new Measurements().add(measure, value);
  }

  @Test
  void keepsTheReportsOfRounds() {
    TaskReport report =
        new TaskReport(
            1,
            List.of(new WorkerReport(1, measured(Measure.LOSS_SUM, 2.5))),
            List.of(new SliceReport(3, measured(Measure.MOVED_BYTES, 1L << 41))));
    rendezvous.arrived(
        Arrival.of(
            new Arrival(STAGE, 1, Phase.PIECES, 1, 1, "b", 0, NOTHING, report.numbers()).message()),
        answer -> {});

    assertThat(rendezvous.reports(STAGE)).containsExactly(report);
  }

  /** What it has trained is lost, and the others cannot go on without it. */
  @Test
  void aWorkerThatBeginsAgainFailsAllWorkersOfRoundsThatOverlap() {
    rendezvous.open(STAGE, 2, 4, Duration.ofSeconds(1), true);
    assertBegins(arrival(Phase.BEGIN, 0, 0, "a"), 0, "a");
    assertBegins(arrival(Phase.BEGIN, 0, 1, "b"), 0, "b");
    List<byte[]> waiting = report(arrival(0, 0, "a"));

    assertThat(waiting).isEmpty();
    assertThat(report(arrival(Phase.BEGIN, 0, 1, "c"))).containsExactly(Rendezvous.STRANDED);
    assertThat(waiting).containsExactly(Rendezvous.STRANDED);
    assertThat(report(arrival(Phase.BEGIN, 0, 0, "a"))).containsExactly(Rendezvous.STRANDED);
    assertThat(report(arrival(1, 0, "a"))).containsExactly(Rendezvous.STRANDED);
  }
}
