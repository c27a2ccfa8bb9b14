// SPDX-License-Identifier: Apache-2.0
package io.stoker.deploy;

import com.google.errorprone.annotations.FormatMethod;
import java.io.IOException;
import java.io.OutputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.spark.ExceptionFailure;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.api.plugin.DriverPlugin;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.PluginContext;
import org.apache.spark.api.plugin.SparkPlugin;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorAdded;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;
import org.apache.spark.scheduler.SparkListenerJobEnd;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.scheduler.SparkListenerStageSubmitted;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.StageInfo;
import org.apache.spark.storage.BlockId;
import org.apache.spark.storage.RDDBlockId;
import org.apache.spark.storage.RDDInfo;
import org.apache.spark.util.TaskCompletionListener;
import scala.Function1;
import scala.collection.JavaConverters;

/**
 * Makes faults happen at an exact moment of a job: every task asks the driver before it begins, and
 * what the driver does to it, to its process or to itself is said by {@value #FAULTS}, such as
 * {@code kill-executor@average:5} for the fifth average stage, or {@code
 * kill-executor@train:4+round} for the fourth train stage, as soon as the executor of its first
 * task has a slice with which the stage's second round begins. By then all workers have exchanged
 * their pieces of its first round. What happened is in the file {@value #LOG}.
 */
@SuppressWarnings("deprecation") // Scala 2.13 has other names; 2.12 has only these
public final class FaultPlugin implements SparkPlugin {
  static final String FAULTS = "spark.stoker.test.faults";
  static final String LOG = "spark.stoker.test.faultLog";

  /** The exit code of a process that was killed. */
  static final int KILLED = 128 + 9;

  /** Far enough into a train task that it has begun, and not so far that it is over. */
  private static final int IN_MID_TASK_MILLISECONDS = 20;

  private static final int PATIENCE_SECONDS = 60;
  private static final long SLOWNESS_NANOSECONDS = TimeUnit.SECONDS.toNanos(2);
  private static final int STOPPED_SECONDS = 3;
  private static final long POLL_NANOSECONDS = TimeUnit.MILLISECONDS.toNanos(1);
  private static final int FAILURES = 2;

  private enum Action {
    KILL_EXECUTOR,
    /**
     * Kills a worker process of the cluster and then its executor, which would notice it some time
     * later: as where their machine goes.
     */
    KILL_WORKER,
    KILL_DRIVER,
    /** Stops the first task's executor while it trains a later round; seconds later it goes on. */
    STOP_EXECUTOR,
    /** Tells a worker process of the cluster that its machine goes, as a person would. */
    NOTIFY_WORKER,
    /** The first task fails, when all its work is done, and its second attempt likewise. */
    FAIL,
    /** From then on, train tasks of the first task's executor take seconds longer. */
    SLOW,
    /** All tasks wait until there are two executors. */
    JOIN
  }

  private enum Kind {
    TRAIN,
    AVERAGE,
    CHECKPOINT,
    /** After the job that holds the average stage, before the next one. */
    BETWEEN,
    OTHER;

    static Kind of(StageInfo stage) {
      List<String> names =
          JavaConverters.seqAsJavaList(stage.rddInfos()).stream().map(RDDInfo::name).toList();
      if (names.contains("TrainStageRdd")) {
        return TRAIN;
      }
      if (names.contains("SliceTaskRdd")) {
        return CHECKPOINT;
      }
      return names.contains("PartitionShuffle") ? AVERAGE : OTHER;
    }
  }

  /** The n-th of a kind, counted from 1; a stage that does the same again has the same number. */
  private record Place(Kind kind, int number) {
    @Override
    public String toString() {
      return kind.name().toLowerCase(Locale.ROOT) + " " + number;
    }
  }

  /**
   * @param afterRound whether it happens after the first round of a train stage
   */
  private record Fault(Action action, Place place, boolean afterRound) {
    private static final Pattern FORM = Pattern.compile("(.+)@(.+):([0-9]+)([+]ROUND)?");

