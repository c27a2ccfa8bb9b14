// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import io.stoker.driver.cluster.Slots;
import io.stoker.driver.spark.DriverTraffic;
import io.stoker.driver.spark.Placement;
import io.stoker.driver.spark.RunningTasks;
import io.stoker.worker.runtime.RoundWork;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.spark.SparkContext;

/**
 * Runs train stages, and the average stage after each. It owns the rendezvous at which the workers
 * of multi-round stages wait for each other.
 */
final class StageRunner implements AutoCloseable {
  /** How long after workers were told to leave a stage Spark cancels it. */
  private static final Duration CANCEL_AFTER = Duration.ofSeconds(10);

  /** How long a job's first round may take, because its time is not known yet. */
  private static final Duration LONG_ROUND = Duration.ofMinutes(5);

  private final AveragingJob job;
  private final SliceLifetime slices;
  private final RoundsPerStage roundsPerStage;
  private final DriverTraffic traffic;
  private final Rendezvous rendezvous;

  /**
   * @param slices the job's; a stage begins with the current ones, and makes its own the current
   *     ones
   * @param roundsPerStage is told how long stages take
   */
  StageRunner(AveragingJob job, SliceLifetime slices, RoundsPerStage roundsPerStage) {
    this.job = job;
    this.slices = slices;
    this.roundsPerStage = roundsPerStage;
    this.traffic = new DriverTraffic(job.spark().isLocal());
    spark().addSparkListener(traffic);
    this.rendezvous =
        Rendezvous.open(
            () -> Slots.now(job.spark()).count(),
            RunningTasks.of(job.spark()),
            traffic,
            job.quorum() < 1);
  }

  private SparkContext spark() {
    return job.spark().sc();
  }

  /** How many rounds a stage may hold at most, whatever the cluster is. */
  int mostRounds(int workers) {
    return StageBlocks.mostRounds(job.average().slices().count(), workers);
  }

  /**
   * Trains rounds in one stage. If this fails, the slices from before remain current, and Spark may
   * have to compute them again.
   *
   * @param rounds what workers have to do; rounds that have ended without some workers are replaced
   *     by rounds in which these have nothing to do, also if this fails
   * @param name the name of the first round for Spark's user interface
   * @param start when the first round began, in this attempt or an earlier one
   * @param failures how many attempts have failed; after each one workers wait twice as long
   * @param finished receives the reports of rounds while later ones of the stage are trained
   * @return the reports of the other rounds
   */
  List<RoundReport> run(
      List<RoundWork> rounds,
      String name,
      long start,
      int failures,
      Consumer<RoundReport> finished) {
    long stageStart = System.nanoTime();
    Stage stage = new Stage(rounds, name, start, allowance(rounds, failures));
    // On a single executor all copies are lost together, so that older slices do not help there.
    boolean keepsCurrent = stage.placement.executors().size() > 1 || job.average().needsBefore();
    stage.compute(
        () -> stage.finished().forEach(finished),
        () -> slices.trained(stage.trained, keepsCurrent));
    roundsPerStage.completed(
        rounds.size(),
        rounds.stream().mapToLong(RoundWork::stepCount).sum(),
        (System.nanoTime() - stageStart) / 1e9);
    List<RoundReport> others = stage.others();
    slices.averaged();
    return others;
  }

  private Optional<StageRules.Quorum> quorum(List<RoundWork> rounds) {
    int workers = rounds.get(0).workers();
    int least = StageRules.Quorum.least(job.quorum(), workers);
    if (least >= workers) {
      return Optional.empty();
    }
    Set<Integer> whole =
        IntStream.range(0, rounds.size())
            .filter(round -> rounds.get(round) instanceof PartialWork)
            .boxed()
            .collect(Collectors.toSet());
    Duration before = roundsPerStage.roundTime(rounds.get(0).stepCount());
    return Optional.of(new StageRules.Quorum(least, whole, before));
  }

  /** How much longer workers wait for each other, because a worker may have to train a round. */
  private Duration allowance(List<RoundWork> rounds, int failures) {
    int steps = rounds.stream().mapToInt(RoundWork::stepCount).max().orElseThrow();
    Duration known = roundsPerStage.roundTime(steps);
    Duration round = known.isZero() && job.average().overlaps() ? LONG_ROUND : known;
    return round.multipliedBy(2L << failures);
  }

