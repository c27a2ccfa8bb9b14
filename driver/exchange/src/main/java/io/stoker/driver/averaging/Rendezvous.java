// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.stoker.base.PeriodicTask;
import io.stoker.driver.averaging.StageState.Answer;
import io.stoker.driver.spark.DriverEndpoint;
import io.stoker.driver.spark.DriverTraffic;
import io.stoker.driver.spark.MessageCodec;
import io.stoker.driver.spark.RunningTasks;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.UUID;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where the workers of multi-round stages wait for each other, on the driver. It receives their
 * messages over Spark's network, has the {@link StageState} of their stage decide, and sends the
 * answers. Pieces and slices do not pass through it. It has the only lock and the only timer of the
 * exchange on the driver, and owns both until {@link #close}.
 *
 * <p>An exception in the timer or in a transition aborts all stages, answers each message that
 * waits, and is thrown by the thread that trains, see {@link #failure()}.
 */
final class Rendezvous implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Rendezvous.class);
  private static final Duration CHECK = Duration.ofMillis(500);

  /** How often rounds with a quorum are checked for their end. */
  private static final Duration GRACE_CHECK = Duration.ofMillis(10);

  private final String name = "stoker-rendezvous-" + UUID.randomUUID();
  private final IntSupplier slots;
  private final LongSupplier nanoTime;
  private final RunningTasks tasks;

  /** A stage that is open, with what its state has no use for. */
  private record OpenStage(StageState state, long abortedAt) {}

  @GuardedBy("this") private final Map<Integer, OpenStage> stages = new HashMap<>();

  @GuardedBy("this") private final Map<Integer, List<TaskReport>> reports = new HashMap<>();

  /** By stage, when each of its rounds was complete. */
  @GuardedBy("this") private final Map<Integer, List<Long>> completed = new HashMap<>();

  /** How the messages that wait for an answer are answered, by ticket. */
  @GuardedBy("this") private final Map<Long, DriverEndpoint.Reply> replies = new HashMap<>();

  /** The tasks that were ended because their stage has no work left for them. */
  @GuardedBy("this") private final Set<Long> ended = new HashSet<>();

  @GuardedBy("this") private long tickets;

  @GuardedBy("this") private Optional<Throwable> failure = Optional.empty();

  private AutoCloseable connection = () -> {};

  /**
   * @param slots how many tasks the cluster can run at the same time now
   * @param nanoTime the clock, as {@link System#nanoTime}
   * @param tasks those of the application
   */
  Rendezvous(IntSupplier slots, LongSupplier nanoTime, RunningTasks tasks) {
    this.slots = slots;
    this.nanoTime = nanoTime;
    this.tasks = tasks;
  }

  /**
   * Opens a rendezvous to the tasks of this application, and starts its timer.
   *
   * @param slots how many tasks the cluster can run at the same time now
   * @param tasks those of the application
   * @param traffic where the bytes of messages and answers are counted
   * @param hasQuorum whether rounds may end without some of their workers
   */
  static Rendezvous open(
      IntSupplier slots, RunningTasks tasks, DriverTraffic traffic, boolean hasQuorum) {
    Rendezvous opened = new Rendezvous(slots, System::nanoTime, tasks);
    DriverEndpoint endpoint = new DriverEndpoint(opened.name, traffic, opened::receive);
    PeriodicTask timer =
        PeriodicTask.start("stoker-rendezvous", CHECK, opened::timePasses, opened::fail);
    Optional<PeriodicTask> grace =
        hasQuorum
            ? Optional.of(
                PeriodicTask.start("stoker-quorum", GRACE_CHECK, opened::gracePasses, opened::fail))
            : Optional.empty();
    opened.connection =
        () -> {
          timer.close();
          grace.ifPresent(PeriodicTask::close);
          endpoint.close();
        };
    return opened;
  }

  /** The name by which tasks find it. */
  String name() {
    return name;
  }

  /** Admits the workers of a stage. */
  synchronized void open(int stage, StageRules rules) {
    stages.put(stage, new OpenStage(StageState.opened(rules, nanoTime.getAsLong()), 0));
    reports.put(stage, new ArrayList<>());
    completed.put(stage, new ArrayList<>());
  }

  /** Fails workers that wait in a stage, and those that send messages from now on. */
  synchronized void close(int stage) {
    happens(stage, new StageEvent.Cancelled("its stage is closed"));
    stages.remove(stage);
    reports.remove(stage);
    completed.remove(stage);
  }

  /** Notes that all tasks of a stage have ended, and what they have exchanged is deleted. */
  synchronized void end(int stage) {
    happens(stage, new StageEvent.Ends());
  }

  /**
   * When a round was complete: all workers had stored their pieces.
   *
   * @return as of the clock; 0 if it is not
   */
  synchronized long completed(int stage, int round) {
    List<Long> times = completed.getOrDefault(stage, List.of());
    return round < times.size() ? times.get(round) : 0;
  }

  /** The workers that do not take part in a round of a stage, as far as that is known. */
  synchronized List<Integer> absent(int stage, int round) {
    OpenStage open = stages.get(stage);
    return open == null ? List.of() : open.state().absent(round);
  }

  /** The reports of the rounds that workers have sent so far. */
  synchronized List<TaskReport> reports(int stage) {
    return List.copyOf(reports.getOrDefault(stage, List.of()));
  }

  /** Why a stage is aborted; empty if it is not. */
  synchronized Optional<String> aborted(int stage) {
    return Optional.ofNullable(stages.get(stage)).flatMap(open -> open.state().aborted());
  }

  /** For how long a stage has been aborted; empty if it is not. */
  synchronized Optional<Duration> abortedFor(int stage) {
    OpenStage open = stages.get(stage);
    return open == null || open.state().aborted().isEmpty()
        ? Optional.empty()
        : Optional.of(Duration.ofNanos(nanoTime.getAsLong() - open.abortedAt()));
  }

  /** An exception of the timer or of a transition, which ends the job; empty if all have worked. */
  synchronized Optional<IllegalStateException> failure() {
    return failure.map(
        failed ->
            new IllegalStateException(
                "The exchange between workers failed on the driver: " + failed, failed));
  }

  /** Takes a message of a task. */
  synchronized void receive(byte[] question, DriverEndpoint.Reply reply) {
    long ticket = tickets++;
    replies.put(ticket, reply);
    try {
      WorkerMessage message = MessageCodec.decode(WorkerMessage.class, question);
      WorkerMessage.Sender sender = message.sender();
      int stage = sender.stage();
      if (!stages.containsKey(stage)) {
        DriverReply closed = new DriverReply.Aborted("its stage is closed");
        sendAll(List.of(new Answer(ticket, sender.worker(), closed)));
        return;
      }
      boolean isCopy = message instanceof WorkerMessage.Begins && isCopy(sender);
      happens(stage, new StageEvent.Arrives(ticket, message, isCopy, nanoTime.getAsLong()));
    } catch (Exception | Error e) { // Scala throws checked exceptions that it does not declare.
      fail(e);
    }
  }

  @GuardedBy("this") private boolean isCopy(WorkerMessage.Sender sender) {
    Optional<Long> known = stages.get(sender.stage()).state().task(sender.worker());
    boolean isKnown = known.isPresent() && known.get() == sender.task();
    return !isKnown
        && (tasks.containCopy(sender.task()) || known.filter(tasks::contain).isPresent());
  }

  /** Aborts stages whose workers wait for too long; called regularly. */
  void timePasses() {
    OptionalInt now = slotsNow(); // Asks Spark, which must not keep workers from being answered.
    synchronized (this) {
      for (int stage : List.copyOf(stages.keySet())) {
        StageState state = stages.get(stage).state();
        Set<Long> running =
            state.tasks().stream().filter(tasks::contain).collect(Collectors.toSet());
        Set<String> leaving =
            state.executors().stream().filter(tasks::areLeaving).collect(Collectors.toSet());
        happens(stage, new StageEvent.TimePasses(nanoTime.getAsLong(), now, running, leaving));
      }
    }
  }

  /** Ends rounds whose quorum has waited long enough, and tasks that are not needed any more. */
  void gracePasses() {
    for (long task : endRounds()) { // Spark's lock must not keep workers from being answered.
      tasks.end(task, "its stage goes on without it");
    }
  }

  /** Returns the tasks that are not needed any more, each once. */
  private synchronized List<Long> endRounds() {
    List<Long> surplus = new ArrayList<>();
    for (int stage : List.copyOf(stages.keySet())) {
      happens(stage, new StageEvent.GracePasses(nanoTime.getAsLong()));
      for (long task : stages.get(stage).state().surplus()) {
        if (ended.add(task)) {
          surplus.add(task);
        }
      }
    }
    return surplus;
  }

  /** A cluster that cannot say how many slots it has may have enough. */
  private OptionalInt slotsNow() {
    try {
      return OptionalInt.of(slots.getAsInt());
    } catch (Exception e) { // Scala throws checked exceptions that it does not declare.
      LOG.debug("Cannot find the slots of the cluster", e);
      return OptionalInt.empty();
    }
  }

  /**
   * Aborts all stages because of a failure, which ends the job, and answers each message that waits
   * for an answer: also those whose answer was lost in the failure.
   */
  synchronized void fail(Throwable failed) {
    if (failure.isEmpty()) {
      failure = Optional.of(failed);
    }
    String reason = "the driver failed: " + failed;
    for (int stage : List.copyOf(stages.keySet())) {
      try {
        happens(stage, new StageEvent.Cancelled(reason));
      } catch (Exception | Error e) { // It must not keep the other stages from being aborted.
        LOG.error("Cannot abort stage {}", stage, e);
      }
    }
    byte[] aborted = MessageCodec.encode(DriverReply.class, new DriverReply.Aborted(reason));
    for (long ticket : List.copyOf(replies.keySet())) {
      send(ticket, aborted);
    }
  }

  @GuardedBy("this") private void happens(int stage, StageEvent event) {
    OpenStage open = stages.get(stage);
    if (open == null) {
      return;
    }
    StageState.Transition change = open.state().on(event);
    Optional<String> aborted = change.next().aborted();
    boolean isNew = aborted.isPresent() && open.state().aborted().isEmpty();
    if (isNew && !(event instanceof StageEvent.Cancelled)) {
      LOG.warn("Rounds are trained again: {}", aborted.get());
    }
    long now = nanoTime.getAsLong();
    stages.put(stage, new OpenStage(change.next(), isNew ? now : open.abortedAt()));
    while (completed.get(stage).size() < change.next().completed()) {
      completed.get(stage).add(now);
    }
    reports.get(stage).addAll(change.reports());
    if (!sendAll(change.answers())) {
      happens(stage, new StageEvent.Cancelled("a worker could not be answered"));
    }
  }

  /**
   * Sends answers; if one cannot be sent, the others are sent nevertheless.
   *
   * @return whether all were sent
   */
  @GuardedBy("this") private boolean sendAll(List<Answer> answers) {
    // Most workers get the same object.
    IdentityHashMap<DriverReply, byte[]> encoded = new IdentityHashMap<>();
    boolean all = true;
    for (Answer answer : answers) {
      byte[] reply =
          encoded.computeIfAbsent(
              answer.reply(), key -> MessageCodec.encode(DriverReply.class, key));
      all &= send(answer.ticket(), reply);
    }
    return all;
  }

  /** Answers a message, and returns whether that was possible. */
  @GuardedBy("this") private boolean send(long ticket, byte[] answer) {
    try {
      replies.remove(ticket).send(answer);
      return true;
    } catch (Exception e) { // Scala throws checked exceptions that it does not declare.
      LOG.warn("Cannot answer a worker: {}", e.toString());
      return false;
    }
  }

  @Override
  public void close() {
    try {
      connection.close();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }
}