    static Fault parse(String text) {
      Matcher words = FORM.matcher(text.toUpperCase(Locale.ROOT).replace('-', '_'));
      if (!words.matches()) {
        throw new IllegalArgumentException(text);
      }
      return new Fault(
          Action.valueOf(words.group(1)),
          new Place(Kind.valueOf(words.group(2)), Integer.parseInt(words.group(3))),
          words.group(4) != null);
    }
  }

  /** What a task says to the driver before it begins. */
  private record Started(int stage, int stageAttempt, int partition, int attempt, Victim process)
      implements Serializable {}

  private record Victim(String executor, long pid) implements Serializable {}

  /** What a task's executor says when it has a slice with which a later round begins. */
  private record Exchanged() implements Serializable {}

  private enum Order {
    GO,
    FAIL,
    DAWDLE,
    /** The executor says when it has a slice with which a later round begins. */
    WATCH,
    /** The executor ends as soon as it has one, as if it were killed. */
    END,
    /** The executor is stopped for some seconds as soon as its worker trains a later round. */
    STOP
  }

  /**
   * What the driver answers.
   *
   * @param rdd what the task's stage computes
   */
  private record Answer(Order order, int rdd) implements Serializable {}

  @Override
  public DriverPlugin driverPlugin() {
    return new Referee();
  }

  @Override
  public ExecutorPlugin executorPlugin() {
    return new Asking();
  }

  private static final class Asking implements ExecutorPlugin {
    private PluginContext plugin;

    @Override
    public void init(PluginContext context, Map<String, String> extraConf) {
      plugin = context;
    }