  /**
   * A train stage, and the slices that the average stage after it computes. It makes the reports of
   * its rounds, in their order, each once.
   */
  private final class Stage {
    private final Placement placement = Placement.along(job.spark());
    private final List<RoundWork> work;
    private final int rounds;
    private final String name;
    private final String train;
    private final SliceRdd before;
    private final TrainStageRdd trained;
    private final SliceRdd next;

    private int reported;
    private long began;

    /**
     * @param start when the first round began, as of {@link System#nanoTime}
     * @param allowance how much longer than usual workers wait for each other
     */
    Stage(List<RoundWork> rounds, String name, long start, Duration allowance) {
      this.work = rounds;
      this.rounds = rounds.size();
      this.name = name;
      this.began = start;
      this.before = slices.current();
      this.train =
          rounds.size() == 1
              ? name + ": train"
              : String.format(Locale.ROOT, "%s: train, and %d more", name, rounds.size() - 1);
      // Spark names a stage after the call site of its last RDD, and of the job.
      spark().setCallSite(train);
      this.trained =
          new TrainStageRdd(job, before, rounds, placement, rendezvous, allowance, quorum(rounds));
      spark().setCallSite(name + ": average");
      this.next = slices.train(trained);
    }

    /**
     * Runs both stages.
     *
     * @param meanwhile is called several times a second while the workers train
     * @param betweenStages is called when they have trained
     */
    void compute(Runnable meanwhile, Runnable betweenStages) {
      try {
        spark().setJobDescription(train);
        next.train(meanwhile, this::cancellation);
        betweenStages.run();
        spark().setJobDescription(name + ": average");
        next.materialize();
        keepMembers();
      } catch (Exception | Error e) {
        keepMembers();
        slices.failed();
        if (rendezvous.failure().isPresent()) {
          throw rendezvous.failure().get();
        }
        throw e;
      } finally {
        spark().clearCallSite();
      }
    }

    /** Has rounds that are trained again, from here or from a checkpoint, have the same members. */
    private void keepMembers() {
      for (int round = 0; round < rounds; round++) {
        work.set(round, PartialWork.of(work.get(round), trained.absent(round)));
      }
    }

    /**
     * Why Spark must cancel the train stage: the rendezvous has failed, or workers were told to
     * leave the stage some time ago. If no executor is left, Spark has no task that could say so.
     */
    private Optional<RuntimeException> cancellation() {
      if (rendezvous.failure().isPresent()) {
        return Optional.of(rendezvous.failure().get());
      }
      return rendezvous
          .abortedFor(trained.id())
          .filter(time -> time.compareTo(CANCEL_AFTER) > 0)
          .map(
              time ->
                  new StageAbortedException(
                      "The workers' stage does not end after it was aborted: "
                          + rendezvous.aborted(trained.id()).orElseThrow()));
    }

    /**
     * The reports of rounds that have finished since the last call, while the stage runs. A round
     * has finished when all workers have stored their pieces of the next one: they have then also
     * reported the averages between the two.
     */
    List<RoundReport> finished() {
      int end = reported;
      while (end + 2 < rounds && trained.completed(end + 1) > 0) {
        end++;
      }
      return upTo(end);
    }

    /** The reports of the other rounds, when the averages are computed. */
    List<RoundReport> others() {
      return upTo(rounds);
    }

    private List<RoundReport> upTo(int end) {
      List<RoundReport> reports = new ArrayList<>();
      if (reported == end) {
        return reports;
      }
      Map<Integer, List<TaskReport>> tasks = trained.reports();
      int count = end - reported;
      long driverBytes = traffic.take();
      for (int i = 0; i < count; i++, reported++) {
        boolean last = reported == rounds - 1;
        long ended = last ? System.nanoTime() : trained.completed(reported);
        reports.add(
            TaskReport.ofRound(
                tasks.get(reported),
                trained.absent(reported),
                reported == 0 ? before.reports() : averages(tasks.get(reported)),
                last ? next.reports() : averages(tasks.get(reported + 1)),
                spark().defaultParallelism(),
                (ended - began) / 1e9,
                driverBytes * (i + 1) / count - driverBytes * i / count));
        began = ended;
      }
      return reports;
    }

    private static List<SliceReport> averages(List<TaskReport> tasks) {
      return tasks.stream().flatMap(task -> task.averages().stream()).toList();
    }
  }

  @Override
  public void close() {
    rendezvous.close();
    if (!spark().isStopped()) {
      spark().removeSparkListener(traffic);
    }
  }
}
