// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import io.stoker.driver.averaging.DriverReply.Found;
import io.stoker.driver.averaging.WorkerMessage.Begins;
import io.stoker.driver.averaging.WorkerMessage.Blocks;
import io.stoker.driver.averaging.WorkerMessage.Loaded;
import io.stoker.driver.averaging.WorkerMessage.Sender;
import io.stoker.driver.averaging.WorkerMessage.Stored;
import io.stoker.driver.spark.BlockPlace;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
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
 * <p>An executor that does not deliver a block is lost, with all its blocks. If a task runs there
 * nevertheless, it fails at its next message and begins again. The stage is aborted if workers wait
 * too long, if no executor holds the slices with which a task could begin, or if a task begins
 * again where rounds overlap: what it computes depends on its own values, which are lost.
 */
final class StageState {
  /**
   * What does not change while a stage runs.
   *
   * @param workers how many workers it has
   * @param rounds how many rounds it has, at least 2
   * @param hasOwners whether each slice has one owner; otherwise each worker averages all of them
   * @param overlap whether rounds overlap
   * @param patience how long workers wait for each other
   * @param allowance how much longer, because a task that begins again has to train a round
   */
  record Rules(
      int workers,
      int rounds,
      boolean hasOwners,
      boolean overlap,
      Patience patience,
      Duration allowance) {}

  /**
   * How long workers wait for the others.
   *
   * @param withSlots while the cluster has a slot for each worker
   * @param withoutSlots while it has fewer
   */
  record Patience(Duration withSlots, Duration withoutSlots) {
    static final Patience USUAL = new Patience(Duration.ofSeconds(20), Duration.ofSeconds(10));
  }

  /** For how long a task is silent, beyond the allowance, before a copy of it takes over. */
  private static final Duration SILENCE = Duration.ofSeconds(1);

  /** The answer to the message with a ticket. */
  record Answer(long ticket, int worker, DriverReply reply) {}

  /**
   * The state after an event.
   *
   * @param answers the answers that are sent then; equal places are the same object in all of them
   * @param reports the report that the event's message brought, if the state has accepted it
   */
  record Transition(StageState next, List<Answer> answers, List<TaskReport> reports) {}

  /**
   * Rounds of which an executor holds blocks; {@code from} is above {@code to} if it holds none.
   */
  private record Rounds(int from, int to) {
    static final Rounds NONE = new Rounds(0, -1);

    boolean contains(int round) {
      return from <= round && round <= to;
    }

    Rounds with(int round) {
      return contains(round)
          ? this
          : new Rounds(to == round - 1 && to >= from ? from : round, round);
    }

    Rounds since(int round) {
      return new Rounds(Math.max(from, round), to);
    }
  }

  /**
   * The blocks on an executor: slices with which rounds begin, and by worker pieces and averages.
   */
  private record Held(Rounds starts, Map<Integer, Rounds> pieces, Map<Integer, Rounds> averages) {
    static final Held NOTHING = new Held(Rounds.NONE, Map.of(), Map.of());

    boolean holds(Blocks blocks, int worker, int round) {
      Map<Integer, Rounds> ofWorkers = blocks == Blocks.PIECES ? pieces : averages;
      return ofWorkers.getOrDefault(worker, Rounds.NONE).contains(round);
    }

    Held withStarts(Rounds changed) {
      return new Held(changed, pieces, averages);
    }

    Held withPieces(int worker, Rounds changed) {
      return new Held(starts, with(pieces, worker, changed), averages);
    }

    Held withAverages(int worker, Rounds changed) {
      return new Held(starts, pieces, with(averages, worker, changed));
    }

    private static Map<Integer, Rounds> with(Map<Integer, Rounds> before, int key, Rounds value) {
      Map<Integer, Rounds> after = new HashMap<>(before);
      after.put(key, value);
      return after;
    }
  }

  /**
   * A worker whose task runs, as far as is known.
   *
   * @param sender its task
   * @param round the round that it trains, or whose pieces or averages it has stored last
   * @param hasAveraged whether it has stored its averages after that round
   * @param nanoTime when its last message arrived
   */
  private record Running(Sender sender, int round, boolean hasAveraged, long nanoTime) {
    BlockPlace place() {
      return sender.place();
    }
  }

