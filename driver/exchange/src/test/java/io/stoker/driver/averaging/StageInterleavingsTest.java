// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.base.SplitMix64;
import io.stoker.driver.averaging.DriverReply.BeginAt;
import io.stoker.driver.averaging.DriverReply.Found;
import io.stoker.driver.averaging.StageRules.Patience;
import io.stoker.driver.averaging.WorkerMessage.Begins;
import io.stoker.driver.averaging.WorkerMessage.Blocks;
import io.stoker.driver.averaging.WorkerMessage.Loaded;
import io.stoker.driver.averaging.WorkerMessage.Sender;
import io.stoker.driver.averaging.WorkerMessage.Stored;
import io.stoker.driver.slice.SliceOwners;
import io.stoker.driver.spark.BlockAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Workers that exchange slices as {@link SliceExchange} does, on executors that are maps of blocks,
 * in random interleavings: tasks and executors die at any moment, messages are late, Spark begins
 * the stage again, and the driver gives up. With a quorum, workers are late for one round or many.
 * Then all is quiet, and the workers must come to the end.
 */
@Tag("slow")
class StageInterleavingsTest {
  /**
   * Runs of each of four kinds of stage, 102,000 in all; {@code -Dstoker.interleavings=N} makes
   * more.
   */
  private static final int RUNS = Integer.getInteger("stoker.interleavings", 25_500);

  /** Those with a quorum take several times as long. */
  private static final int RUNS_WITH_QUORUM = RUNS / 5;

  private static final long SECOND = Duration.ofSeconds(1).toNanos();

  /**
   * @param least which share of the runs finishes at least, a little less than it is; the others
   *     are aborted. Where rounds overlap, each task that is lost aborts the stage.
   * @param leastWithRestart which share finishes although a task began again
   */
  @ParameterizedTest
  @CsvSource({
    "true, false, false, 0.70, 0.53",
    "false, false, false, 0.72, 0.52",
    "true, true, false, 0.19, 0.03",
    "false, true, false, 0.22, 0.03",
    "true, false, true, 0.50, 0.30"
  })
  void workersComeToTheEndWithTheSameBitsOrLeaveTheStage(
      boolean hasOwners, boolean overlap, boolean quorum, double least, double leastWithRestart) {
    int runs = quorum ? RUNS_WITH_QUORUM : RUNS;
    int finished = 0;
    int withRestart = 0;
    for (int seed = 0; seed < runs; seed++) {
      Simulation simulation = new Simulation(seed, hasOwners, overlap, quorum);
      try {
        boolean hasFinished = simulation.run(true);
        finished += hasFinished ? 1 : 0;
        withRestart += hasFinished && simulation.hasBegunAgain ? 1 : 0;
      } catch (AssertionError | RuntimeException e) {
        throw new AssertionError("seed " + seed + ":" + simulation.told(), e);
      }
    }
    assertThat((double) finished / runs).as("runs that were not aborted").isGreaterThan(least);
    assertThat((double) withRestart / runs)
        .as("runs that were not aborted although a task began again")
        .isGreaterThan(leastWithRestart);
  }

  @Test
  void whatNothingDisturbsIsNeitherAbortedNorAveragedTwice() {
    for (int seed = 0; seed < 1_000; seed++) {
      Simulation simulation = new Simulation(seed, seed % 2 == 0, seed % 4 > 1);
      assertThat(simulation.run(false)).isTrue();
      assertThat(simulation.averaged.values()).containsOnly(1);
    }
  }

  /** Nobody waits for ever, no executor is taken for lost, and the record says who took part. */
  @Test
  void workersThatAreLateDisturbNothing() {
    int absent = 0;
    for (int seed = 0; seed < RUNS_WITH_QUORUM; seed++) {
      Simulation simulation = new Simulation(seed, true, false, true);
      try {
        assertThat(simulation.run(false)).isTrue();
        assertThat(simulation.averaged.values()).containsOnly(1);
      } catch (AssertionError | RuntimeException e) {
        throw new AssertionError("seed " + seed + ":" + simulation.told(), e);
      }
      absent += simulation.absences();
    }
    assertThat(absent).isGreaterThan(RUNS_WITH_QUORUM / 2);
  }

