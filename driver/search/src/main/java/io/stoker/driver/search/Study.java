// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.search;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.stoker.driver.config.TrackingConfig;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.round.StudyWatch;
import io.stoker.driver.run.RunLock;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import io.stoker.failure.ResourceException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * Runs a study: trials side by side in one Spark application, as many as the slots have room for.
 * Which trials there are, and which of them go on, depends on the results by their numbers and
 * never on which came first, so that a study has the same winner on any number of slots, and after
 * it was killed and resumed.
 */
public final class Study {
  /** How often to look for slots that have come, while no trial ends. */
  private static final long LOOK_MILLISECONDS = 2000;

  private final JavaSparkContext spark;
  private final StudyFolder folder;
  private final StudyPlan plan;
  private final TrialJob job;
  private final FoldResults folds;
  private final StudyListener listener;
  private final IntSupplier slots;
  private TrackingConfig tracking = new TrackingConfig("");
  private StudyWatch watch = StudyWatch.NONE;

  @GuardedBy("this") private final StudyResults results;

  @GuardedBy("this") private final Places places;

  @GuardedBy("this") private int running;

  @GuardedBy("this") private int taken;

  @GuardedBy("this") private boolean stopped;

  @GuardedBy("this") private Optional<RuntimeException> failure = Optional.empty();

  /**
   * A study.
   *
   * @param spark the cluster
   * @param folder where it is
   * @param plan what it is
   * @param jobs makes jobs of options
   * @param slots how many slots trials may have together now; it may change
   * @param listener is told of each result
   */
  public Study(
      JavaSparkContext spark,
      StudyFolder folder,
      StudyPlan plan,
      TrialOptions jobs,
      IntSupplier slots,
      StudyListener listener) {
    this.spark = spark;
    this.folder = folder;
    this.plan = plan;
    this.places = new Places(plan);
    this.folds = new FoldResults(plan.runs().size());
    this.job = new TrialJob(folder, plan, jobs, folds);
    this.listener = listener;
    this.slots = slots;
    this.results = new StudyResults(plan);
  }

  /** Has the study and its trials logged to a tracking server, if one is named. */
  public Study logTo(TrackingConfig server) {
    tracking = server;
    return this;
  }

  /**
   * Makes sure that each value of the space makes a job.
   *
   * @return a job for each of these values
   * @throws io.stoker.failure.InputException if one does not
   */
  public static List<TrainingConfig> check(StudyPlan plan, TrialOptions jobs) {
    TrialJob job =
        new TrialJob(
            StudyFolder.at(new Path("/study"), new Configuration(false)),
            plan,
            jobs,
            new FoldResults(plan.runs().size()));
    List<TrainingConfig> checked = new ArrayList<>();
    for (ObjectNode values : plan.searchSpace().corners()) {
      TrainingConfig trial = job.whole(0, plan.runs().get(0), values);
      checked.add(plan.folds() > 0 ? job.unvalidated(trial, values) : trial);
    }
    return checked;
  }

  /**
   * Runs the study to its end, from where an earlier call left it.
   *
   * @throws io.stoker.failure.StokerException if it cannot go on; what is done is kept
   */
  public Standing run() {
    try (RunLock lock = folder.lock()) {
      folder.record(plan);
      return watched(lock);
    }
  }

  private Standing watched(RunLock lock) {
    try (StudyWatch shown = StudyTracking.start(tracking, folder, plan, spark)) {
      watch = shown;
      Standing end = climb(lock);
      shown.ended();
      return end;
    }
  }

  private Standing climb(RunLock lock) {
    synchronized (this) {
      for (TrialResult done : folder.results(plan)) {
        results.add(done);
      }
      places.find(plan.trials(), results.rung(0)); // Later trials may have ended before earlier.
      for (int rung = 0; rung < results.rungs() && plan.costs().isEmpty(); rung++) {
        deleteLosers(rung); // A kill may have left some.
      }
    }
    List<Integer> entering = IntStream.range(0, plan.trials()).boxed().toList();
    for (int rung = 0; rung < rungs(); rung++) {
      if (rung > 0) {
        entering = promoted(rung);
      }
      climb(entering, rung);
      deleteLosersByCosts(rung);
      folder.writeTables(standing());
      lock.requireOurs();
    }
    return standing();
  }

  private synchronized int rungs() {
    return results.rungs();
  }

  private synchronized List<Integer> promoted(int rung) {
    Collection<TrialResult> lowest = results.rung(0).values();
    Check.input(
        lowest.stream().anyMatch(TrialResult::isDone),
        "All %d trials of study %s failed; the first: %s",
        lowest.size(),
        folder.path(),
        lowest.stream().map(TrialResult::reason).findFirst().orElse(""));
    return results.promoted(rung);
  }