  /**
   * A copy of a task that runs, which waits for its first round.
   *
   * @param isAlone whether the other task has ended: if it has finished its work, Spark is about to
   *     end the copy, too
   */
  private record Copy(long ticket, Sender sender, boolean isAlone) {}

  /** A worker that waits for blocks of all workers. */
  private record Waiting(long ticket, Stored message) {}

  private final Rules rules;

  /** In the order in which places became known. */
  private final Map<BlockPlace, Held> held;

  private final Map<Integer, Running> running;
  private final Set<Integer> begun;
  private final List<Waiting> waiting;
  private final List<Copy> copies;

  /** The executors whose workers move to other ones, which have slots for them. */
  private Set<String> moving;

  /** The places that workers were told last. */
  private Found found;

  private long attempt;
  private long lastArrival;

  /** When the last event happened that has a time. */
  private long now;

  private int completed;
  private boolean ended;
  private Optional<String> aborted;

  private StageState(Rules rules) {
    this.rules = rules;
    this.held = new LinkedHashMap<>();
    this.running = new HashMap<>();
    this.begun = new HashSet<>();
    this.waiting = new ArrayList<>();
    this.copies = new ArrayList<>();
    this.moving = Set.of();
    this.found = Found.NONE;
    this.aborted = Optional.empty();
  }

  private StageState(StageState before) {
    this.rules = before.rules;
    this.held = new LinkedHashMap<>(before.held);
    this.running = new HashMap<>(before.running);
    this.begun = new HashSet<>(before.begun);
    this.waiting = new ArrayList<>(before.waiting);
    this.copies = new ArrayList<>(before.copies);
    this.moving = before.moving;
    this.found = before.found;
    this.attempt = before.attempt;
    this.lastArrival = before.lastArrival;
    this.now = before.now;
    this.completed = before.completed;
    this.ended = before.ended;
    this.aborted = before.aborted;
  }

  /** A stage none of whose workers has begun. */
  static StageState opened(Rules rules, long nanoTime) {
    StageState opened = new StageState(rules);
    opened.lastArrival = nanoTime;
    return opened;
  }

  /** How many rounds have been complete: all workers had stored their pieces. */
  int completed() {
    return completed;
  }

  /** Why the stage is given up; empty while it is not. */
  Optional<String> aborted() {
    return aborted;
  }

  /** Spark's number of the task that does a worker's work; empty if none has begun. */
  Optional<Long> task(int worker) {
    return Optional.ofNullable(running.get(worker)).map(each -> each.sender().task());
  }

  /** The executors of the workers. */
  Set<String> executors() {
    return running.values().stream()
        .map(each -> each.place().executor())
        .collect(Collectors.toSet());
  }