  @Test
  void copiesOfTasksThatRunDisturbNothing() {
    int started = 0;
    for (int seed = 0; seed < 1_000; seed++) {
      Simulation simulation = new Simulation(seed, seed % 2 == 0, seed % 4 > 1);
      simulation.speculates = true;
      simulation.executors.add(new Executor(simulation.executors.size()));
      assertThat(simulation.run(false)).isTrue();
      assertThat(simulation.averaged.values()).containsOnly(1);
      started += simulation.tasks.size() - simulation.workers;
    }
    assertThat(started).isGreaterThan(1_000);
  }

  /** An executor: its blocks, by name. */
  private static final class Executor {
    private final BlockAddress address;
    private final Map<String, Long> blocks = new HashMap<>();
    private boolean alive = true;

    /** Whether it was told to leave the cluster: Spark starts no task there any more. */
    private boolean isLeaving;

    Executor(int number) {
      address = new BlockAddress("e" + number, "host", number);
    }

    boolean takesTasks() {
      return alive && !isLeaving;
    }
  }

  private enum At {
    BEGIN,
    COPY,
    TRAIN,
    AVERAGE,
    FETCH,
    DELETE,
    WAIT
  }

  /** A worker's task, as a machine that takes one step at a time. */
  private static final class Task {
    private final long number;
    private final int worker;
    private final long attempt;
    private final Executor executor;
    private final boolean isCopy;
    private At at = At.BEGIN;

    /** What it does when its message is answered. */
    private At then;

    private boolean alive = true;
    private int round;
    private long own;
    private BlockAddress holder;
    private Found addresses = Found.NONE;
    private Set<BlockAddress> lost = new LinkedHashSet<>();
    private final Map<Integer, Long> fetched = new TreeMap<>();
    private boolean piecesAnswered;
    private boolean deletesPieces;
    private boolean hasEnded;
    private boolean isAbsent;

    /** The first round that it has left, and whose slices may be on its executor. */
    private int earliestLeft = Integer.MAX_VALUE;

    /** Whether another task has done its work, so that Spark is about to end it. */
    private boolean isSurplus;

    Task(long number, int worker, long attempt, Executor executor, boolean isCopy) {
      this.isCopy = isCopy;
      this.number = number;
      this.worker = worker;
      this.attempt = attempt;
      this.executor = executor;
    }

    Sender sender() {
      return new Sender(1, attempt, worker, number, executor.address);
    }
  }

  private record Message(long ticket, Task from, WorkerMessage content) {}

  private static final class Simulation {
    private final Random random;
    private final int workers;
    private final int rounds;
    private final int slices;
    private final boolean hasOwners;
    private final boolean overlap;

    /** With how many workers a round may end; 0 for all. */
    private final int quorum;

    /** Of how many steps a worker takes one, while the others take one each. */
    private final int[] slowness;

    /** Who was absent in each round that is complete. */
    private final List<List<Integer>> record = new ArrayList<>();

    private final long[] ownAt;
    private final long[][] starts;
    private final List<Executor> executors = new ArrayList<>();
    private final List<Task> tasks = new ArrayList<>();

    /** The executor on which a worker has come to the end, which has its last pieces; or null. */
    private final Executor[] done;

    private final List<Message> inFlight = new ArrayList<>();
    private final Map<Long, Task> waiting = new HashMap<>();
    private final Map<String, Integer> averaged = new HashMap<>();
    private final List<Object> log = new ArrayList<>();
    private StageState state;
    private long now = SECOND;
    private long tickets;
    private long attempt = 1;
    private int slotsEach;
    private int longPauses;
    private int idleSeconds;

    /** Whether something may happen to workers; otherwise there are slots for all of them. */
    private boolean faults;

    /** Whether Spark starts copies of tasks that run. */
    private boolean speculates;

    /**
     * Whether an executor that is alive did not deliver a block. A task that runs there may come to
     * the end and not know that it was taken for lost; the others then wait until it is too long.
     */
    private boolean wasUnreachable;

    /** Whether a worker's task began again before the stage had come to its end. */
    private boolean hasBegunAgain;

    /** The latest round with which a worker has said that it begins. */
    private int latestLoaded;

