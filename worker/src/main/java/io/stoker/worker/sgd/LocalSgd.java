// SPDX-License-Identifier: Apache-2.0
package io.stoker.worker.sgd;

import io.stoker.data.batch.ImageBatch;
import io.stoker.models.engine.BatchScore;
import io.stoker.models.engine.ByteImages;
import io.stoker.models.engine.ClassWeights;
import io.stoker.models.engine.Network;
import io.stoker.models.engine.Targets;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.IntConsumer;
import java.util.function.Supplier;

/**
 * Local stochastic gradient descent: the steps that a worker takes between two averagings (McDonald
 * et al., 2010, "Distributed Training Strategies for the Structured Perceptron", and Stich, 2019,
 * "Local SGD Converges Fast and Communicates Little"). It does not depend on Spark.
 */
public final class LocalSgd {
  private LocalSgd() {}

  /**
   * Takes a worker's local steps of a round, in order. A step without examples changes nothing.
   *
   * @param network holds the round's parameters and updater state at the beginning, and the
   *     worker's at the end
   * @param batches the batch of each step; a batch is used before the next one is asked for
   * @param steps the steps
   * @param schedule the settings of each step
   * @param beforeStep is called before each step with the number of steps that were taken, and may
   *     read and write the network; its time is not measured
   */
  public static Measurements run(
      Network network,
      Supplier<ImageBatch> batches,
      RoundSteps steps,
      StepSchedule schedule,
      IntConsumer beforeStep) {
    Measurements measured = new Measurements();
    long waited = 0;
    long computed = 0;
    int classes = network.model().classes();
    float[] targets = new float[network.batchCapacity() * classes];
    Optional<ClassWeights> weights = schedule.classWeights();
    float[] exampleWeights = new float[network.batchCapacity()];
    for (int step = 0; step < steps.steps(); step++) {
      beforeStep.accept(step);
      long start = System.nanoTime();
      ImageBatch batch = batches.get();
      long ready = System.nanoTime();
      waited += ready - start;
      if (batch.examples() == 0) {
        continue;
      }
      Targets.fill(
          batch.labels(),
          batch.otherLabels(),
          batch.shares(),
          batch.examples(),
          classes,
          schedule.labelSmoothing(),
          targets);
      weigh(batch, weights, exampleWeights);
      BatchScore score;
      if (batch.hasBytes()) {
        ByteImages images = new ByteImages(batch.pixels(), batch.values());
        score =
            network.computeGradients(
                images, targets, exampleWeights, batch.examples(), steps.dropoutSeed(step));
      } else {
        score =
            network.computeGradients(
                batch.images(), targets, exampleWeights, batch.examples(), steps.dropoutSeed(step));
      }
      network.update(schedule.at(steps.firstStep() + step, step));
      computed += System.nanoTime() - ready;
      measured
          .add(Measure.EXAMPLES, score.examples())
          .add(Measure.LOSS_SUM, score.lossSum())
          .add(Measure.CORRECT, score.correct());
    }
    return measured
        .add(Measure.WAIT_SECONDS, waited / 1e9)
        .add(Measure.COMPUTE_SECONDS, computed / 1e9);
  }

  /** Sets the weights of the examples; without any, all are 1. */
  private static void weigh(ImageBatch batch, Optional<ClassWeights> ofClasses, float[] target) {
    if (batch.isWeighted()) {
      weighSamples(batch, ofClasses, target);
    } else if (ofClasses.isPresent()) {
      ofClasses
          .get()
          .fill(batch.labels(), batch.otherLabels(), batch.shares(), batch.examples(), target);
    } else {
      Arrays.fill(target, 0, batch.examples(), 1);
    }
  }

  /**
   * Multiplies the weights of samples with those of their classes. A mixed example has the weights
   * of both of its images, each by its share.
   */
  private static void weighSamples(
      ImageBatch batch, Optional<ClassWeights> ofClasses, float[] target) {
    for (int example = 0; example < batch.examples(); example++) {
      float share = batch.shares()[example];
      float own = batch.weights()[example];
      float other = batch.otherWeights()[example];
      if (ofClasses.isPresent()) {
        own *= ofClasses.get().values().get(batch.labels()[example]);
        other *= ofClasses.get().values().get(batch.otherLabels()[example]);
      }
      target[example] = share * own + (1 - share) * other;
    }
  }
}
