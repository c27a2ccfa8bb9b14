package io.stoker.driver.averaging;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.driver.LocalSpark;
import io.stoker.driver.averaging.Rendezvous.Arrival;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.rpc.RpcAddress;
import org.apache.spark.rpc.RpcCallContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RendezvousTest {
  private static final int STRETCH = 7;
  private static final Map<Integer, String> NOTHING = Map.of();

  private JavaSparkContext spark;
  private Rendezvous rendezvous;
  private int slots = 2;

  @BeforeEach
  void open() {
    spark = LocalSpark.start("local[1]");
    rendezvous = new Rendezvous(spark.sc().env().rpcEnv(), 2, () -> slots, new DriverTraffic(true));
    rendezvous.open(STRETCH, 4);
  }

  @AfterEach
  void close() {
    rendezvous.close();
    spark.close();
  }

  /** What a worker was answered. */
  private static final class Answers implements RpcCallContext {
    private final List<Object> given = new CopyOnWriteArrayList<>();

    @Override
    public void reply(Object response) {
      given.add(response);
    }

    @Override
    public void sendFailure(Throwable failure) {
      throw new AssertionError(failure);
    }

    @Override
    public RpcAddress senderAddress() {
      throw new AssertionError();
    }
  }

  private Answers say(Arrival arrival) {
    Answers answers = new Answers();
    rendezvous.receiveAndReply(answers).apply(arrival.message());
    return answers;
  }

  private static Arrival arrival(int round, int worker, String place) {
    return new Arrival(STRETCH, 1, round, worker, place, 0, NOTHING);
  }

  private static void assertTold(Answers answers, String... places) {
    assertThat(answers.given).hasSize(1);
    assertThat((String[]) answers.given.get(0)).containsExactly(places);
  }

  @Test
  void answersWhenAllAreThere() {
    Answers first = say(arrival(0, 0, "a"));
    assertThat(first.given).isEmpty();

    Answers second = say(arrival(0, 1, "b"));
    assertTold(first, "a", "b");
    assertTold(second, "a", "b");
    assertThat(rendezvous.completed(STRETCH, 0)).isPositive();
  }

  @Test
  void doesNotRepeatWhatIsKnown() {
    say(arrival(0, 0, "a"));
    say(arrival(0, 1, "b"));

    int known = Arrays.hashCode(new String[] {"a", "b"});
    Answers first = say(new Arrival(STRETCH, 1, 1, 0, "a", known, NOTHING));
    say(arrival(1, 1, "b"));
    assertTold(first);
  }

  @Test
  void tellsOneThatBeginsAgainWhereTheOthersPiecesAre() {
    say(arrival(0, 0, "a"));
    say(arrival(0, 1, "b"));
    Answers waiting = say(arrival(1, 0, "a"));

    assertTold(say(arrival(0, 1, "c")), "a", "b");
    assertThat(waiting.given).isEmpty();
    say(arrival(1, 1, "c"));
    assertTold(waiting, "a", "c");
  }

  @Test
  void waitsForAPieceThatCouldNotBeHad() {
    say(arrival(0, 0, "a"));
    say(arrival(0, 1, "b"));

    Answers again = say(new Arrival(STRETCH, 1, 0, 0, "a", 0, Map.of(1, "b")));
    assertThat(again.given).isEmpty();
    say(arrival(0, 1, "c"));
    assertTold(again, "a", "c");
  }

  @Test
  void sendsEarlierAttemptsAway() {
    Answers earlier = say(arrival(1, 0, "a"));

    Answers later = say(new Arrival(STRETCH, 2, 0, 1, "b", 0, NOTHING));
    assertThat(earlier.given).containsExactly(Rendezvous.STRANDED);
    assertTold(later, "a", "b");
    assertThat(say(arrival(0, 0, "a")).given).containsExactly(Rendezvous.STRANDED);
  }

  @Test
  void tellsThoseWhoWaitTooLong() throws InterruptedException {
    slots = 1;
    Answers waiting = say(arrival(0, 0, "a"));

    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (waiting.given.isEmpty() && System.nanoTime() < end) {
      TimeUnit.MILLISECONDS.sleep(50);
    }
    assertThat(waiting.given).containsExactly(Rendezvous.STRANDED);
    assertThat(say(arrival(0, 1, "b")).given).containsExactly(Rendezvous.STRANDED);
  }

  @Test
  void doesNotKnowAStageThatIsForgotten() {
    Answers waiting = say(arrival(0, 0, "a"));
    rendezvous.forget(STRETCH);

    assertThat(waiting.given).containsExactly(Rendezvous.STRANDED);
    assertThat(say(arrival(0, 1, "b")).given).containsExactly(Rendezvous.STRANDED);
  }
}