    Simulation(int seed, boolean hasOwners, boolean overlap) {
      this(seed, hasOwners, overlap, false);
    }

    Simulation(int seed, boolean hasOwners, boolean overlap, boolean hasQuorum) {
      this.random = new Random(seed);
      this.hasOwners = hasOwners;
      this.overlap = overlap;
      workers = hasQuorum ? 2 + random.nextInt(3) : 1 + random.nextInt(3);
      rounds = 2 + random.nextInt(hasQuorum ? 6 : 3);
      quorum = hasQuorum ? 1 + random.nextInt(workers - 1) : 0;
      slowness = random.ints(workers, 1, hasQuorum ? 30 : 2).toArray();
      ownAt = new long[workers];
      slices = hasOwners ? workers : 1;
      slotsEach = 1 + random.nextInt(workers);
      done = new Executor[workers];
      starts = reference();
      while (slots() < workers) {
        executors.add(new Executor(executors.size()));
      }
      state =
          StageState.opened(
              new StageRules(
                  workers,
                  rounds,
                  hasOwners,
                  overlap,
                  Patience.USUAL,
                  Duration.ofSeconds(2),
                  hasQuorum
                      ? Optional.of(new StageRules.Quorum(quorum, whole(), Duration.ofSeconds(1)))
                      : Optional.empty()),
              now);
    }

    /** The slices with which each round begins, computed without blocks and messages. */
    private long[][] reference() {
      long[][] all = new long[rounds][slices];
      long[] own = new long[workers];
      for (int round = 0; round < rounds - 1 && quorum == 0; round++) {
        computeNext(all, own, round, List.of());
      }
      return all;
    }

    private void computeNext(long[][] all, long[] own, int round, List<Integer> absent) {
      List<Long> pieces = new ArrayList<>();
      for (int worker = 0; worker < workers; worker++) {
        own[worker] = piece(worker, round, own[worker], all[round]);
        if (!absent.contains(worker)) {
          pieces.add(own[worker]);
        }
      }
      for (int slice = 0; slice < slices; slice++) {
        all[round + 1][slice] = average(slice, pieces.stream().mapToLong(each -> each).toArray());
      }
    }

    /** Rounds that need all workers: about one in eight. */
    private Set<Integer> whole() {
      return IntStream.range(0, rounds)
          .filter(round -> random.nextInt(8) == 0)
          .boxed()
          .collect(Collectors.toSet());
    }

    /** In how many rounds workers were absent. */
    int absences() {
      return record.stream().mapToInt(List::size).sum();
    }

    /** Notes who took part in a round that is complete, and what its averages are. */
    private void noteMembers() {
      while (quorum > 0 && record.size() < state.completed()) {
        int round = record.size();
        List<Integer> absent = state.absent(round);
        assertThat(workers - absent.size())
            .as("members of round %d", round)
            .isGreaterThanOrEqualTo(quorum);
        record.add(absent);
        idleSeconds = 0;
        computeNext(starts, ownAt, round, absent);
      }
      for (int round = 0; round < record.size(); round++) {
        assertThat(state.absent(round))
            .as("absent in round %d", round)
            .isEqualTo(record.get(round));
      }
    }

    /** Whether others may have deleted what a worker needs of a round. */
    private boolean isPassed(Task task, String block) {
      return quorum > 0
          && (record.size() > task.round + 1
              || (record.size() > task.round && record.get(task.round).contains(task.worker))
              || (block.startsWith("piece") && latestLoaded > task.round));
    }

    private SliceOwners owners(Task task) {
      return SliceOwners.ofMembers(slices, task.addresses.members());
    }

    private long piece(int worker, int round, long own, long[] start) {
      long piece = SplitMix64.mix(worker * 31L + round + (overlap ? own : 0));
      for (long each : start) {
        piece = SplitMix64.mix(piece * 31 + each);
      }
      return piece;
    }

    private static long average(int slice, long[] pieces) {
      long average = slice;
      for (long each : pieces) {
        average = SplitMix64.mix(average * 31 + each);
      }
      return average;
    }

    private String told() {
      return log.stream().map(each -> "\n" + each).reduce("", String::concat);
    }

    private int slots() {
      return slotsEach * (int) executors.stream().filter(Executor::takesTasks).count();
    }