    @Override
    public void onTaskStart() {
      TaskContext task = TaskContext.get();
      Victim process = new Victim(plugin.executorID(), ProcessHandle.current().pid());
      Answer answer;
      try {
        answer =
            (Answer)
                plugin.ask(
                    new Started(
                        task.stageId(),
                        task.stageAttemptNumber(),
                        task.partitionId(),
                        task.attemptNumber(),
                        process));
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
      switch (answer.order()) {
        case GO -> {}
        case FAIL -> {
          TaskCompletionListener failing =
              done -> {
                throw new IllegalStateException("injected");
              };
          task.addTaskCompletionListener(failing);
        }
        case DAWDLE -> LockSupport.parkNanos(SLOWNESS_NANOSECONDS);
        case WATCH -> watch(new Blocks(answer.rdd(), task), false, this::tell);
        case END ->
            watch(new Blocks(answer.rdd(), task), false, () -> Runtime.getRuntime().halt(KILLED));
        case STOP -> watch(new Blocks(answer.rdd(), task), true, stopping());
      }
    }

    /** The blocks of a stage on this executor; {@code StageBlocks} numbers them. */
    private record Blocks(int rdd, TaskContext task) {
      boolean isEmpty(boolean ofSlices) {
        int workers = task.numPartitions();
        Function1<BlockId, Object> wanted =
            block ->
                block instanceof RDDBlockId each
                    && each.rddId() == rdd
                    && (each.splitIndex() % (workers + 1) == workers) == ofSlices;
        return SparkEnv.get().blockManager().getMatchingBlockIds(wanted).isEmpty();
      }
    }

    /**
     * Waits for a slice of a later round.
     *
     * @param inTraining whether the worker must have deleted its pieces of the round before
     */
    private static void watch(Blocks blocks, boolean inTraining, Runnable then) {
      TaskContext task = blocks.task();
      Thread watching =
          new Thread(
              () -> {
                while (blocks.isEmpty(true) || (inTraining && !blocks.isEmpty(false))) {
                  if (task.isCompleted()) {
                    return; // Its stage has no later round, or ended before.
                  }
                  LockSupport.parkNanos(POLL_NANOSECONDS);
                }
                then.run();
              });
      watching.setDaemon(true);
      watching.start();
    }

    /** A child does it, which waits for a line: when it is time, it takes no time to start. */
    private static Runnable stopping() {
      long process = ProcessHandle.current().pid();
      String commands =
          "read line && kill -STOP "
              + process
              + " && sleep "
              + STOPPED_SECONDS
              + " && kill -CONT "
              + process;
      try {
        OutputStream child = new ProcessBuilder("sh", "-c", commands).start().getOutputStream();
        return () -> {
          try {
            child.write('\n');
            child.flush();
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        };
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private void tell() {
      try {
        plugin.send(new Exchanged());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private static final class Referee extends SparkListener implements DriverPlugin {
    private final Map<Integer, CompletableFuture<Place>> stages = new ConcurrentHashMap<>();

    /** By the RDD that a stage computes. */
    private final Map<Integer, Place> places = new ConcurrentHashMap<>();

    /** By stage, the RDD that it computes. */
    private final Map<Integer, Integer> rdds = new ConcurrentHashMap<>();

    private final Map<Kind, AtomicInteger> numbers = new ConcurrentHashMap<>();
    private final Map<Integer, Integer> averagingJobs = new ConcurrentHashMap<>();
    private final Map<String, Victim> executors = new ConcurrentHashMap<>();
    private final Set<String> present = new HashSet<>();

    /** The faults that have happened, of those that happen once. */
    private final Set<Fault> done = ConcurrentHashMap.newKeySet();

    private List<Fault> faults;
    private Path log;
    private String slow = "";

    /** Kills the process that is to be killed after a round. */
    private Runnable afterRound = () -> {};

    @Override
    public Map<String, String> init(SparkContext spark, PluginContext context) {
      faults = Stream.of(spark.conf().get(FAULTS, "").split(",")).map(Fault::parse).toList();
      log = Path.of(spark.conf().get(LOG));
      spark.addSparkListener(this);
      return Map.of();
    }

    @Override
    public Object receive(Object message) throws Exception {
      if (message instanceof Exchanged) {
        afterRound.run();
        return null;
      }
      Started task = (Started) message;
      Place place = place(task.stage()).get(PATIENCE_SECONDS, TimeUnit.SECONDS);
      executors.put(task.process().executor(), task.process());
      say(
          "%s partition %d attempt %d.%d executor %s",
          place, task.partition(), task.stageAttempt(), task.attempt(), task.process().executor());
      Order order = slow.equals(task.process().executor()) ? Order.DAWDLE : Order.GO;
      for (Fault fault : faults) {
        if (fault.place().equals(place)) {
          order = happen(fault, task);
        }
      }
      boolean obeyed = place.kind() == Kind.TRAIN || order == Order.FAIL;
      return new Answer(obeyed ? order : Order.GO, rdds.get(task.stage()));
    }

    private Order happen(Fault fault, Started task) throws InterruptedException {
      switch (fault.action()) {
        case KILL_EXECUTOR, KILL_WORKER, KILL_DRIVER, NOTIFY_WORKER -> {
          if (kill(fault, task.process()) && fault.afterRound()) {
            return fault.action() == Action.KILL_EXECUTOR ? Order.END : Order.WATCH;
          }
        }
        case STOP_EXECUTOR -> {
          if (done.add(fault)) {
            say("%s %s", fault.action(), task.process().executor());
            return Order.STOP;
          }
        }
        case SLOW -> slow = slow.isEmpty() ? task.process().executor() : slow;
        case JOIN -> {
          say("waiting");
          awaitTwoExecutors();
        }
        case FAIL -> {
          boolean first = task.partition() == 0 && task.stageAttempt() == 0;
          return first && task.attempt() < FAILURES ? Order.FAIL : Order.GO;
        }
      }
      return slow.equals(task.process().executor()) ? Order.DAWDLE : Order.GO;
    }

    private void awaitTwoExecutors() throws InterruptedException {
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
      synchronized (present) {
        while (present.size() < 2 && System.nanoTime() < end) {
          present.wait(TimeUnit.SECONDS.toMillis(1));
        }
      }
    }

    /**
     * Only once for each fault: what is tried again is left alone.
     *
     * @return whether this was the time
     */
    private boolean kill(Fault fault, Victim victim) {
      if (!done.add(fault)) {
        return false;
      }
      ProcessHandle executor = ProcessHandle.of(victim.pid()).orElseThrow();
      long worker = executor.parent().orElseThrow().pid();
      Runnable killing =
          () -> {
            say("%s %s", fault.action(), victim.executor());
            switch (fault.action()) {
              case NOTIFY_WORKER -> Programs.signal("PWR", worker);
              case KILL_WORKER -> Programs.signal("KILL", worker, victim.pid());
              case KILL_DRIVER -> Programs.signal("KILL", ProcessHandle.current().pid());
              default -> Programs.signal("KILL", victim.pid());
            }
          };
      if (fault.afterRound()) {
        afterRound = killing;
      } else if (fault.place().kind() == Kind.TRAIN) {
        CompletableFuture.delayedExecutor(IN_MID_TASK_MILLISECONDS, TimeUnit.MILLISECONDS)
            .execute(killing);
      } else {
        killing.run();
      }
      return true;
    }

    private CompletableFuture<Place> place(int stage) {
      return stages.computeIfAbsent(stage, id -> new CompletableFuture<>());
    }

    private int next(Kind kind) {
      return numbers.computeIfAbsent(kind, key -> new AtomicInteger()).incrementAndGet();
    }

    @Override
    public void onStageSubmitted(SparkListenerStageSubmitted event) {
      StageInfo stage = event.stageInfo();
      Kind kind = Kind.of(stage);
      rdds.put(stage.stageId(), computed(stage));
      place(stage.stageId())
          .complete(places.computeIfAbsent(computed(stage), rdd -> new Place(kind, next(kind))));
    }

    /** Another job's stage does the same once more, where what it came to was lost. */
    private static int computed(StageInfo stage) {
      return stage.rddInfos().head().id();
    }

    @Override
    public void onJobStart(SparkListenerJobStart event) {
      if (JavaConverters.seqAsJavaList(event.stageInfos()).stream()
          .anyMatch(stage -> Kind.of(stage) == Kind.AVERAGE)) {
        averagingJobs.put(event.jobId(), next(Kind.BETWEEN));
      }
    }

    @Override
    public void onJobEnd(SparkListenerJobEnd event) {
      Integer number = averagingJobs.remove(event.jobId());
      for (Fault fault : faults) {
        if (number != null && fault.place().equals(new Place(Kind.BETWEEN, number))) {
          kill(fault, executors.values().iterator().next());
        }
      }
    }

    @Override
    public void onExecutorAdded(SparkListenerExecutorAdded event) {
      say("added %s", event.executorId());
      synchronized (present) {
        present.add(event.executorId());
        present.notifyAll();
      }
    }

    @Override
    public void onExecutorRemoved(SparkListenerExecutorRemoved event) {
      say("lost %s", event.executorId());
      executors.remove(event.executorId());
      synchronized (present) {
        present.remove(event.executorId());
      }
    }

    @Override
    public void onTaskEnd(SparkListenerTaskEnd event) {
      if (event.reason() instanceof ExceptionFailure) {
        say("failed %d", event.stageId());
      }
      if (event.taskInfo().speculative() && event.taskInfo().successful()) {
        say("overtaken %d", event.stageId());
      }
    }

    @FormatMethod
    private synchronized void say(String format, Object... values) {
      try {
        Files.writeString(
            log,
            format.formatted(values) + "\n",
            StandardOpenOption.CREATE,
            StandardOpenOption.APPEND);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