  /** Trains all trials of a rung that have no result yet. */
  private void climb(List<Integer> trials, int rung) {
    ExecutorService threads = Executors.newCachedThreadPool();
    try {
      for (int trial : trials) {
        ObjectNode values = awaitOptions(trial);
        for (int number : plan.runs()) {
          begin(trial, number, values, rung, threads);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw interrupted(e);
    } finally {
      threads.shutdown();
      awaitEnd(threads);
    }
    rethrow();
  }

  /** The options of a trial, once the results that they depend on are there. */
  private synchronized ObjectNode awaitOptions(int trial) throws InterruptedException {
    places.find(trial + 1, results.rung(0));
    while (places.options().size() <= trial && failure.isEmpty()) {
      wait();
      places.find(trial + 1, results.rung(0));
    }
    return failure.isEmpty() ? places.options().get(trial) : plan.searchSpace().fixed();
  }

  /** Starts a run of a trial when there is room, unless the study has failed. */
  private synchronized void begin(
      int trial, int number, ObjectNode values, int rung, ExecutorService threads)
      throws InterruptedException {
    if (failure.isPresent() || results.rung(rung).containsKey(trial)) {
      return;
    }
    int workers = workers(trial, values);
    while (failure.isEmpty() && taken > 0 && taken + workers > slots.getAsInt()) {
      wait(LOOK_MILLISECONDS);
    }
    if (failure.isEmpty()) {
      taken += workers;
      running++;
      threads.execute(() -> train(trial, number, values, rung, workers));
    }
  }

  private int workers(int trial, ObjectNode values) {
    try {
      return job.whole(trial, plan.runs().get(0), values).rounds().workers();
    } catch (InputException e) {
      return 1; // The trial will fail for that reason.
    }
  }

  private void train(int trial, int number, ObjectNode values, int rung, int workers) {
    try {
      Optional<TrialResult> result =
          folds
              .add(number, job.train(spark, trial, number, values, rung, watch))
              .filter(this::isItsOwn);
      result.ifPresent(folder::write);
      ended(result, workers);
    } catch (Exception | Error e) { // Spark's, which it does not declare; Hadoop's, of full disks.
      failed(unchecked(e), workers);
    }
  }

  /** False for a failure that the study's interrupt may have caused: it must not be recorded. */
  private synchronized boolean isItsOwn(TrialResult result) {
    return result.isDone() || !stopped;
  }

  private synchronized void ended(Optional<TrialResult> result, int workers) {
    running--;
    taken -= workers;
    if (result.isPresent()) {
      ended(result.get());
    }
    notifyAll();
  }

  @GuardedBy("this") private void ended(TrialResult result) {
    results.add(result);
    try {
      if (plan.costs().isEmpty()) {
        results.loser(result).ifPresent(this::deleteCheckpoints);
      }
      Standing standing = standing();
      StudyTracking.progressed(watch, result, standing);
      listener.ended(result, standing);
    } catch (Exception | Error e) {
      failure = Optional.of(failure.orElse(unchecked(e)));
    }
  }

  private static RuntimeException unchecked(Throwable failure) {
    return failure instanceof RuntimeException known
        ? known
        : new IllegalStateException("A trial failed: " + failure, failure);
  }

  @GuardedBy("this") private void deleteLosers(int rung) {
    results.losers(rung).forEach(this::deleteCheckpoints);
  }

  /**
   * With costs, a result can move others up in the order, so losers are known when all trials of a
   * rung have ended.
   */
  private synchronized void deleteLosersByCosts(int rung) {
    if (!plan.costs().isEmpty()) {
      deleteLosers(rung);
    }
  }

  private void deleteCheckpoints(TrialResult loser) {
    folder.deleteCheckpoints(plan, loser.trial());
  }

  private synchronized void failed(RuntimeException e, int workers) {
    running--;
    taken -= workers;
    failure = Optional.of(failure.orElse(e));
    notifyAll();
  }

  private synchronized void rethrow() {
    if (failure.isPresent()) {
      throw failure.get();
    }
  }

  private synchronized Standing standing() {
    return new Standing(plan, places.options(), results.all(), running);
  }

  /**
   * Waits until no trial runs. If this thread is interrupted, it interrupts the trials, and waits
   * for them too: one that goes on would write to a study that somebody else has resumed.
   */
  private void awaitEnd(ExecutorService threads) {
    Optional<InterruptedException> interruption = Optional.empty();
    boolean ended = false;
    while (!ended) {
      try {
        ended = threads.awaitTermination(1, TimeUnit.DAYS);
      } catch (InterruptedException e) {
        interruption = Optional.of(e);
        stop(threads);
      }
    }
    if (interruption.isPresent()) {
      Thread.currentThread().interrupt();
      throw interrupted(interruption.get());
    }
  }

  private synchronized void stop(ExecutorService threads) {
    stopped = true;
    threads.shutdownNow();
  }

  private ResourceException interrupted(InterruptedException e) {
    return new ResourceException(
        "Interrupted while study %s runs: the same command with --resume goes on"
            .formatted(folder.path()),
        e);
  }
}
