// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.driver.averaging.DriverReply.Aborted;
import io.stoker.driver.averaging.DriverReply.Found;
import io.stoker.driver.averaging.WorkerMessage.Begins;
import io.stoker.driver.averaging.WorkerMessage.Blocks;
import io.stoker.driver.averaging.WorkerMessage.Loaded;
import io.stoker.driver.averaging.WorkerMessage.Sender;
import io.stoker.driver.averaging.WorkerMessage.Stored;
import io.stoker.driver.spark.BlockAddress;
import io.stoker.driver.spark.DriverEndpoint;
import io.stoker.driver.spark.MessageCodec;
import io.stoker.driver.spark.RunningTasks;
import io.stoker.driver.spark.SparkFailures;
import io.stoker.worker.sgd.Measure;
import io.stoker.worker.sgd.Measurements;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What lies between the network and the state of a stage. */
class RendezvousTest {
  private static final int STAGE = 7;

  private long seconds = 1;
  private int slots = 2;
  private final Set<Long> runningTasks = new HashSet<>();
  private final Set<Long> ended = new HashSet<>();
  private final Rendezvous rendezvous =
      new Rendezvous(
          () -> {
            if (slots < 0) {
              throw new IllegalStateException("the context was stopped");
            }
            return slots;
          },
          () -> Duration.ofSeconds(seconds).toNanos(),
          new RunningTasks() {
            @Override
            public boolean contain(long task) {
              return runningTasks.contains(task);
            }

            @Override
            public boolean containCopy(long task) {
              return false;
            }

            @Override
            public void end(long task, String reason) {
              ended.add(task);
            }

            @Override
            public boolean areLeaving(String executor) {
              return false;
            }
          });

  private void open() {
    open(Optional.empty());
  }

  private void open(Optional<StageRules.Quorum> quorum) {
    Duration allowance = Duration.ofSeconds(1);
    rendezvous.open(
        STAGE, new StageRules(2, 3, true, false, StageRules.Patience.USUAL, allowance, quorum));
    for (int worker = 0; worker < 2; worker++) {
      send(new Begins(sender(worker), List.of()));
    }
  }

  private static Sender sender(int worker) {
    return new Sender(STAGE, 1, worker, worker, new BlockAddress("e" + worker, "host", 1));
  }

  private static Stored pieces(int worker, Optional<TaskReport> report) {
    return new Stored(sender(worker), Blocks.PIECES, 0, 0, List.of(), report);
  }

  private static Stored stored(Blocks blocks, int round) {
    return new Stored(sender(0), blocks, round, 0, List.of(), Optional.empty());
  }

  private List<DriverReply> send(WorkerMessage message) {
    List<DriverReply> replies = new ArrayList<>();
    rendezvous.receive(
        MessageCodec.encode(WorkerMessage.class, message),
        answer -> replies.add(MessageCodec.decode(DriverReply.class, answer)));
    return replies;
  }

  private static Measurements measured(Measure measure, double value) {
    return new Measurements().add(measure, value);
  }

  @Test
  void aCopyWaitsWhileSparkRunsTheOtherTaskOfItsWorker() {
    open();
    Sender copy = new Sender(STAGE, 1, 1, 9, new BlockAddress("e9", "host", 1));
    slots = 3;
    runningTasks.addAll(Set.of(1L, 9L));
    List<DriverReply> replies = send(new Begins(copy, List.of()));
    rendezvous.timePasses();
    assertThat(replies).isEmpty();

    runningTasks.remove(1L);
    rendezvous.timePasses();
    rendezvous.timePasses();
    assertThat(replies).hasOnlyElementsOfType(DriverReply.BeginAt.class).hasSize(1);
  }

  @Test
  void keepsReportsAndTheTimeOfEachRound() {
    open();
    TaskReport report =
        new TaskReport(
            0,
            List.of(new WorkerReport(1, measured(Measure.LOSS_SUM, Double.NaN))),
            List.of(new SliceReport(3, measured(Measure.MOVED_BYTES, 1L << 41))));
    send(pieces(0, Optional.of(report)));
    seconds = 5;
    assertThat(rendezvous.completed(STAGE, 0)).isZero();
    send(pieces(1, Optional.empty()));

    assertThat(rendezvous.reports(STAGE)).containsExactly(report);
    assertThat(rendezvous.completed(STAGE, 0)).isEqualTo(Duration.ofSeconds(5).toNanos());
  }

