// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import io.stoker.data.pack.SharedStorage;
import io.stoker.driver.averaging.OverlapNeeds;
import io.stoker.driver.averaging.SharedParameters;
import io.stoker.driver.checkpoint.Calibration;
import io.stoker.driver.checkpoint.Checkpoint;
import io.stoker.driver.checkpoint.StoredModel;
import io.stoker.driver.cluster.Gang;
import io.stoker.driver.cluster.Slots;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.evaluate.CalibrateJob;
import io.stoker.driver.evaluate.EvaluateRequest;
import io.stoker.driver.evaluate.Inference;
import io.stoker.driver.job.ExistingRun;
import io.stoker.driver.job.Preflight;
import io.stoker.driver.job.ResolvedJob;
import io.stoker.driver.job.TrainingRun;
import io.stoker.driver.job.WorkBySpeed;
import io.stoker.driver.metrics.EpochLosses;
import io.stoker.driver.metrics.MetricsLog;
import io.stoker.driver.run.ModelFiles;
import io.stoker.driver.run.RunFolder;
import io.stoker.driver.run.RunLock;
import io.stoker.driver.slice.SliceSource;
import io.stoker.driver.spark.SparkFailures;
import io.stoker.failure.Check;
import io.stoker.models.file.TrainingClock;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Trains a model: resolves the job, checks it, runs its rounds, and returns the result. */
public final class TrainJob {
  private static final Logger LOG = LoggerFactory.getLogger(TrainJob.class);

  private TrainJob() {}

  /**
   * Runs a job to its end.
   *
   * @param spark the cluster
   * @param requested the job
   * @param existing what to do with a run that is there already
   * @param observer is told of each round; its failures are logged
   * @throws io.stoker.failure.StokerException if the job, its data or its run folder cannot be used
   */
  public static TrainResult run(
      JavaSparkContext spark,
      TrainingConfig requested,
      ExistingRun existing,
      RoundListener observer) {
    return run(spark, requested, existing, RoundListeners.observing(observer));
  }

  /**
   * Runs a job to its end. If the application trains others, it waits until its workers have slots
   * next to theirs.
   *
   * @param spark the cluster
   * @param requested the job
   * @param existing what to do with a run that is there already
   * @param listeners are told of each round
   * @throws io.stoker.failure.StokerException if the job, its data or its run folder cannot be used
   */
  public static TrainResult run(
      JavaSparkContext spark,
      TrainingConfig requested,
      ExistingRun existing,
      RoundListeners listeners) {
    return run(spark, requested, existing, Optional.empty(), listeners);
  }

  /**
   * Runs a job to its end, with the workers that took part in each round of another run.
   *
   * @param replayed the other run's folder; empty for a job that has no record to follow
   */
  public static TrainResult run(
      JavaSparkContext spark,
      TrainingConfig requested,
      ExistingRun existing,
      Optional<String> replayed,
      RoundListeners listeners) {
    int workers = requested.rounds().workers();
    JobQueue queue = JobQueue.of(spark.sc());
    queue.await("run " + requested.run(), workers, () -> Slots.now(spark).count());
    try {
      return runNow(spark, requested, existing, replayed, listeners);
    } finally {
      queue.end(workers);
    }
  }

  private static TrainResult runNow(
      JavaSparkContext spark,
      TrainingConfig requested,
      ExistingRun existing,
      Optional<String> replayed,
      RoundListeners listeners) {
    Check.input(
        !requested.averaging().hasQuorum() || replayed.isPresent() || !Gang.isAsked(spark),
        "Cannot use --quorum with --gang: a round that must have all workers cannot end without"
            + " some (leave one of them out)");
    if (existing == ExistingRun.NONE) {
      throw new IllegalArgumentException("A job is trained in a run folder");
    }
    ResolvedJob job = ResolvedJob.of(spark, requested, existing);
    job.check();
    Optional<RecordedRounds> record =
        replayed.map(uri -> RecordedRounds.of(uri, job, spark.hadoopConfiguration()));
    spark.setJobGroup("train " + job.folder().path().getName(), "train: check the cluster");
    try {
      return SparkFailures.unwrapped(() -> runLocked(spark, job, record, listeners));
    } finally {
      if (!spark.sc().isStopped()) {
        spark.clearJobGroup();
      }
    }
  }

  private static TrainResult runLocked(
      JavaSparkContext spark,
      ResolvedJob job,
      Optional<RecordedRounds> record,
      RoundListeners listeners) {
    TrainingRun run = job.run();
    int workers = run.config().rounds().workers();
    run.groups()
        .largestAfter(clock(job.beginning().resumed()).round())
        .ifPresent(rounds -> OverlapNeeds.awaitBeforeJob(spark, run.slices(), workers, rounds));
    Preflight.check(spark, job.engine(), workers, run.memoryNeed());
    try (RunLock lock = job.folder().lock()) {
      Optional<StoredModel> resumed = job.beginning().resumed();
      if (job.recorded().isPresent()) {
        prepareToResume(run, job.folder(), resumed);
      }
      record(spark, job);
      TrainResult result = train(spark, job, record, listeners);
      if (run.config().validation().calibrate()) {
        calibrate(spark, run.config(), job.folder());
      }
      lock.requireOurs();
      return result;
    }
  }

