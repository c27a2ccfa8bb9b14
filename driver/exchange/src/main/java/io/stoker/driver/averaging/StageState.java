// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import io.stoker.driver.averaging.DriverReply.BeginAt;
import io.stoker.driver.averaging.DriverReply.Found;
import io.stoker.driver.averaging.RunningTasks.Running;
import io.stoker.driver.averaging.TaskCopies.Copy;
import io.stoker.driver.averaging.WorkerMessage.Begins;
import io.stoker.driver.averaging.WorkerMessage.Blocks;
import io.stoker.driver.averaging.WorkerMessage.Loaded;
import io.stoker.driver.averaging.WorkerMessage.Sender;
import io.stoker.driver.averaging.WorkerMessage.Stored;
import io.stoker.driver.spark.BlockAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What the driver knows of a multi-round stage: which blocks its workers have stored on which
 * executors, and which workers wait for blocks of the others. It is a value: {@link #on} returns
 * the state after an event and the answers to workers, and changes nothing.
 *
 * <p>What a worker computes is a function of the job, so Spark may run its task again, on this or
 * another executor. Such a task begins with a round whose slices an executor holds, and of which
 * the other workers still need pieces or have none:
 *
 * <ul>
 *   <li>Where each slice has an owner, a worker loads a round only when all averages of the round
 *       before are stored. So the task begins with the latest round that an executor holds.
 *   <li>Where each worker averages the one slice for itself, a worker may be a round behind the
 *       others, and still need their pieces. So the task begins with the round of the last worker.
 * </ul>
 *
 * <p>With speculation Spark may start a copy of a task that still runs. The copy waits. It takes
 * over the worker if the other task is lost, or if that task is silent for longer than a round
 * takes; then the other task ends at its next message.
 *
 * <p>With a {@link StageRules.Quorum} a round may end without some workers, see {@link
 * RoundMembers}. A worker that is late learns that at its next message, and begins again with the
 * next round of the others; what it says of lost executors does not count, because others have
 * deleted what it looked for.
 *
 * <p>An executor that does not deliver a block is lost, with all its blocks. If a task runs there
 * nevertheless, it fails at its next message and begins again. The stage is aborted if workers wait
 * too long, if no executor holds the slices with which a task could begin, or if a task begins
 * again where rounds overlap: what it computes depends on its own values, which are lost.
 */
final class StageState {
  /** The answer to the message with a ticket. */
  record Answer(long ticket, int worker, DriverReply reply) {}

  /**
   * The state after an event.
   *
   * @param answers the answers that are sent then; equal addresses are the same object in all of
   *     them
   * @param reports the report that the event's message brought, if the state has accepted it
   */
  record Transition(StageState next, List<Answer> answers, List<TaskReport> reports) {}

  private final StageRules rules;
  private final HeldBlocks held;
  private final RunningTasks running;
  private final Set<Integer> begun;
  private final WaitingWorkers waiting;
  private final TaskCopies copies;
  private final RoundMembers members;
  private final LateWorkers late;

  /** The executors whose workers move to other ones, which have slots for them. */
  private Set<String> moving;

  private long attempt;
  private long lastArrival;

  /** When the last event happened that has a time. */
  private long now;

  private int completed;
  private boolean ended;
  private Optional<String> aborted;

  private StageState(StageRules rules, long nanoTime) {
    this.rules = rules;
    this.held = HeldBlocks.none();
    this.running = RunningTasks.none();
    this.begun = new HashSet<>();
    this.waiting = WaitingWorkers.none(rules);
    this.copies = new TaskCopies(List.of());
    this.members = RoundMembers.opened(rules, nanoTime);
    this.late = LateWorkers.none();
    this.moving = Set.of();
    this.aborted = Optional.empty();
  }

  private StageState(StageState before) {
    this.rules = before.rules;
    this.held = before.held.copy();
    this.running = before.running.copy();
    this.begun = new HashSet<>(before.begun);
    this.waiting = before.waiting.copy();
    this.copies = before.copies.copy();
    this.members = before.members.copy();
    this.late = before.late.copy();
    this.moving = before.moving;
    this.attempt = before.attempt;
    this.lastArrival = before.lastArrival;
    this.now = before.now;
    this.completed = before.completed;
    this.ended = before.ended;
    this.aborted = before.aborted;
  }

  /** A stage none of whose workers has begun. */
  static StageState opened(StageRules rules, long nanoTime) {
    StageState opened = new StageState(rules, nanoTime);
    opened.lastArrival = nanoTime;
    return opened;
  }

  /** How many rounds have been complete: all workers had stored their pieces. */
  int completed() {
    return completed;
  }

  /** The workers that do not take part in a round, as far as that is known. */
  List<Integer> absent(int round) {
    return members.absent(round);
  }

  /** Spark's numbers of the tasks that train although the stage has no work left for them. */
  Set<Long> surplus() {
    return running.tasks(members::isAbsentAtTheEnd);
  }

  /** Why the stage is given up; empty while it is not. */
  Optional<String> aborted() {
    return aborted;
  }

  /** Spark's number of the task that does a worker's work; empty if none has begun. */
  Optional<Long> task(int worker) {
    return running.of(worker).map(Running::sender).or(() -> late.task(worker)).map(Sender::task);
  }

  /** The executors of the workers. */
  Set<String> executors() {
    return running.executors();
  }

  /** Spark's numbers of the copies that wait, and of the tasks whose copies they are. */
  Set<Long> tasks() {
    return copies
        .senders()
        .flatMap(copy -> Stream.concat(Stream.of(copy.task()), task(copy.worker()).stream()))
        .collect(Collectors.toSet());
  }

  /** The state after an event, and the answers to workers. */
  Transition on(StageEvent event) {
    StageState next = new StageState(this);
    Step step = next.new Step();
    step.take(event);
    return new Transition(next, List.copyOf(step.answers), List.copyOf(step.reports));
  }

  /** Makes a copy of a state the one after an event. */
  private final class Step {
    private final List<Answer> answers = new ArrayList<>();
    private final List<TaskReport> reports = new ArrayList<>();

    void take(StageEvent event) {
      if (event instanceof StageEvent.Arrives arrival) {
        now = arrival.nanoTime();
        arrives(arrival.ticket(), arrival.message(), arrival.isCopy());
      } else if (event instanceof StageEvent.TimePasses time) {
        now = time.nanoTime();
        tooLong(time).ifPresent(this::abort);
        timePasses(time);
      } else if (event instanceof StageEvent.GracePasses grace) {
        now = grace.nanoTime();
        answerAll();
      } else if (event instanceof StageEvent.Ends) {
        end();
      } else if (event instanceof StageEvent.Cancelled cancelled) {
        abort(cancelled.reason());
      }
    }

    private void arrives(long ticket, WorkerMessage message, boolean isCopy) {
      Sender sender = message.sender();
      if (aborted.isPresent() || sender.attempt() < attempt) {
        String reason = aborted.orElse("Spark has begun its stage again");
        answer(ticket, sender, new DriverReply.Aborted(reason));
        return;
      }
      if (sender.attempt() > attempt) { // Earlier attempts hold slots that this one may need.
        attempt = sender.attempt();
        running.clear();
        late.clear();
        refuse(sent -> true, "Spark has begun its stage again");
        replaceCopies(copy -> true, "Spark has begun its stage again");
      } else if (isCopy) {
        copies.add(ticket, sender);
        return;
      }
      lastArrival = now;
      if (isLate(message)) {
        if (!(message instanceof Begins)) {
          late(ticket, sender);
          answerAll();
          return;
        }
      } else if (message instanceof Begins
          || running.is(sender)) { // Others look for deleted blocks.
        message.lost().forEach(this::forget);
      }
      if (aborted.isPresent()) {
        answer(ticket, sender, new DriverReply.Aborted(aborted.get()));
      } else if (message instanceof Begins) {
        begins(ticket, sender);
      } else if (!running.is(sender) || ended) {
        answer(ticket, sender, notRunning(sender));
      } else if (message instanceof Loaded loaded) {
        boolean deletesPieces = loaded(sender, loaded.round());
        if (!moves(ticket, sender)) {
          answer(ticket, sender, new DriverReply.Noted(deletesPieces));
        }
      } else {
        Stored stored = (Stored) message;
        stored(stored);
        stored.report().ifPresent(reports::add);
        if (rules.hasOwners() || !moves(ticket, sender)) {
          waiting.add(ticket, stored);
        }
      }
      answerAll();
    }

    /** Whether a message is about a round of which others have deleted what its sender needs. */
    private boolean isLate(WorkerMessage message) {
      Sender sender = message.sender();
      return !ended
          && running.is(sender)
          && (members.isLate(sender.worker(), running.round(message)) || isAveraged(message));
    }

    /** Whether a worker wants to average the pieces of a round, and others have done it. */
    private boolean isAveraged(WorkerMessage message) {
      return members.isOn()
          && message instanceof Stored stored
          && stored.blocks() == Blocks.PIECES
          && held.ofAverages(stored.round()).isPresent();
    }

    /**
     * Ends the task of a worker whose executor leaves the cluster, when the others have what they
     * need of it. Spark starts it on another executor, and it begins with the same round.
     */
    private boolean moves(long ticket, Sender sender) {
      boolean moves = moving.contains(sender.address().executor());
      if (moves) {
        running.remove(sender.worker());
        answer(ticket, sender, new DriverReply.Replaced("its executor leaves the cluster"));
      }
      return moves;
    }

    private DriverReply notRunning(Sender sender) {
      return running.of(sender.worker()).isPresent() && !ended
          ? new DriverReply.Replaced("another task does its worker's work")
          : new DriverReply.Aborted("its executor was taken for lost, or its stage has ended");
    }

    /**
     * Has copies take over workers whose tasks are lost or silent, and workers move from executors
     * that leave the cluster.
     */
    private void timePasses(StageEvent.TimePasses time) {
      // Without slots elsewhere a worker stays: Spark ends an executor after its tasks.
      boolean mayMove = !rules.overlap() && time.slots().orElse(0) >= rules.workers();
      moving = mayMove ? time.leaving() : Set.of();
      replaceCopies(copy -> !time.tasks().contains(copy.sender().task()), "its task has ended");
      for (Copy copy : copies.all()) {
        if (aborted.isPresent()) {
          return;
        }
        int worker = copy.sender().worker();
        Optional<Long> other = task(worker).filter(time.tasks()::contains);
        if (copy.isAlone()
            || (other.isPresent() && running.of(worker).filter(this::isSilent).isPresent())) {
          copies.remove(copy);
          lastArrival = now;
          begins(copy.ticket(), copy.sender());
        } else if (other.isEmpty()) {
          copies.leaveAlone(copy);
        }
      }
      // The slots of the other copies may be those that workers lack.
      if (time.slots().isPresent()
          && time.slots().getAsInt() < rules.workers() + copies.all().size()) {
        replaceCopies(copy -> true, "its slot is needed");
      }
      answerAll();
    }

    private boolean isSilent(Running task) {
      return rules.isSilent(now - task.nanoTime()) && !waiting.contains(task.sender());
    }

    private void replaceCopies(Predicate<Copy> which, String reason) {
      copies
          .removeIf(which)
          .forEach(each -> answer(each.ticket(), each.sender(), new DriverReply.Replaced(reason)));
    }

    /** Forgets all blocks of an executor, and fails the tasks that are thought to run there. */
    private void forget(BlockAddress address) {
      held.lose(address);
      running.endAt(address);
      refuse(sent -> sent.address().equals(address), "its executor did not deliver a block");
      if (rules.overlap() && !ended) {
        abort("an executor was lost while rounds overlap");
      }
    }

    private void begins(long ticket, Sender sender) {
      int worker = sender.worker();
      boolean wasLate = late.task(worker).isPresent();
      running.remove(worker);
      late.remove(worker);
      removeAll(
          sent -> sent.worker() == worker, new DriverReply.Replaced("its task has begun again"));
      if (rules.overlap() && begun.contains(worker)) {
        abort("worker " + worker + " began again while rounds overlap");
      }
      if (aborted.isEmpty() && members.isAbsentAtTheEnd(worker)) { // It needs no slices.
        answer(ticket, sender, new BeginAt(rules.rounds() - 1, sender.address(), ended, true));
        return;
      }
      Optional<BeginAt> beginning =
          beginning(sender.address()).filter(at -> !members.isOver(at.round()));
      if (aborted.isEmpty()
          && beginning
              .filter(
                  at ->
                      members.isLate(worker, at.round())
                          || (wasLate && members.isUnderWay(at.round(), now)))
              .isPresent()) {
        late.joins(ticket, sender);
        return;
      }
      if (beginning.isEmpty()) {
        abort("no executor holds the slices with which worker " + worker + " could begin again");
      }
      if (aborted.isPresent()) {
        answer(ticket, sender, new DriverReply.Aborted(aborted.get()));
        return;
      }
      begun.add(worker);
      running.put(sender, beginning.get().round(), false, now);
      if (members.isOn()) { // A late worker deletes what it has of earlier rounds.
        held.deletesEarlier(sender.address(), worker, beginning.get().round() - 1);
      }
      answer(ticket, sender, beginning.get());
    }

    /**
     * Where a task begins.
     *
     * @param here its executor, which is preferred
     */
    private Optional<BeginAt> beginning(BlockAddress here) {
      int round = firstRound();
      return Optional.of(here)
          .filter(address -> held.holdsStart(address, round) || (round == 0 && !ended))
          .or(() -> held.ofStart(round))
          .map(holder -> new BeginAt(round, holder, ended));
    }

    private int firstRound() {
      int latest = held.latestStart();
      return Math.max(
          0,
          rules.hasOwners()
              ? Math.max(latest, running.latestRound())
              : running.earliestRound().orElse(latest));
    }

    /**
     * A worker has loaded the slices of a round.
     *
     * @return whether it may delete its pieces of the round before; a worker that has begun again
     *     with that round needs them
     */
    private boolean loaded(Sender sender, int round) {
      BlockAddress address = sender.address();
      running.put(sender, round, false, now);
      held.loaded(address, round);
      boolean deletes =
          rules.hasOwners()
              && running.all().stream()
                  .allMatch(
                      each ->
                          each.round() >= round
                              || each.hasAveraged()
                              || members.isLate(each.sender().worker(), each.round()));
      if (deletes) {
        held.deletesPieces(address, sender.worker());
      }
      return deletes;
    }

    private void stored(Stored message) {
      boolean hasAveraged = message.blocks() == Blocks.AVERAGES;
      running.put(message.sender(), message.round(), hasAveraged, now);
      held.stored(message);
    }

    /** Ends a round if it is time, and answers the workers that have waited for that. */
    private void answerAll() {
      if (members.isOn()) {
        members.delivered(waiting.delivered(members.open()), now);
        waiting
            .removeIf(each -> members.isLate(each.sender().worker(), each.message().round()))
            .forEach(each -> late(each.ticket(), each.sender()));
      }
      for (WaitingWorkers.Served each : waiting.serve(held, running, members)) {
        long ticket = each.worker().ticket();
        Sender sender = each.worker().sender();
        if (each.addresses().isPresent()) {
          found(ticket, each.worker().message(), each.addresses().get());
        } else if (members.isOn()) {
          late(ticket, sender);
        } else {
          answer(ticket, sender, new DriverReply.Aborted("the others are in the next round"));
        }
      }
      late.removeJoining(sent -> true).forEach(this::begins);
    }

    private void late(long ticket, Sender sender) {
      running.remove(sender.worker());
      late.add(sender);
      answer(ticket, sender, new DriverReply.Late());
    }

    private void found(long ticket, Stored message, Found addresses) {
      if (message.blocks() == Blocks.PIECES) {
        completed = Math.max(completed, message.round() + 1);
        // A worker deletes what no worker needs when all pieces of a round are stored.
        Sender sender = message.sender();
        held.deletesEarlier(sender.address(), sender.worker(), message.round());
      }
      answer(ticket, message.sender(), addresses.shortened(message.knownAddresses()));
    }

    private Optional<String> tooLong(StageEvent.TimePasses time) {
      if (ended || aborted.isPresent()) {
        return Optional.empty();
      }
      long onLeaving = running.on(time.leaving());
      long slots = time.slots().orElse(rules.workers()) + onLeaving;
      return rules.tooLong(now - lastArrival, waiting.count() + late.joining(), slots);
    }

    private void end() {
      ended = true;
      held.keepOnlyStarts(rules.rounds() - 1);
      refuse(sent -> true, "its stage has ended");
      replaceCopies(copy -> true, "its stage has ended");
    }

    private void abort(String reason) {
      if (aborted.isEmpty()) {
        aborted = Optional.of(reason);
      }
      refuse(sent -> true, aborted.get());
      replaceCopies(copy -> true, aborted.get());
    }

    private void refuse(Predicate<Sender> which, String reason) {
      removeAll(which, new DriverReply.Aborted(reason));
    }

    private void removeAll(Predicate<Sender> which, DriverReply reply) {
      waiting
          .removeIf(each -> which.test(each.sender()))
          .forEach(each -> answer(each.ticket(), each.sender(), reply));
      late.removeJoining(which).forEach((ticket, sender) -> answer(ticket, sender, reply));
    }

    private void answer(long ticket, Sender to, DriverReply reply) {
      answers.add(new Answer(ticket, to.worker(), reply));
    }
  }
}
