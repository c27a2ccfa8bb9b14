// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.driver.averaging.Rendezvous.Arrival;
import io.stoker.driver.averaging.Rendezvous.Places;
import io.stoker.driver.spark.DriverTraffic;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RendezvousTest {
  private static final int STAGE = 7;
  private static final Map<Integer, String> NOTHING = Map.of();

  private final DriverTraffic traffic = new DriverTraffic(true);
  private long nanoTime = 1;
  private int slots = 2;
  private final Rendezvous rendezvous =
      new Rendezvous(
          2,
          () -> slots,
          traffic,
          new Rendezvous.Patience(Duration.ofSeconds(20), Duration.ofSeconds(5)),
          () -> nanoTime);

  @BeforeEach
  void open() {
    rendezvous.open(STAGE, 4);
  }

  private void passSeconds(long seconds) {
    nanoTime += Duration.ofSeconds(seconds).toNanos();
    rendezvous.failStalledStages();
  }

  /** Reports an arrival in the form in which it crosses the wire. */
  private List<Object> report(Arrival arrival) {
    List<Object> answers = new ArrayList<>();
    rendezvous.arrived(Arrival.of(arrival.message()), answers::add);
    return answers;
  }

  private static Arrival arrival(int round, int worker, String place) {
    return new Arrival(STAGE, 1, round, worker, place, 0, NOTHING);
  }

  private static Places told(List<Object> answers) {
    assertThat(answers).hasSize(1);
    return Places.UNKNOWN.updated((Object[]) answers.get(0));
  }

  private static void assertTold(List<Object> answers, String... places) {
    assertThat(told(answers).byWorker()).containsExactly(places);
  }

  @Test
  void answersWhenAllWorkersHaveArrived() {
    List<Object> first = report(arrival(0, 0, "a"));
    assertThat(first).isEmpty();

    List<Object> second = report(arrival(0, 1, "b"));
    assertTold(first, "a", "b");
    assertTold(second, "a", "b");
    assertThat(rendezvous.completed(STAGE, 0)).isPositive();
  }

  @Test
  void doesNotSendPlacesThatTheWorkerKnows() {
    Places known = told(both(0));

    List<Object> again = report(new Arrival(STAGE, 1, 1, 0, "a", known.version(), NOTHING));
    report(arrival(1, 1, "b"));

    Object[] answer = (Object[]) again.get(0);
    assertThat((String[]) answer[1]).isEmpty();
    assertThat(known.updated(answer)).isSameAs(known);
  }

  /** Both arrive in a round; the answer to the second. */
  private List<Object> both(int round) {
    report(arrival(round, 0, "a"));
    return report(arrival(round, 1, "b"));
  }

  /** The strings "Aa" and "BB" have the same hash. */
  @Test
  void sendsPlacesThatDifferEvenIfTheirHashesAreEqual() {
    report(arrival(0, 0, "Aa"));
    Places known = told(report(arrival(0, 1, "b")));

    report(new Arrival(STAGE, 1, 1, 0, "BB", known.version(), Map.of(0, "Aa")));
    List<Object> answer = report(new Arrival(STAGE, 1, 1, 1, "b", known.version(), NOTHING));

    assertThat(known.updated((Object[]) answer.get(0)).byWorker()).containsExactly("BB", "b");
  }

  @Test
  void tellsATaskThatBeginsAgainWhereThePiecesOfOthersAre() {
    both(0);
    List<Object> waiting = report(arrival(1, 0, "a"));

    assertTold(report(arrival(0, 1, "c")), "a", "b");
    assertThat(waiting).isEmpty();
    report(arrival(1, 1, "c"));
    assertTold(waiting, "a", "c");
  }

  @Test
  void waitsForAPieceThatCouldNotBeFetched() {
    both(0);

    List<Object> again = report(new Arrival(STAGE, 1, 0, 0, "a", 0, Map.of(1, "b")));
    assertThat(again).isEmpty();
    report(arrival(0, 1, "c"));
    assertTold(again, "a", "c");
  }

  @Test
  void failsWorkersOfEarlierAttempts() {
    List<Object> earlier = report(arrival(1, 0, "a"));

    List<Object> later = report(new Arrival(STAGE, 2, 0, 1, "b", 0, NOTHING));
    assertThat(earlier).containsExactly(Rendezvous.STRANDED);
    assertTold(later, "a", "b");
    assertThat(report(arrival(0, 0, "a"))).containsExactly(Rendezvous.STRANDED);
  }

  @Test
  void failsWorkersThatWaitTooLongWithoutSlots() {
    List<Object> waiting = report(arrival(0, 0, "a"));
    passSeconds(6);
    assertThat(waiting).as("while there are slots").isEmpty();

    slots = 1;
    passSeconds(0);
    assertThat(waiting).containsExactly(Rendezvous.STRANDED);
    assertThat(report(arrival(0, 1, "b"))).containsExactly(Rendezvous.STRANDED);
  }

  @Test
  void failsWorkersThatWaitTooLongInAnyCase() {
    List<Object> waiting = report(arrival(0, 0, "a"));
    passSeconds(20);
    assertThat(waiting).isEmpty();

    passSeconds(1);
    assertThat(waiting).containsExactly(Rendezvous.STRANDED);
  }

  @Test
  void waitsAsLongAsWorkersArrive() {
    slots = 1;
    passSeconds(4);
    List<Object> waiting = report(arrival(0, 0, "a"));
    passSeconds(4);

    assertThat(waiting).isEmpty();
    report(arrival(0, 1, "b"));
    assertTold(waiting, "a", "b");
  }

  @Test
  void failsWorkersOfAStageThatIsClosed() {
    List<Object> waiting = report(arrival(0, 0, "a"));
    rendezvous.close(STAGE);

    assertThat(waiting).containsExactly(Rendezvous.STRANDED);
    assertThat(report(arrival(0, 1, "b"))).containsExactly(Rendezvous.STRANDED);
  }
}