    /**
     * Runs the stage.
     *
     * @return whether it has come to its end, and was not aborted
     */
    boolean run(boolean withFaults) {
      faults = withFaults;
      speculates |= withFaults && random.nextBoolean();
      for (int left = faults ? random.nextInt(120) : 0; left > 0 && !isOver(); left--) {
        if (random.nextInt(6) == 0) {
          fault();
        } else {
          step();
        }
      }
      faults = false;
      while (slots() < workers + tasks.stream().filter(each -> each.alive).count()) {
        executors.add(new Executor(executors.size()));
      }
      for (int left = 3_000; left > 0 && !isOver(); left--) {
        step();
      }
      if (state.aborted().isPresent()) {
        inFlight.forEach(this::deliver);
        assertThat(waiting.keySet()).as("workers that wait in an aborted stage").isEmpty();
        return false;
      }
      assertThat(done).as("workers that have come to the end").doesNotContainNull();
      assertThat(state.completed()).isEqualTo(rounds - 1);
      hasBegunAgain = tasks.size() > workers;
      beginAgainAfterTheEnd();
      return true;
    }

    private boolean isOver() {
      return Stream.of(done).allMatch(Objects::nonNull) || state.aborted().isPresent();
    }

    /** One step of a task, of the network or of Spark's scheduler. */
    private void step() {
      List<Runnable> possible = new ArrayList<>();
      for (Task task : tasks) {
        if (task.alive && state.surplus().contains(task.number)) {
          possible.add(() -> die(task));
        }
        boolean isSlow = task.at == At.TRAIN && random.nextInt(slowness[task.worker]) > 0;
        if (task.alive && task.at != At.WAIT && !(isSlow && tasks.size() > 1)) {
          possible.add(() -> step(task));
        }
        if (task.alive && task.isSurplus) {
          possible.add(() -> die(task));
        }
      }
      for (int i = 0; i < inFlight.size(); i++) {
        int chosen = i;
        if (isFirstOfItsExecutor(i)) {
          possible.add(() -> deliver(inFlight.remove(chosen)));
        }
      }
      for (int worker = 0; worker < workers; worker++) {
        List<Task> current = current(worker);
        boolean mayCopy =
            speculates
                && current.size() == 1
                && current.get(0).at != At.BEGIN
                && random.nextInt(20) == 0;
        if (done[worker] == null && (current.isEmpty() || mayCopy)) {
          int begins = worker;
          executors.stream()
              .filter(each -> each.takesTasks() && running(each) < slotsEach)
              .filter(each -> current.stream().noneMatch(other -> other.executor == each))
              .forEach(each -> possible.add(() -> begin(begins, each)));
        }
      }
      if (quorum > 0 && random.nextInt(4) == 0) {
        now += SECOND / 5;
        happens(new StageEvent.GracePasses(now));
      } else if (possible.isEmpty()
          && tasks.stream().anyMatch(each -> each.alive && each.at == At.TRAIN)) {
        return; // The workers that could go on are the slow ones.
      } else if (possible.isEmpty()) {
        // A copy waits for some seconds until it takes over.
        idleSeconds += faults ? 0 : 1;
        boolean isExpected = quorum > 0 || !state.tasks().isEmpty();
        assertThat(faults || wasUnreachable || (isExpected && idleSeconds < 10))
            .as("workers wait for each other in vain")
            .isTrue();
        timePasses(SECOND);
      } else {
        possible.get(random.nextInt(possible.size())).run();
      }
    }

    /** Messages of one executor arrive in their order. */
    private boolean isFirstOfItsExecutor(int index) {
      Executor executor = inFlight.get(index).from().executor;
      return inFlight.subList(0, index).stream().noneMatch(m -> m.from().executor == executor);
    }

    private List<Task> current(int worker) {
      return tasks.stream()
          .filter(each -> each.alive && each.worker == worker && each.attempt == attempt)
          .toList();
    }

    private void begin(int worker, Executor executor) {
      boolean isCopy = !current(worker).isEmpty();
      tasks.add(new Task(tasks.size(), worker, attempt, executor, isCopy));
    }

    private boolean runs(long number) {
      return tasks.get((int) number).alive;
    }

