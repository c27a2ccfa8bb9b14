// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.search;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.config.ValidationConfig;
import io.stoker.driver.job.ExistingRun;
import io.stoker.driver.metrics.RoundMetrics;
import io.stoker.driver.metrics.ValidationMetrics;
import io.stoker.driver.round.DivergedException;
import io.stoker.driver.round.RoundListener;
import io.stoker.driver.round.RoundListeners;
import io.stoker.driver.round.RunWatch;
import io.stoker.driver.round.StudyWatch;
import io.stoker.driver.round.TrainJob;
import io.stoker.driver.round.TrainResult;
import io.stoker.driver.round.WatchedRun;
import io.stoker.driver.run.RunFolder;
import io.stoker.driver.search.TrialResult.State;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * Trains a trial up to a rung. A trial is an ordinary run whose schedule ends with the epochs of a
 * whole training: a lower rung stops it earlier, and the next rung resumes it. So the winner has
 * the parameters of a run that was never stopped.
 *
 * @param folder the study's
 * @param plan the study
 * @param options makes jobs of options
 * @param folds the results of runs whose trials have not ended
 */
record TrialJob(StudyFolder folder, StudyPlan plan, TrialOptions options, FoldResults folds) {
  /** A run whose trial has failed without it. */
  private static final class NeedlessException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    NeedlessException() {
      super("A fold before this one has failed, and so has the trial");
    }
  }

  /** The options of a trial as a recipe that trains it whole, without data and run folder. */
  static ObjectNode recipe(StudyPlan plan, ObjectNode options) {
    ObjectNode recipe = options.deepCopy();
    recipe.put("epochs", plan.epochs());
    return plan.folds() == 0 ? validated(plan, recipe) : recipe;
  }

  private static ObjectNode validated(StudyPlan plan, ObjectNode recipe) {
    recipe.put("validate-every", ValidationConfig.EPOCH);
    recipe.put("validation-split", plan.split());
    recipe.put("metric", plan.metric().toString());
    return recipe;
  }

  /**
   * The job of a whole training.
   *
   * @param number one of {@link StudyPlan#runs}
   */
  TrainingConfig whole(int trial, int number, ObjectNode values) {
    ObjectNode recipe = validated(plan, recipe(plan, values));
    recipe.put("data", folder.data(plan, number));
    recipe.put("run", folder.run(trial, number).toString());
    recipe.put("keep", 1);
    return options.job("trial " + trial, recipe);
  }

  /**
   * The job that trains the options of a trial on the whole split, where nothing validates.
   *
   * @param trial the job of one of the folds
   * @throws InputException if there is none, or it would train in another way
   */
  TrainingConfig unvalidated(TrainingConfig trial, ObjectNode values) {
    Check.input(
        !trial.optimizer().schedule().watchesLoss(),
        "Invalid schedule: plateau with folds (it follows the loss of their validations, and a"
            + " training on the whole split has none)");
    ObjectNode recipe = recipe(plan, values);
    recipe.put("data", trial.data().uri());
    recipe.put("run", trial.run());
    return options.job("the recipe of a trial, which has no validation,", recipe);
  }

  /**
   * Trains.
   *
   * @param trial the trial
   * @param number one of {@link StudyPlan#runs}
   * @param values its options
   * @param rung the number of the rung
   * @param watch shows the study elsewhere
   * @throws io.stoker.failure.StokerException if the study cannot go on
   */
  TrialResult train(
      JavaSparkContext spark,
      int trial,
      int number,
      ObjectNode values,
      int rung,
      StudyWatch watch) {
    long start = System.nanoTime();
    int epochs = plan.rungs(trial).get(rung).epochs();
    ExistingRun existing =
        folder.hasRun(folder.run(trial, number)) ? ExistingRun.RESUME : ExistingRun.REFUSE;
    try {
      TrainingConfig job = whole(trial, number, values).toBuilder().epochs(epochs).build();
      requireNeeded(trial, number);
      WatchedRun run = new WatchedRun(job, existing, Optional.empty(), spark.hadoopConfiguration());
      try (RunWatch shown = watch.watch(run)) {
        RoundListeners listeners =
            RoundListeners.required(stopping(trial, number)).and(RoundListeners.observing(shown));
        TrainResult trained = TrainJob.run(spark, job, existing, listeners);
        return result(trial, rung, trained, secondsSince(start), spark.hadoopConfiguration());
      }
    } catch (NeedlessException e) {
      return TrialResult.failed(
          trial, rung, epochs, State.FAILED, secondsSince(start), e.getMessage());
    } catch (DivergedException e) {
      return TrialResult.failed(
          trial, rung, epochs, State.DIVERGED, secondsSince(start), e.getMessage());
    } catch (InputException e) {
      if (existing == ExistingRun.RESUME) {
        throw e;
      }
      return TrialResult.failed(
          trial, rung, epochs, State.FAILED, secondsSince(start), e.getMessage());
    }
  }

  private RoundListener stopping(int trial, int number) {
    return new RoundListener() {
      @Override
      public void roundFinished(RoundMetrics metrics) {
        requireNeeded(trial, number);
      }
    };
  }

  /** The first fold that fails decides, so those after it have no influence any more. */
  private void requireNeeded(int trial, int number) {
    if (folds.hasFailedBefore(number, trial)) {
      throw new NeedlessException();
    }
  }

  private TrialResult result(
      int trial, int rung, TrainResult trained, double seconds, Configuration hadoop) {
    List<ValidationMetrics> validations =
        RunFolder.at(new Path(trained.run()), hadoop).validations().read();
    ValidationMetrics last = validations.get(validations.size() - 1);
    return new TrialResult(
        trial,
        rung,
        trained.epochs(),
        State.DONE,
        last.value(plan.metric()),
        last.shortfall(plan.metric()),
        trained.parametersSha256(),
        seconds,
        "",
        plan.costs().stream().map(cost -> cost.of(trained, validations)).toList());
  }

  private static double secondsSince(long start) {
    return (System.nanoTime() - start) / 1e9;
  }
}