  /** Spark's numbers of the copies that wait, and of the tasks whose copies they are. */
  Set<Long> tasks() {
    return copies.stream()
        .map(Copy::sender)
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
        tooLong(now - lastArrival, time).ifPresent(this::abort);
        timePasses(time);
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
        refuse(waits -> true, "Spark has begun its stage again");
        replaceCopies(copy -> true, "Spark has begun its stage again");
      } else if (isCopy) {
        copies.add(new Copy(ticket, sender, false));
        return;
      }
      lastArrival = now;
      if (message instanceof Begins || isRunning(sender)) { // Others look for deleted blocks.
        message.lost().forEach(this::forget);
      }
      if (aborted.isPresent()) {
        answer(ticket, sender, new DriverReply.Aborted(aborted.get()));
      } else if (message instanceof Begins) {
        begins(ticket, sender);
      } else if (!isRunning(sender) || ended) {
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
          waiting.add(new Waiting(ticket, stored));
        }
      }
      answerAll();
    }

    private boolean isRunning(Sender sender) {
      Running known = running.get(sender.worker());
      return known != null && known.sender().equals(sender);
    }

    /**
     * Ends the task of a worker whose executor leaves the cluster, when the others have what they
     * need of it. Spark starts it on another executor, and it begins with the same round.
     */
    private boolean moves(long ticket, Sender sender) {
      boolean moves = moving.contains(sender.place().executor());
      if (moves) {
        running.remove(sender.worker());
        answer(ticket, sender, new DriverReply.Replaced("its executor leaves the cluster"));
      }
      return moves;
    }

    private DriverReply notRunning(Sender sender) {
      return running.containsKey(sender.worker()) && !ended
          ? new DriverReply.Replaced("another task does its worker's work")
          : new DriverReply.Aborted("its executor was taken for lost, or its stage has ended");
    }

    /**
     * Has copies take over workers whose tasks are lost or silent, and workers move from executors
     * that leave the cluster.
     */
    private void timePasses(StageEvent.TimePasses time) {
      // Without slots elsewhere a worker stays: Spark ends an executor after its tasks.
      boolean mayMove = !overlap() && time.slots().orElse(0) >= rules.workers();
      moving = mayMove ? time.leaving() : Set.of();
      replaceCopies(copy -> !time.tasks().contains(copy.sender().task()), "its task has ended");
      for (Copy copy : List.copyOf(copies)) {
        if (aborted.isPresent()) {
          return;
        }
        Running other = running.get(copy.sender().worker());
        boolean isAlone = other == null || !time.tasks().contains(other.sender().task());
        if (copy.isAlone() || (!isAlone && isSilent(other))) {
          copies.remove(copy);
          lastArrival = now;
          begins(copy.ticket(), copy.sender());
        } else if (isAlone) {
          copies.set(copies.indexOf(copy), new Copy(copy.ticket(), copy.sender(), true));
        }
      }
      // The slots of the other copies may be those that workers lack.
      if (time.slots().isPresent() && time.slots().getAsInt() < rules.workers() + copies.size()) {
        replaceCopies(copy -> true, "its slot is needed");
      }
      answerAll();
    }

    private boolean isSilent(Running task) {
      return !overlap()
          && waiting.stream().noneMatch(each -> each.message().sender().equals(task.sender()))
          && now - task.nanoTime() > rules.allowance().plus(SILENCE).toNanos();
    }

    private void replaceCopies(Predicate<Copy> which, String reason) {
      for (Copy each : List.copyOf(copies)) {
        if (which.test(each)) {
          copies.remove(each);
          answer(each.ticket(), each.sender(), new DriverReply.Replaced(reason));
        }
      }
    }

    /** Forgets all blocks of an executor, and fails the tasks that are thought to run there. */
    private void forget(BlockPlace place) {
      held.remove(place);
      running.values().removeIf(each -> each.place().equals(place));
      refuse(
          waits -> waits.message().sender().place().equals(place),
          "its executor did not deliver a block");
      if (overlap() && !ended) {
        abort("an executor was lost while rounds overlap");
      }
    }

    private boolean overlap() {
      return rules.overlap();
    }

    private void begins(long ticket, Sender sender) {
      int worker = sender.worker();
      running.remove(worker);
      remove(
          waits -> waits.message().sender().worker() == worker,
          new DriverReply.Replaced("its task has begun again"));
      if (overlap() && begun.contains(worker)) {
        abort("worker " + worker + " began again while rounds overlap");
      }
      Optional<DriverReply.BeginAt> beginning = beginning(sender.place());
      if (beginning.isEmpty()) {
        abort("no executor holds the slices with which worker " + worker + " could begin again");
      }
      if (aborted.isPresent()) {
        answer(ticket, sender, new DriverReply.Aborted(aborted.get()));
        return;
      }
      begun.add(worker);
      running.put(worker, new Running(sender, beginning.get().round(), false, now));
      answer(ticket, sender, beginning.get());
    }

    /**
     * Where a task begins.
     *
     * @param here its executor, which is preferred
     */
    private Optional<DriverReply.BeginAt> beginning(BlockPlace here) {
      int round = firstRound();
      Predicate<Held> holds = each -> each.starts().contains(round);
      if (holds.test(held.getOrDefault(here, Held.NOTHING)) || (round == 0 && !ended)) {
        return Optional.of(new DriverReply.BeginAt(round, here, ended));
      }
      return place(holds).map(holder -> new DriverReply.BeginAt(round, holder, ended));
    }

    private int firstRound() {
      int latest = held.values().stream().mapToInt(each -> each.starts().to()).max().orElse(0);
      int ofOthers =
          rules.hasOwners()
              ? running.values().stream().mapToInt(Running::round).max().orElse(0)
              : running.values().stream().mapToInt(Running::round).min().orElse(latest);
      return Math.max(0, rules.hasOwners() ? Math.max(latest, ofOthers) : ofOthers);
    }

    /**
     * A worker has loaded the slices of a round.
     *
     * @return whether it may delete its pieces of the round before; a worker that has begun again
     *     with that round needs them
     */
    private boolean loaded(Sender sender, int round) {
      BlockPlace place = sender.place();
      running.put(sender.worker(), new Running(sender, round, false, now));
      Held here = held.getOrDefault(place, Held.NOTHING);
      here = here.withStarts(here.starts().with(round));
      boolean deletes =
          rules.hasOwners()
              && running.values().stream()
                  .allMatch(each -> each.round() >= round || each.hasAveraged());
      if (deletes) {
        here = here.withPieces(sender.worker(), Rounds.NONE);
      }
      held.put(place, here);
      return deletes;
    }

    private void stored(Stored message) {
      BlockPlace place = message.sender().place();
      int worker = message.sender().worker();
      int round = message.round();
      boolean hasAveraged = message.blocks() == Blocks.AVERAGES;
      running.put(worker, new Running(message.sender(), round, hasAveraged, now));
      Held here = held.getOrDefault(place, Held.NOTHING);
      if (message.blocks() == Blocks.PIECES) {
        Rounds pieces = here.pieces().getOrDefault(worker, Rounds.NONE);
        here = here.withStarts(here.starts().with(round)).withPieces(worker, pieces.with(round));
      } else {
        here = here.withAverages(worker, new Rounds(round, round));
      }
      held.put(place, here);
    }

    /** Answers the workers for which all is stored that they wait for. */
    private void answerAll() {
      record Wanted(Blocks blocks, int round) {}
      // Each is computed once for all workers: a thousand of them may wait for the same blocks.
      Map<Wanted, Optional<Found>> places = new HashMap<>();
      Map<Integer, Boolean> hasNextRound = new HashMap<>();
      for (Waiting each : List.copyOf(waiting)) {
        Wanted wanted = new Wanted(each.message().blocks(), each.message().round());
        Optional<Found> all =
            places.computeIfAbsent(
                wanted, key -> places(key.blocks(), key.round()).map(this::numbered));
        if (all.isPresent()) {
          waiting.remove(each);
          found(each, all.get());
        } else if (rules.hasOwners()
            && wanted.blocks() == Blocks.PIECES
            && hasNextRound.computeIfAbsent(wanted.round(), of -> allAverages(of).isPresent())) {
          refuse(each::equals, "the others are in the next round");
        }
      }
    }

    /** These places with the version that workers know, or a new one if they are others. */
    private Found numbered(List<BlockPlace> places) {
      if (!places.equals(found.byWorker())) {
        found = new Found(found.version() + 1, places);
      }
      return found;
    }

    /** The place of each worker's blocks; empty while some of them are missing. */
    private Optional<List<BlockPlace>> places(Blocks blocks, int round) {
      boolean ofPieces = blocks == Blocks.PIECES;
      if (ofPieces && running.values().stream().anyMatch(each -> each.round() < round)) {
        return Optional.empty(); // It has begun again, and still needs blocks of an earlier round.
      }
      Optional<BlockPlace> allAverages = ofPieces ? Optional.empty() : allAverages(round);
      List<BlockPlace> places = new ArrayList<>();
      for (int of = 0; of < rules.workers(); of++) {
        Optional<BlockPlace> place = placeOf(blocks, of, round).or(() -> allAverages);
        if (place.isEmpty()) {
          return Optional.empty();
        }
        places.add(place.get());
      }
      return Optional.of(places);
    }

    private Optional<BlockPlace> allAverages(int round) {
      return place(each -> each.starts().contains(round + 1));
    }

    private Optional<BlockPlace> placeOf(Blocks blocks, int worker, int round) {
      return Optional.ofNullable(running.get(worker))
          .map(Running::place)
          .filter(now -> held.getOrDefault(now, Held.NOTHING).holds(blocks, worker, round))
          .or(() -> place(each -> each.holds(blocks, worker, round)));
    }

    private Optional<BlockPlace> place(Predicate<Held> condition) {
      return held.entrySet().stream()
          .filter(each -> condition.test(each.getValue()))
          .map(Map.Entry::getKey)
          .findFirst();
    }

    private void found(Waiting waits, Found places) {
      Stored message = waits.message();
      if (message.blocks() == Blocks.PIECES) {
        completed = Math.max(completed, message.round() + 1);
        deletesEarlier(message.sender(), message.round());
      }
      answer(waits.ticket(), message.sender(), places.shortened(message.knownPlaces()));
    }

    /** A worker deletes what no worker needs when all pieces of a round are stored. */
    private void deletesEarlier(Sender sender, int round) {
      Held here = held.get(sender.place());
      here = here.withStarts(here.starts().since(round));
      Rounds pieces = here.pieces().getOrDefault(sender.worker(), Rounds.NONE);
      held.put(sender.place(), here.withPieces(sender.worker(), pieces.since(round)));
    }

    /** Why the stage must not wait any longer; empty if it may. */
    private Optional<String> tooLong(long idleNanos, StageEvent.TimePasses time) {
      if (ended || aborted.isPresent()) {
        return Optional.empty();
      }
      Duration idle = Duration.ofNanos(idleNanos);
      Duration beyond = idle.minus(rules.allowance());
      long onLeaving =
          running.values().stream()
              .filter(each -> time.leaving().contains(each.place().executor()))
              .count();
      long slots = time.slots().orElse(rules.workers()) + onLeaving;
      boolean lacksSlots = slots < rules.workers();
      boolean noneCanRun = slots == 0;
      Duration withoutSlots = rules.patience().withoutSlots();
      // Where rounds overlap, a worker that has lost its slot cannot go on.
      if ((lacksSlots && overlap() && idle.compareTo(withoutSlots) > 0)
          || (lacksSlots
              && (noneCanRun || !waiting.isEmpty())
              && beyond.compareTo(withoutSlots) > 0)
          || (!waiting.isEmpty() && beyond.compareTo(rules.patience().withSlots()) > 0)) {
        return Optional.of(
            String.format(
                Locale.ROOT,
                "%d of %d workers have waited %d s for the others",
                waiting.size(),
                rules.workers(),
                idle.toSeconds()));
      }
      return Optional.empty();
    }

    private void end() {
      ended = true;
      int last = rules.rounds() - 1;
      held.values().removeIf(each -> !each.starts().contains(last));
      held.replaceAll((place, each) -> Held.NOTHING.withStarts(new Rounds(last, last)));
      refuse(waits -> true, "its stage has ended");
      replaceCopies(copy -> true, "its stage has ended");
    }

    private void abort(String reason) {
      if (aborted.isEmpty()) {
        aborted = Optional.of(reason);
      }
      refuse(waits -> true, aborted.get());
      replaceCopies(copy -> true, aborted.get());
    }

    private void refuse(Predicate<Waiting> which, String reason) {
      remove(which, new DriverReply.Aborted(reason));
    }

    private void remove(Predicate<Waiting> which, DriverReply reply) {
      for (Waiting each : List.copyOf(waiting)) {
        if (which.test(each)) {
          waiting.remove(each);
          answer(each.ticket(), each.message().sender(), reply);
        }
      }
    }

    private void answer(long ticket, Sender to, DriverReply reply) {
      answers.add(new Answer(ticket, to.worker(), reply));
    }
  }
}