    private void timePasses(long nanoseconds) {
      now += nanoseconds;
      Set<Long> running = state.tasks().stream().filter(this::runs).collect(Collectors.toSet());
      Set<String> leaving =
          executors.stream()
              .filter(each -> each.isLeaving && state.executors().contains(each.address.executor()))
              .map(each -> each.address.executor())
              .collect(Collectors.toSet());
      happens(new StageEvent.TimePasses(now, OptionalInt.of(slots()), running, leaving));
    }

    private long running(Executor executor) {
      return tasks.stream().filter(each -> each.alive && each.executor == executor).count();
    }

    private void fault() {
      switch (random.nextInt(11)) {
        case 0, 1, 2 -> {
          if (!tasks.isEmpty()) {
            die(tasks.get(random.nextInt(tasks.size())));
          }
        }
        case 3, 4 -> {
          Executor lost = executors.get(random.nextInt(executors.size()));
          lose(lost);
          tasks.stream().filter(each -> each.executor == lost).toList().forEach(this::die);
        }
        case 10 -> {
          executors.get(random.nextInt(executors.size())).isLeaving = true;
          timePasses(SECOND / 10);
        }
        case 5, 6 -> executors.add(new Executor(executors.size()));
        case 7, 8 -> {
          boolean isLong = longPauses < 2 && random.nextInt(4) == 0;
          longPauses += isLong ? 1 : 0;
          timePasses(isLong ? 4 * SECOND : SECOND / 10);
        }
        default -> {
          if (random.nextInt(20) == 0) {
            happens(new StageEvent.Cancelled("the driver gives up"));
          } else if (random.nextInt(10) == 0) {
            log.add("Spark begins the stage again");
            attempt++;
          }
        }
      }
    }

    /** Spark runs tasks again whose results are lost. */
    private void lose(Executor lost) {
      log.add("lost " + lost.address.executor());
      lost.alive = false;
      lost.blocks.clear();
      for (int worker = 0; worker < workers; worker++) {
        done[worker] = done[worker] == lost ? null : done[worker];
      }
    }

    private void die(Task task) {
      log.add("a task of worker " + task.worker + " died");
      task.alive = false;
    }

    private void deliver(Message message) {
      log.add(message.content());
      WorkerMessage content = message.content();
      Optional<Long> known = state.task(content.sender().worker());
      boolean isCopy =
          content instanceof Begins
              && known.filter(number -> number == message.from().number).isEmpty()
              && (message.from().isCopy || known.filter(this::runs).isPresent());
      happens(new StageEvent.Arrives(message.ticket(), content, isCopy, now));
    }

    private void happens(StageEvent event) {
      if (event instanceof StageEvent.Arrives arrival
          && arrival.message() instanceof Loaded loaded
          && state
              .task(loaded.sender().worker())
              .filter(n -> n == loaded.sender().task())
              .isPresent()) {
        latestLoaded = Math.max(latestLoaded, loaded.round());
      }
      int before = state.completed();
      StageState.Transition change = state.on(event);
      assertThat(state.completed()).as("a transition changes no state").isEqualTo(before);
      state = change.next();
      assertThat(state.completed() - before).as("rounds that are complete").isBetween(0, 1);
      noteMembers();
      for (StageState.Answer answer : change.answers()) {
        log.add(answer);
        Task task = waiting.remove(answer.ticket());
        assertThat(task).as("a task that waits for the answer").isNotNull();
        if (task.alive) {
          answered(task, answer.reply());
        }
      }
    }

    private void send(Task task, WorkerMessage message, At then) {
      task.at = At.WAIT;
      task.then = then;
      long ticket = tickets++;
      waiting.put(ticket, task);
      inFlight.add(new Message(ticket, task, message));
    }

    private void answered(Task task, DriverReply reply) {
      if (reply instanceof DriverReply.Aborted || reply instanceof DriverReply.Replaced) {
        die(task);
        return;
      }
      task.at = task.then;
      if (reply instanceof DriverReply.Late) {
        leave(task);
      } else if (reply instanceof BeginAt beginning) {
        task.isAbsent = beginning.isAbsent();
        task.round = beginning.round();
        task.holder = beginning.holder();
        task.hasEnded = beginning.hasEnded();
        deleteLeft(task, task.isAbsent ? 0 : task.round - 1);
      } else if (reply instanceof DriverReply.Noted noted) {
        task.deletesPieces = noted.deletesPieces();
      } else if (reply instanceof Found found) {
        task.addresses = task.addresses.updated(found);
      }
    }