  @Test
  void answersTheOthersIfOneWorkerCannotBeReachedAndAbortsTheStage() {
    open();
    DriverEndpoint.Reply gone =
        answer -> SparkFailures.rethrow(new IOException("checked, and not declared by Scala"));
    rendezvous.receive(MessageCodec.encode(WorkerMessage.class, pieces(0, Optional.empty())), gone);

    assertThat(send(pieces(1, Optional.empty()))).hasOnlyElementsOfType(Found.class);
    assertThat(rendezvous.abortedFor(STAGE)).isPresent();
    assertThat(rendezvous.failure()).isEmpty();
  }

  @Test
  void reportsOfMessagesThatAreRefusedAreNotKept() {
    open();
    rendezvous.receive(
        MessageCodec.encode(
            WorkerMessage.class,
            new Stored(
                new Sender(STAGE, 1, 0, 99, new BlockAddress("lost", "host", 1)),
                Blocks.PIECES,
                0,
                0,
                List.of(),
                Optional.of(new TaskReport(0, List.of(), List.of())))),
        answer -> {});

    assertThat(rendezvous.reports(STAGE)).isEmpty();
  }

  @Test
  void tasksOfWorkersThatAreAbsentAtTheEndAreEndedOnce() {
    open(Optional.of(new StageRules.Quorum(1, Set.of(), Duration.ofSeconds(4))));
    for (int round = 0; round < 2; round++) {
      assertThat(ended).isEmpty();
      seconds += 4;
      List<DriverReply> replies = send(stored(Blocks.PIECES, round));
      rendezvous.gracePasses();
      assertThat(replies).as("within the grace time").isEmpty();
      seconds += 10;
      rendezvous.gracePasses();
      assertThat(replies).hasOnlyElementsOfType(Found.class).hasSize(1);
      send(stored(Blocks.AVERAGES, round));
      send(new Loaded(sender(0), round + 1));
    }
    rendezvous.gracePasses();

    assertThat(rendezvous.absent(STAGE, 1)).containsExactly(1);
    assertThat(rendezvous.absent(STAGE, 2)).containsExactly(1);
    assertThat(ended).containsExactly(sender(1).task());
  }

  @Test
  void workersOfAStageThatIsClosedLeaveIt() {
    open();
    List<DriverReply> waiting = send(pieces(0, Optional.empty()));
    rendezvous.close(STAGE);

    assertThat(waiting).hasOnlyElementsOfType(Aborted.class);
    assertThat(send(pieces(1, Optional.empty()))).hasOnlyElementsOfType(Aborted.class);
    assertThat(rendezvous.reports(STAGE)).isEmpty();
  }

  @Test
  void workersThatWaitTooLongLeaveTheirStageAlsoIfSlotsAreNotKnown() {
    open();
    List<DriverReply> waiting = send(pieces(0, Optional.empty()));
    slots = -1;
    seconds = 15;
    rendezvous.timePasses();
    assertThat(waiting).isEmpty();
    seconds = 30;
    rendezvous.timePasses();

    assertThat(waiting).hasOnlyElementsOfType(Aborted.class);
    assertThat(rendezvous.abortedFor(STAGE)).contains(Duration.ZERO);
    assertThat(rendezvous.failure()).isEmpty();
  }

  @Test
  void anExceptionOfTheTimerAnswersAllWorkersAndEndsTheJob() {
    open();
    List<DriverReply> waiting = send(pieces(0, Optional.empty()));
    rendezvous.fail(new IllegalStateException("a bug"));

    assertThat(waiting).hasOnlyElementsOfType(Aborted.class);
    assertThat(rendezvous.failure().orElseThrow())
        .hasMessage(
            "The exchange between workers failed on the driver: java.lang.IllegalStateException: a"
                + " bug");
  }

  @Test
  void aFailureWithALongMessageAnswersAllWorkers() {
    open();
    List<DriverReply> waiting = send(pieces(0, Optional.empty()));
    rendezvous.fail(new IllegalStateException("ä".repeat(100_000)));

    assertThat(waiting).hasOnlyElementsOfType(Aborted.class);
  }

  @Test
  void aMessageThatCannotBeReadAnswersAllWorkersAndEndsTheJob() {
    open();
    List<DriverReply> waiting = send(pieces(0, Optional.empty()));
    List<byte[]> answers = new ArrayList<>();
    rendezvous.receive(new byte[] {0}, answers::add);

    assertThat(answers).hasSize(1);
    assertThat(waiting).hasOnlyElementsOfType(Aborted.class);
    assertThat(rendezvous.failure()).isPresent();
  }
}