  /** The best or last checkpoint, unless an earlier call has done it. */
  private static void calibrate(JavaSparkContext spark, TrainingConfig config, RunFolder folder) {
    String run = folder.path().toString();
    if (ModelFiles.open(run, spark.hadoopConfiguration()).calibration().isPresent()) {
      return;
    }
    folder.requireHeld();
    Calibration calibration =
        CalibrateJob.run(
            spark,
            new EvaluateRequest(
                new Inference(
                    run, config.engine(), config.validation().views(), config.arithmetic()),
                config.data().uri(),
                config.validation().split(),
                config.rounds().batch(),
                1));
    LOG.info("Calibrated: {}", calibration.text());
  }

  private static void prepareToResume(
      TrainingRun run, RunFolder folder, Optional<StoredModel> newest) {
    newest.ifPresentOrElse(
        stored -> LOG.info("Resuming from {}", stored.path().getParent()),
        () -> LOG.warn("Run {} has no valid checkpoint: beginning again", folder.path()));
    long done = clock(newest).round();
    Check.input(
        done <= run.plan().rounds(),
        "Cannot resume run %s for %d epochs: it has done %d rounds, that is more than %d",
        folder.path(),
        run.config().rounds().epochs(),
        done,
        run.plan().rounds());
    folder.checkpoints().deleteUnfinished();
  }

  private static void record(JavaSparkContext spark, ResolvedJob job) {
    boolean fit = false;
    try {
      job.record(spark.version());
      SharedStorage.require(spark, job.folder().path(), job.run().sharedFiles());
      fit = true;
    } finally {
      if (!fit && job.recorded().isEmpty()) {
        job.folder().forget();
      }
    }
  }

  private static TrainResult train(
      JavaSparkContext spark,
      ResolvedJob job,
      Optional<RecordedRounds> record,
      RoundListeners requested) {
    TrainingRun run = job.run();
    RunFolder folder = job.folder();
    Optional<StoredModel> resumed = job.beginning().resumed();
    TrainingClock clock = clock(resumed);
    Configuration hadoop = spark.hadoopConfiguration();
    try (MetricsLog metrics =
            MetricsLog.open(folder.path(), (int) clock.round(), hadoop, folder::requireHeld);
        SharedParameters parameters = parameters(spark, run, resumed, clock, record.isPresent())) {
      Validation validation = new Validation(spark, run, folder, parameters, clock);
      RateHistory rates = new RateHistory(run, losses(run, folder, clock, hadoop), validation);
      MedianSpeed speed = new MedianSpeed();
      RoundListeners listeners =
          RoundListeners.required(new MetricsRecorder(metrics), rates, speed)
              .and(RoundListeners.observing(new TrainingLog(), TrainingPlugin.listener()))
              .and(requested);
      RoundTimer timer = new RoundTimer();
      try (Checkpointing checkpoints =
          new Checkpointing(
              run,
              parameters,
              validation::pinnedRounds,
              listeners,
              timer,
              resumed.flatMap(StoredModel::checkpoint))) {
        TrainingStages stages =
            new TrainingStages(
                run, parameters, gang(spark, run), timer, speeds(run, folder, hadoop), record);
        Progress progress =
            new TrainingLoop(run, stages, rates, checkpoints, validation, listeners).train(clock);
        Checkpoint last =
            checkpoints.last().orElseThrow(() -> new IllegalStateException("A job of no rounds"));
        TrainResult result =
            TrainResult.of(run, folder, progress, speed.imagesPerSecond(), last, validation);
        result.earlyStop().ifPresent(stop -> LOG.info("Training ends early: {}", stop.reason()));
        return result;
      }
    }
  }

  private static EpochLosses losses(
      TrainingRun run, RunFolder folder, TrainingClock clock, Configuration hadoop) {
    EpochLosses losses = EpochLosses.of(MetricsLog.read(folder.path(), hadoop));
    Check.undamaged(
        !run.watchesTrainingLoss() || losses.rounds() == clock.round(),
        "Cannot resume run %s: its schedule needs the loss of each round, and %s has %d of %d",
        folder.path(),
        MetricsLog.FILE,
        losses.rounds(),
        clock.round());
    return losses;
  }

  /** Those of the rounds before the checkpoint with which a run is resumed. */
  private static WorkBySpeed speeds(TrainingRun run, RunFolder folder, Configuration hadoop) {
    WorkBySpeed speeds = new WorkBySpeed(run.config().rounds().workers());
    if (run.config().averaging().workBySpeed()) {
      MetricsLog.read(folder.path(), hadoop)
          .forEach(round -> speeds.roundFinished(round.workers()));
    }
    return speeds;
  }

  private static SharedParameters parameters(
      JavaSparkContext spark,
      TrainingRun run,
      Optional<StoredModel> resumed,
      TrainingClock clock,
      boolean isReplayed) {
    SliceSource source =
        resumed.<SliceSource>map(StoredModel::vectors).orElseGet(run::firstParameters);
    try (DataPrefetch workers = DataPrefetch.begin(spark, run, clock)) {
      SharedParameters parameters =
          SharedParameters.load(
              spark,
              run.average(),
              source,
              run.frozenParameters(),
              isReplayed ? 1 : run.config().averaging().quorum());
      workers.await();
      return parameters;
    }
  }

  private static Optional<Gang> gang(JavaSparkContext spark, TrainingRun run) {
    return Gang.isAsked(spark)
        ? Optional.of(Gang.inJob(spark, run.config().rounds().workers()))
        : Optional.empty();
  }

  private static TrainingClock clock(Optional<StoredModel> resumed) {
    return resumed.map(stored -> stored.metadata().clock()).orElse(TrainingClock.START);
  }
}