    private void leave(Task task) {
      task.executor.blocks.remove(piece(task.round, task.worker));
      task.earliestLeft = Math.min(task.earliestLeft, task.round);
      task.lost = new LinkedHashSet<>();
      task.deletesPieces = false;
      task.at = At.BEGIN;
    }

    private void deleteLeft(Task task, int before) {
      for (int round = task.earliestLeft; round < before; round++) {
        for (int slice = 0; slice < slices && round > 0; slice++) {
          task.executor.blocks.remove(start(round, slice));
        }
        task.earliestLeft = round + 1;
      }
    }

    private void step(Task task) {
      switch (task.at) {
        case BEGIN -> {
          send(task, new Begins(task.sender(), List.copyOf(task.lost)), At.COPY);
          task.lost = new LinkedHashSet<>();
        }
        case COPY -> copy(task);
        case TRAIN -> train(task);
        case AVERAGE -> average(task);
        case FETCH -> fetch(task);
        default -> delete(task);
      }
    }

    private boolean isLast(int round) {
      return round == rounds - 1;
    }

    private String start(int round, int slice) {
      return (isLast(round) ? "last " : "start " + round + " ") + slice;
    }

    private static String piece(int round, int worker) {
      return "piece " + round + " " + worker;
    }

    private void copy(Task task) {
      task.at = At.TRAIN;
      if (task.round == 0 || task.isAbsent) {
        return;
      }
      for (int slice = 0; slice < slices; slice++) {
        Optional<Long> content = read(task, task.holder, start(task.round, slice));
        if (content.isEmpty()) {
          task.lost.add(task.holder);
          task.at = At.BEGIN;
          return;
        }
        task.executor.blocks.put(start(task.round, slice), content.get());
      }
      if (!task.hasEnded) {
        send(task, new Loaded(task.sender(), task.round), At.TRAIN);
      }
    }

    /** A block of this or another executor; empty if that executor is lost. */
    private Optional<Long> read(Task task, BlockAddress address, String block) {
      Long here = task.executor.blocks.get(block);
      if (here != null) {
        return Optional.of(here);
      }
      Executor holder = executors.stream().filter(e -> e.address.equals(address)).findFirst().get();
      boolean isUnreachable = faults && random.nextInt(100) == 0;
      wasUnreachable |= isUnreachable;
      if (!holder.alive || isUnreachable) {
        return Optional.empty();
      }
      boolean isReplaced = state.task(task.worker).filter(now -> now != task.number).isPresent();
      if (isReplaced && !holder.blocks.containsKey(block)) {
        return Optional.empty();
      }
      if (!holder.blocks.containsKey(block) && isPassed(task, block)) {
        return Optional.empty();
      }
      assertThat(holder.blocks)
          .as("blocks of %s, which worker %d was told", address.executor(), task.worker)
          .containsKey(block);
      return Optional.of(holder.blocks.get(block));
    }

    private void train(Task task) {
      if (task.isAbsent) {
        assertThat(state.absent(task.round)).contains(task.worker);
        finish(task);
        return;
      }
      long[] start = new long[slices];
      for (int slice = 0; slice < slices && task.round > 0; slice++) {
        String block = start(task.round, slice);
        if (!task.executor.blocks.containsKey(block) && isPassed(task, block)) {
          leave(task);
          return;
        }
        start[slice] = task.executor.blocks.get(block);
      }
      assertThat(start).isEqualTo(starts[task.round]);
      task.own = piece(task.worker, task.round, task.own, start);
      if (isLast(task.round)) {
        finish(task);
        return;
      }
      task.executor.blocks.put(piece(task.round, task.worker), task.own);
      task.fetched.clear();
      task.piecesAnswered = false;
      send(task, stored(task, Blocks.PIECES), At.AVERAGE);
    }

    private void finish(Task task) {
      task.alive = false;
      if (task.attempt == attempt && done[task.worker] == null) {
        done[task.worker] = task.executor;
        current(task.worker).forEach(other -> other.isSurplus = true);
      }
    }

