// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.bench;

import io.stoker.base.Division;
import io.stoker.data.augment.PixelChange;
import io.stoker.data.batch.BatchReader;
import io.stoker.data.batch.Normalization;
import io.stoker.data.block.BlockCache;
import io.stoker.data.block.SplitBlocks;
import io.stoker.data.shard.ShardFolder;
import io.stoker.driver.checkpoint.Locations;
import io.stoker.driver.config.ModelReference;
import io.stoker.driver.config.RoundConfig;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.job.ExistingRun;
import io.stoker.driver.job.JobPlan;
import io.stoker.driver.metrics.ValidationMetrics;
import io.stoker.driver.round.RoundListener;
import io.stoker.driver.round.RoundListeners;
import io.stoker.driver.round.TrainJob;
import io.stoker.failure.Check;
import io.stoker.models.engine.Engines;
import io.stoker.models.engine.Network;
import io.stoker.models.file.TrainingClock;
import io.stoker.models.spec.ModelSpec;
import io.stoker.worker.eval.BlockEvaluation;
import io.stoker.worker.eval.EvaluationCounts;
import io.stoker.worker.eval.ModelInput;
import io.stoker.worker.eval.Temperature;
import io.stoker.worker.eval.TestViews;
import java.nio.FloatBuffer;
import java.util.function.BiConsumer;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * Measures how long training takes to reach an accuracy. After certain numbers of images the
 * network is evaluated on a split; the time of evaluations does not count.
 */
public final class AccuracyBench {
  private static final String TRAIN = "train";

  private static final int EVALUATION_BATCH = 64;

  private final JavaSparkContext spark;
  private final double target;
  private final int every;
  private final BiConsumer<String, Outcome> progress;

  /**
   * The state of training at an evaluation.
   *
   * @param seconds how long training took, without evaluations
   * @param images on how many images the network was trained
   * @param accuracy the accuracy on the split
   * @param reached whether the accuracy is at least the target
   */
  public record Outcome(double seconds, long images, double accuracy, boolean reached) {}

  /**
   * Prepares a measurement.
   *
   * @param spark the cluster
   * @param target the accuracy, above 0, at most 1
   * @param every after how many images the network is evaluated, at the end of a round
   * @param progress receives each evaluation
   */
  public AccuracyBench(
      JavaSparkContext spark, double target, int every, BiConsumer<String, Outcome> progress) {
    Check.input(target > 0 && target <= 1, "Invalid target: %s (must be > 0 and <= 1)", target);
    Check.input(every >= 1, "Invalid images between evaluations: %d (must be >= 1)", every);
    this.spark = spark;
    this.target = target;
    this.every = every;
    this.progress = progress;
  }

  /** Ends a job that has reached the target. */
  private static final class Reached extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  /** Trains as the command {@code train} does, from shards to checkpoints. */
  public Outcome stoker(TrainingConfig recipe) {
    RoundConfig shape = recipe.rounds();
    long images = (long) shape.globalBatch() * shape.localSteps().least();
    long all =
        Division.ceiling(shards(recipe).manifest().split(TRAIN).samples(), images) * shape.epochs();
    int rounds = (int) Math.max(1, Math.min(every / images, all));
    Clock clock = new Clock();
    try {
      TrainJob.run(
          spark,
          recipe.toBuilder().validateEvery(rounds).checkpointEvery(rounds).build(),
          ExistingRun.REFUSE,
          RoundListeners.required(clock));
    } catch (Reached e) {
      // The expected end of the job.
    }
    return clock.last;
  }

  private ShardFolder shards(TrainingConfig recipe) {
    return ShardFolder.open(
        Locations.absolute(recipe.data().uri(), spark.hadoopConfiguration()),
        spark.hadoopConfiguration());
  }

  private final class Clock implements RoundListener {
    private long start;
    private double evaluating;
    private Outcome last = new Outcome(0, 0, 0, false);

    @Override
    public void started(JobPlan plan, TrainingClock clock) {
      start = System.nanoTime();
    }

    @Override
    public void validated(ValidationMetrics validation) {
      evaluating += validation.seconds();
      last =
          outcome(
              (System.nanoTime() - start) / 1e9 - evaluating,
              validation.examplesTotal(),
              validation.accuracy());
      progress.accept("stoker", last);
      if (last.reached()) {
        throw new Reached();
      }
    }
  }

  private Outcome outcome(double seconds, long images, double accuracy) {
    return new Outcome(seconds, images, accuracy, accuracy >= target);
  }

  /** Trains with another library, on images in memory. */
  public Outcome library(AveragingLibrary library, TrainingConfig recipe) {
    ShardFolder shards = shards(recipe);
    ModelSpec model =
        ModelReference.resolve(
            recipe.model(),
            ModelInput.shape(shards.manifest().image()),
            shards.manifest().classes());
    AveragingLibrary.Training training = library.training(spark, model, recipe);
    Normalization normalization = Normalization.of(shards.manifest().statistics());
    SplitBlocks train = new SplitBlocks(shards, TRAIN, new BlockCache(0));
    try (BatchReader reader =
        BatchReader.sequential(
            train,
            0,
            train.rows().length,
            recipe.rounds().batch(),
            TestViews.NONE.of(shards.manifest().image(), ModelInput.images(model.input())),
            normalization)) {
      training.load(reader, Math.max(1, every / recipe.rounds().batch()));
    }
    SplitBlocks evaluated = new SplitBlocks(shards, recipe.validation().split(), new BlockCache(0));
    try (Network network = Engines.named(Engines.AUTO).create(model, EVALUATION_BATCH)) {
      BlockEvaluation evaluation =
          new BlockEvaluation(network, normalization, TestViews.NONE, Temperature.ONE);
      Outcome last = new Outcome(0, 0, 0, false);
      for (int epoch = 0; epoch < recipe.rounds().epochs(); epoch++) {
        for (int portion = 0; portion < training.portions() && !last.reached(); portion++) {
          long start = System.nanoTime();
          long images = last.images() + training.fit(portion);
          double seconds = last.seconds() + (System.nanoTime() - start) / 1e9;
          network.writeParameters(0, FloatBuffer.wrap(training.parameters()));
          EvaluationCounts counts =
              evaluation.run(evaluated, 0, evaluated.rows().length, () -> PixelChange.NONE);
          double accuracy = (double) counts.correct() / counts.examples();
          last = outcome(seconds, images, accuracy);
          progress.accept(library.name(), last);
        }
      }
      return last;
    }
  }
}
