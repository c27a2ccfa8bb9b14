// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import io.stoker.driver.cluster.ProcessMemory;
import io.stoker.driver.cluster.Slots;
import io.stoker.driver.spark.DriverTraffic;
import io.stoker.driver.spark.Placement;
import io.stoker.worker.runtime.RoundWork;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.storage.StorageLevel;

/**
 * Runs train stages, and the average stage after each. It owns the rendezvous at which the workers
 * of multi-round stages wait for each other.
 */
final class StageRunner implements AutoCloseable {
  private final JavaSparkContext spark;
  private final SliceAverage average;
  private final SliceSource frozen;
  private final Rendezvous.Patience patience;
  private final RoundsPerStage roundsPerStage;
  private final DriverTraffic traffic;

  /** Opened for the first multi-round stage. */
  private Optional<RendezvousEndpoint> rendezvous = Optional.empty();

  /**
   * @param spark the cluster
   * @param average how pieces are averaged
   * @param frozen where the parameters come from that are in no slice
   * @param patience how long workers of a multi-round stage wait for each other
   * @param roundsPerStage is told how long stages take
   */
  StageRunner(
      JavaSparkContext spark,
      SliceAverage average,
      SliceSource frozen,
      Rendezvous.Patience patience,
      RoundsPerStage roundsPerStage) {
    this.spark = spark;
    this.average = average;
    this.frozen = frozen;
    this.patience = patience;
    this.roundsPerStage = roundsPerStage;
    this.traffic = new DriverTraffic(spark.isLocal());
    spark.sc().addSparkListener(traffic);
  }

  /**
   * Whether all workers have slots now, and executors enough heap to exchange pieces in a stage.
   */
  boolean canExchange(int workers) {
    Slots slots = Slots.now(spark);
    return slots.count() >= workers
        && new ExchangeMemory(average.slices(), workers)
            .fits(slots.mostOnOneExecutor(workers), ProcessMemory.ofExecutors(spark));
  }

  /** How many tasks the cluster can run at the same time now. */
  int slots() {
    return Slots.now(spark).count();
  }

  /**
   * Trains rounds in one stage. If this fails, the slices from before remain current, and Spark may
   * have to compute them again.
   *
   * @param slices the job's; the slices after the rounds are made the current ones
   * @param rounds the work of each round
   * @param name the name of the first round for Spark's user interface
   * @param start when the first round began, in this attempt or an earlier one
   * @param finished receives the reports of rounds while later ones of the stage are trained
   * @return the reports of the other rounds
   */
  List<RoundReport> run(
      SliceGenerations slices,
      List<RoundWork> rounds,
      String name,
      long start,
      Consumer<RoundReport> finished) {
    long stageStart = System.nanoTime();
    Optional<RendezvousEndpoint> meeting =
        rounds.size() > 1 ? Optional.of(rendezvous(rounds.get(0).workers())) : Optional.empty();
    SliceRdd current = slices.current();
    Stage stage = new Stage(current, rounds, List.of(), meeting, name);
    StageReports reports = stage.reports(0, rounds.size(), current, start);
    // On a single executor all copies are lost together, so that older slices do not help there.
    boolean keepsCurrent = stage.placement.executors().size() > 1 || average.needsBefore();
    stage.compute(
        slices,
        () -> reports.finished().forEach(finished),
        () -> {
          slices.add(stage.trained::deleteExchanged);
          if (!keepsCurrent) {
            // The pieces are written. Deleting the slices now makes room for the averages.
            slices.releaseCurrent();
          }
        });
    roundsPerStage.completed(rounds.size(), (System.nanoTime() - stageStart) / 1e9);
    List<RoundReport> others = reports.others();
    slices.advance(stage.next, keepsCurrent);
    return others;
  }

  /**
   * Trains rounds that overlap in a stage each. A stage trains the rounds before its own again, for
   * the values with which each worker begins, so that later rounds take longer. All slices stay
   * until the last round is complete.
   *
   * @param slices the job's; the slices after the rounds are made the current ones
   * @param rounds the work of each round
   * @param name the name of the first round for Spark's user interface
   * @param finished receives the reports of the rounds
   */
  void runOneByOne(
      SliceGenerations slices,
      List<RoundWork> rounds,
      String name,
      Consumer<RoundReport> finished) {
    List<SliceRdd> results = new ArrayList<>();
    try {
      for (int round = 0; round < rounds.size(); round++) {
        long start = System.nanoTime();
        SliceRdd before = round == 0 ? slices.current() : results.get(round - 1);
        Stage stage =
            new Stage(
                slices.current(),
                rounds.subList(0, round + 1),
                List.copyOf(results),
                Optional.empty(),
                name);
        stage.compute(slices, () -> {}, () -> {});
        results.add(stage.next);
        roundsPerStage.completed(1, (System.nanoTime() - start) / 1e9 / (round + 1));
        stage.reports(round, round + 1, before, start).others().forEach(finished);
      }
    } catch (Exception | Error e) {
      results.forEach(slices::release);
      throw e;
    }
    slices.advance(results.remove(results.size() - 1), true);
    results.forEach(slices::release);
  }

  /** A train stage, and the slices that the average stage after it computes. */
  private final class Stage {
    private final Placement placement = Placement.along(spark);
    private final String name;
    private final String train;
    private final TrainStageRdd trained;
    private final SliceRdd next;

    Stage(
        SliceRdd first,
        List<RoundWork> rounds,
        List<SliceRdd> known,
        Optional<RendezvousEndpoint> meeting,
        String name) {
      this.name = name;
      this.train =
          rounds.size() == 1
              ? name + ": train"
              : String.format(Locale.ROOT, "%s: train, and %d more", name, rounds.size() - 1);
      // Spark names a stage after the call site of its last RDD, and of the job.
      spark.sc().setCallSite(train);
      this.trained =
          new TrainStageRdd(
              first,
              rounds,
              known,
              frozen,
              average,
              placement,
              meeting,
              roundsPerStage.roundTime());
      spark.sc().setCallSite(name + ": average");
      this.next = SliceRdd.averaged(trained);
      next.persist(StorageLevel.MEMORY_AND_DISK());
    }

    StageReports reports(int first, int rounds, SliceRdd before, long start) {
      return new StageReports(
          trained, first, rounds, before, next, traffic, spark.defaultParallelism(), start);
    }

    /**
     * Runs both stages.
     *
     * @param slices delete what is left if this fails
     * @param meanwhile is called several times a second while the workers train
     * @param betweenStages is called when they have trained
     */
    void compute(SliceGenerations slices, Runnable meanwhile, Runnable betweenStages) {
      try {
        spark.sc().setJobDescription(train);
        next.train(meanwhile);
        betweenStages.run();
        spark.sc().setJobDescription(name + ": average");
        next.materialize();
      } catch (Exception | Error e) {
        slices.release(next);
        throw e;
      } finally {
        spark.sc().clearCallSite();
      }
    }
  }

  private RendezvousEndpoint rendezvous(int workers) {
    if (rendezvous.isEmpty()) {
      rendezvous =
          Optional.of(
              new RendezvousEndpoint(
                  new Rendezvous(workers, this::slots, traffic, patience, System::nanoTime)));
    }
    return rendezvous.get();
  }

  @Override
  public void close() {
    rendezvous.ifPresent(RendezvousEndpoint::close);
    if (!spark.sc().isStopped()) {
      spark.sc().removeSparkListener(traffic);
    }
  }
}