    private Stored stored(Task task, Blocks blocks) {
      List<BlockAddress> lost = List.copyOf(task.lost);
      task.lost = new LinkedHashSet<>();
      return new Stored(
          task.sender(), blocks, task.round, task.addresses.version(), lost, Optional.empty());
    }

    /** Fetches one piece, or averages them. */
    private void average(Task task) {
      if (!task.piecesAnswered) {
        task.piecesAnswered = true;
        for (int slice = 0; slice < slices && task.round > 1; slice++) {
          task.executor.blocks.remove(start(task.round - 1, slice));
        }
        deleteLeft(task, task.round);
        if (!hasOwners) {
          task.executor.blocks.remove(piece(task.round - 1, task.worker));
        }
      }
      for (int of = 0; of < workers; of++) {
        if (quorum > 0 && !task.addresses.members().contains(of)) {
          continue;
        }
        BlockAddress address = task.addresses.of(of);
        if (!task.fetched.containsKey(of) && !task.lost.contains(address)) {
          Optional<Long> piece = read(task, address, piece(task.round, of));
          if (piece.isPresent()) {
            task.fetched.put(of, piece.get());
          } else {
            task.lost.add(address);
          }
          return;
        }
      }
      if (!task.lost.isEmpty()) {
        send(task, stored(task, Blocks.PIECES), At.AVERAGE);
        return;
      }
      long[] pieces = task.fetched.values().stream().mapToLong(each -> each).toArray();
      List<Integer> mine =
          quorum > 0 ? owners(task).averagedBy(task.worker) : List.of(hasOwners ? task.worker : 0);
      for (int slice : mine) {
        long average = average(slice, pieces);
        assertThat(average).isEqualTo(starts[task.round + 1][slice]);
        averaged.merge(
            task.round + " " + slice + " " + (hasOwners ? "" : task.worker), 1, (a, b) -> a + b);
        task.executor.blocks.put(start(task.round + 1, slice), average);
      }
      if (hasOwners) {
        send(task, stored(task, Blocks.AVERAGES), At.FETCH);
      } else {
        loaded(task);
      }
    }

    /** Fetches one slice that another worker has averaged. */
    private void fetch(Task task) {
      for (int slice = 0; slice < slices; slice++) {
        BlockAddress address = task.addresses.of(quorum > 0 ? owners(task).owner(slice) : slice);
        String block = start(task.round + 1, slice);
        if (!task.executor.blocks.containsKey(block) && !task.lost.contains(address)) {
          Optional<Long> content = read(task, address, block);
          if (content.isPresent()) {
            task.executor.blocks.put(block, content.get());
          } else {
            task.lost.add(address);
          }
          return;
        }
      }
      if (task.lost.isEmpty()) {
        loaded(task);
      } else {
        send(task, stored(task, Blocks.AVERAGES), At.FETCH);
      }
    }

    private void loaded(Task task) {
      task.at = At.DELETE;
      if (!overlap && (hasOwners || isLast(task.round + 1))) {
        send(task, new Loaded(task.sender(), task.round + 1), At.DELETE);
      }
    }

    private void delete(Task task) {
      if (overlap ? hasOwners : task.deletesPieces) {
        task.executor.blocks.remove(piece(task.round, task.worker));
      }
      task.deletesPieces = false;
      task.round++;
      task.at = At.TRAIN;
    }

    /** Spark runs tasks again whose last pieces are lost, when exchanged blocks are deleted. */
    private void beginAgainAfterTheEnd() {
      for (Task task : tasks) {
        task.alive = false;
      }
      inFlight.clear();
      happens(new StageEvent.Ends());
      Arrays.fill(slowness, 1);
      executors.forEach(each -> each.blocks.keySet().removeIf(name -> !name.startsWith("last")));
      if (random.nextBoolean()) {
        Executor lost = executors.get(random.nextInt(executors.size()));
        lose(lost);
      }
      executors.add(new Executor(executors.size()));
      int worker = random.nextInt(workers);
      done[worker] = null;
      for (int left = 100; left > 0 && !isOver(); left--) {
        step();
      }
      assertThat(isOver()).isTrue();
    }
  }
}
