// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.search;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.stoker.driver.cluster.Slots;
import io.stoker.driver.run.RunLock;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import io.stoker.failure.ResourceException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
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
  private final JavaSparkContext spark;
  private final StudyFolder folder;
  private final StudyPlan plan;
  private final TrialJob job;
  private final StudyListener listener;
  private final int slots;

  @GuardedBy("this") private final List<Map<Integer, TrialResult>> results = new ArrayList<>();

  @GuardedBy("this") private final Places places;

  @GuardedBy("this") private int running;

  @GuardedBy("this") private int free;

  @GuardedBy("this") private Optional<RuntimeException> failure = Optional.empty();

  /**
   * A study.
   *
   * @param spark the cluster
   * @param folder where it is
   * @param plan what it is
   * @param jobs makes jobs of options
   * @param most how many slots trials may have together, if that is fewer than there are
   * @param listener is told of each result
   */
  public Study(
      JavaSparkContext spark,
      StudyFolder folder,
      StudyPlan plan,
      TrialOptions jobs,
      int most,
      StudyListener listener) {
    this.spark = spark;
    this.folder = folder;
    this.plan = plan;
    this.places = new Places(plan);
    this.job = new TrialJob(folder, plan, jobs);
    this.listener = listener;
    this.slots = Math.max(1, Math.min(most, Slots.now(spark).count()));
    this.free = slots;
    for (int rung = 0; rung < plan.rungs().size(); rung++) {
      results.add(new TreeMap<>());
    }
  }

  /**
   * Makes sure that each value of the space makes a job.
   *
   * @throws io.stoker.failure.InputException if one does not
   */
  public static void check(StudyPlan plan, TrialOptions jobs) {
    TrialJob job =
        new TrialJob(StudyFolder.at(new Path("/study"), new Configuration(false)), plan, jobs);
    plan.searchSpace().corners().forEach(values -> job.whole(0, values));
  }

  /**
   * Runs the study to its end, from where an earlier call left it.
   *
   * @throws io.stoker.failure.StokerException if it cannot go on; what is done is kept
   */
  public Standing run() {
    try (RunLock lock = folder.lock()) {
      folder.record(plan);
      synchronized (this) {
        for (TrialResult done : folder.results()) {
          results.get(done.rung()).put(done.trial(), done);
        }
        for (int rung = 0; rung < results.size(); rung++) {
          deleteLosers(rung); // A kill may have left some.
        }
      }
      List<Integer> entering = IntStream.range(0, plan.trials()).boxed().toList();
      for (int rung = 0; rung < plan.rungs().size(); rung++) {
        if (rung > 0) {
          entering = promoted(rung);
        }
        climb(entering, rung);
        folder.writeTable(standing().results(), standing().options());
        lock.requireOurs();
      }
      return standing();
    }
  }

  private synchronized List<Integer> promoted(int rung) {
    Map<Integer, TrialResult> below = results.get(rung - 1);
    List<Integer> best =
        below.values().stream()
            .filter(TrialResult::isDone)
            .sorted(TrialResult.BEST_FIRST)
            .limit(plan.rungs().get(rung).trials())
            .map(TrialResult::trial)
            .toList();
    Check.input(
        !best.isEmpty(),
        "All %d trials of study %s failed; the first: %s",
        below.size(),
        folder.path(),
        below.values().stream().map(TrialResult::reason).findFirst().orElse(""));
    return best;
  }

  /** Trains all trials of a rung that have no result yet. */
  private void climb(List<Integer> trials, int rung) {
    ExecutorService threads = Executors.newCachedThreadPool();
    try {
      for (int trial : trials) {
        ObjectNode values = awaitOptions(trial);
        if (!begin(trial, values, rung, threads)) {
          break;
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
    places.find(trial + 1, results.get(0));
    while (places.options().size() <= trial && failure.isEmpty()) {
      wait();
      places.find(trial + 1, results.get(0));
    }
    return failure.isEmpty() ? places.options().get(trial) : plan.searchSpace().fixed();
  }

  /** Starts a trial when there is room. */
  private synchronized boolean begin(
      int trial, ObjectNode values, int rung, ExecutorService threads) throws InterruptedException {
    if (results.get(rung).containsKey(trial)) {
      return true;
    }
    int needed = Math.min(slots, workers(trial, values));
    while (free < needed && failure.isEmpty()) {
      wait();
    }
    if (failure.isPresent()) {
      return false;
    }
    free -= needed;
    running++;
    threads.execute(() -> train(trial, values, rung, needed));
    return true;
  }

  private int workers(int trial, ObjectNode values) {
    try {
      return job.whole(trial, values).rounds().workers();
    } catch (InputException e) {
      return 1; // The trial will fail for that reason.
    }
  }

  private void train(int trial, ObjectNode values, int rung, int taken) {
    try {
      TrialResult result = job.train(spark, trial, values, rung);
      folder.write(result);
      ended(result, taken);
    } catch (RuntimeException e) {
      failed(e, taken);
    } catch (Error e) {
      failed(new IllegalStateException("Trial " + trial + " failed: " + e, e), taken);
      throw e;
    }
  }

  private synchronized void ended(TrialResult result, int taken) {
    running--;
    free += taken;
    results.get(result.rung()).put(result.trial(), result);
    try {
      deleteLoser(result);
      listener.ended(result, standing());
    } catch (RuntimeException e) {
      failure = Optional.of(failure.orElse(e));
    }
    notifyAll();
  }

  /** Trials that enough others have beaten on a rung will not go on, whatever is to come. */
  @GuardedBy("this") private void deleteLosers(int rung) {
    ranked(rung).skip(kept(rung)).forEach(this::deleteCheckpoints);
  }

  /** Deletes the checkpoints of the one trial that a result makes a loser, if there is one. */
  @GuardedBy("this") private void deleteLoser(TrialResult result) {
    List<TrialResult> ranked = ranked(result.rung()).toList();
    int loser = Math.max(ranked.indexOf(result), kept(result.rung()));
    ranked.stream().skip(loser).findFirst().ifPresent(this::deleteCheckpoints);
  }

  @GuardedBy("this") private Stream<TrialResult> ranked(int rung) {
    return results.get(rung).values().stream().sorted(TrialResult.BEST_FIRST);
  }

  private int kept(int rung) {
    return rung + 1 < plan.rungs().size() ? plan.rungs().get(rung + 1).trials() : 1;
  }

  private void deleteCheckpoints(TrialResult loser) {
    folder.deleteCheckpoints(loser.trial());
  }

  private synchronized void failed(RuntimeException e, int taken) {
    running--;
    free += taken;
    failure = Optional.of(failure.orElse(e));
    notifyAll();
  }

  private synchronized void rethrow() {
    if (failure.isPresent()) {
      throw failure.get();
    }
  }

  private synchronized Standing standing() {
    List<TrialResult> all =
        results.stream()
            .flatMap(rung -> rung.values().stream())
            .sorted(Comparator.comparingInt(TrialResult::rung).thenComparingInt(TrialResult::trial))
            .toList();
    return new Standing(plan, places.options(), all, running);
  }

  private void awaitEnd(ExecutorService threads) {
    try {
      boolean ended = false;
      while (!ended) {
        ended = threads.awaitTermination(1, TimeUnit.DAYS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw interrupted(e);
    }
  }

  private ResourceException interrupted(InterruptedException e) {
    return new ResourceException(
        "Interrupted while study %s runs: the same command with --resume goes on"
            .formatted(folder.path()),
        e);
  }
}
