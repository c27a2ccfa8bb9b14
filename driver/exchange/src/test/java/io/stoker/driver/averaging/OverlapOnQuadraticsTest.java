// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.stoker.base.LittleEndian;
import io.stoker.driver.LocalSpark;
import io.stoker.driver.slice.MovingAverage;
import io.stoker.driver.slice.OuterStep;
import io.stoker.driver.slice.ParameterSlices;
import io.stoker.driver.slice.SliceAverage;
import io.stoker.driver.slice.SliceSource;
import io.stoker.driver.slice.Wire;
import io.stoker.models.engine.ParameterVectors;
import io.stoker.testing.Exact;
import io.stoker.worker.runtime.RoundWork;
import io.stoker.worker.sgd.Measure;
import io.stoker.worker.sgd.Measurements;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Rounds that overlap, on workers whose losses are quadratic, next to the same rounds in a few
 * loops over arrays: the values must be equal to the last bit.
 */
@Exact
class OverlapOnQuadraticsTest {
  private static final int WORKERS = 3;
  private static final int VALUES = 40;
  private static final float RATE = 0.05f;
  private static final float MOMENTUM = 0.9f;

  /** Of a moving average, and not learnt. */
  private static final OuterStep.Range STATISTIC = new OuterStep.Range(10, 15);

  /** Rounds of groups; the second group has one round, and one round has fewer steps. */
  private static final int[][] GROUPS = {{4, 4, 2, 4}, {4}, {4, 1, 4}};

  /** One step of a worker, on its own minimum. */
  private static void step(float[] x, float[] v, int worker, int step) {
    for (int i = 0; i < VALUES; i++) {
      if (i >= STATISTIC.from() && i < STATISTIC.to()) {
        x[i] = 0.9f * x[i] + 0.1f * (worker + step % 3);
      } else {
        float gradient = (1 + worker) * (x[i] - (i - 3 * worker));
        v[i] = MOMENTUM * v[i] - RATE * gradient;
        x[i] += v[i];
      }
    }
  }

  private static float start(long parameter) {
    return parameter % 7;
  }

  /** The examples of a worker; the last worker sees none in every third round. */
  private static long examples(int worker, int round, int steps) {
    return worker == WORKERS - 1 && round % 3 == 1 ? 0 : (worker + 1) * 10L * steps;
  }

  @ParameterizedTest
  @CsvSource({"1, 3, 13", "2, 3, 40", "2, 3, 7", "2, 4, 13", "1, 4, 64"})
  void givesTheValuesOfTheSameRoundsInPlainLoops(int vectors, int slots, int sliceLength) {
    for (int steps : new int[] {1, 3}) {
      float[] expected = new Reference(vectors == 2, steps).train();

      assertThat(trained(vectors, slots, sliceLength, steps, OuterStep.PLAIN))
          .as("%d steps", steps)
          .isEqualTo(expected);
    }
  }

  @ParameterizedTest
  @CsvSource({"0.9, 0.6, true", "1, 0.5, false"})
  void outerMomentumGivesTheSameBitsWhateverTheSlotsAndSlices(
      double rate, double momentum, boolean nesterov) {
    OuterStep outer = new OuterStep(rate, momentum, nesterov, List.of(STATISTIC));

    assertThat(trained(2, 3, 13, 2, outer))
        .isEqualTo(trained(2, 4, 40, 2, outer))
        .isNotEqualTo(trained(2, 3, 13, 2, OuterStep.PLAIN));
  }

  /** It is its own mean, so that the correction is zero. */
  @Test
  void oneWorkerTrainsAsWithoutOverlap() {
    float[] x = new float[VALUES];
    float[] v = new float[VALUES];
    for (int i = 0; i < VALUES; i++) {
      x[i] = start(i);
    }
    for (int step = 0; step < 12; step++) {
      step(x, v, 0, step);
    }
    try (JavaSparkContext spark = LocalSpark.start("local[2]");
        SharedParameters parameters = load(spark, 2, 13, 1, OuterStep.PLAIN)) {
      parameters.advance(
          IntStream.range(0, 3).<RoundWork>mapToObj(r -> new Quadratics(1, r, 4 * r, 4)).toList(),
          "rounds");

      assertThat(values(parameters)).isEqualTo(x);
    }
  }

  /** Against the weight of each step, multiplied out, of the means in double precision. */
  @ParameterizedTest
  @CsvSource({"1, 0, 3, 13", "1, 2, 3, 13", "2, 2, 4, 64", "2, 0, 2, 7", "2, 0, 3, 40"})
  void theMovingAverageWeighsTheParametersAfterEachRoundByTheDecaysOfTheStepsSince(
      int vectors, int overlapSteps, int slots, int sliceLength) {
    double decay = 0.6; // The warm-up of the decay ends at step 15 of 27.
    List<float[]> means = new ArrayList<>();
    try (JavaSparkContext spark = LocalSpark.start("local[" + slots + "]");
        SharedParameters parameters =
            load(
                spark,
                vectors,
                sliceLength,
                overlapSteps,
                OuterStep.PLAIN,
                MovingAverage.exponential(decay))) {
      Reference reference = new Reference(vectors == 2, overlapSteps);
      int[][] single =
          Arrays.stream(GROUPS)
              .flatMapToInt(Arrays::stream)
              .mapToObj(steps -> new int[] {steps})
              .toArray(int[][]::new);
      reference.train(overlapSteps > 0 ? GROUPS : single, means);
      train(parameters, slots < WORKERS ? single : GROUPS);

      assertThat(values(parameters)).isEqualTo(means.get(means.size() - 1));
      double[] expected = new double[VALUES];
      int step = 0;
      for (int round = 0; round < single.length; round++) {
        int steps = single[round][0];
        double weight = 1;
        for (int i = step + 1; i <= step + steps; i++) {
          weight *= Math.min(decay, (i - 1) / (i + 8.0));
        }
        weight = 1 - weight;
        step += steps;
        for (int i = step + 1; i <= 27; i++) {
          weight *= Math.min(decay, (i - 1) / (i + 8.0));
        }
        for (int i = 0; i < VALUES; i++) {
          expected[i] += weight * means.get(round)[i];
        }
      }
      float[] average = values(parameters, vectors);
      for (int i = 0; i < VALUES; i++) {
        assertThat((double) average[i]).isCloseTo(expected[i], within(1e-5));
      }
    }
  }

  private static float[] trained(
      int vectors, int slots, int sliceLength, int overlapSteps, OuterStep outer) {
    try (JavaSparkContext spark = LocalSpark.start("local[" + slots + "]");
        SharedParameters parameters = load(spark, vectors, sliceLength, overlapSteps, outer)) {
      train(parameters, GROUPS);
      return values(parameters);
    }
  }

  private static void train(SharedParameters parameters, int[][] groups) {
    int round = 0;
    int step = 0;
    for (int[] group : groups) {
      List<RoundWork> rounds = new ArrayList<>();
      for (int steps : group) {
        rounds.add(new Quadratics(WORKERS, round++, step, steps));
        step += steps;
      }
      assertThat(parameters.advance(rounds, "rounds"))
          .extracting(RoundReport::examples)
          .doesNotContain(0L)
          .hasSize(group.length);
    }
  }

  private static SharedParameters load(
      JavaSparkContext spark, int vectors, int sliceLength, int overlapSteps, OuterStep outer) {
    return load(spark, vectors, sliceLength, overlapSteps, outer, MovingAverage.NONE);
  }

  private static SharedParameters load(
      JavaSparkContext spark,
      int vectors,
      int sliceLength,
      int overlapSteps,
      OuterStep outer,
      MovingAverage ema) {
    SliceSource source =
        (slices, slice, hadoop) -> {
          byte[] content = new byte[slices.bytes(slice)];
          FloatBuffer values = LittleEndian.floats(content);
          for (int i = 0; i < slices.length(slice); i++) {
            values.put(i, start(slices.offset(slice) + i));
          }
          return content;
        };
    ParameterSlices slices =
        new ParameterSlices(0, VALUES, vectors, outer.hasMomentum(), ema.isOn(), sliceLength);
    OuterStep step =
        new OuterStep(outer.rate(), outer.momentum(), outer.nesterov(), List.of(STATISTIC));
    return SharedParameters.load(
        spark, new SliceAverage(slices, step, Wire.FP32, overlapSteps, ema), source, source);
  }

  private static float[] values(SharedParameters parameters) {
    return values(parameters, 0);
  }

  /** One of the vectors in the slices. */
  private static float[] values(SharedParameters parameters, int vector) {
    try (SharedParameters.Snapshot snapshot = parameters.snapshot()) {
      byte[] bytes =
          snapshot.onOneExecutor(
              "values",
              (slices, contents, hadoop) -> {
                byte[] all = new byte[VALUES * Float.BYTES];
                for (int slice = 0; slice < slices.count(); slice++) {
                  int at = (int) slices.offset(slice) * Float.BYTES;
                  int size = slices.length(slice) * Float.BYTES;
                  System.arraycopy(contents.apply(slice), vector * size, all, at, size);
                }
                return all;
              });
      float[] values = new float[VALUES];
      LittleEndian.floats(bytes).get(values);
      return values;
    }
  }

  /** The rounds of {@link #GROUPS}, written down without Spark, slices and pieces. */
  private static final class Reference {
    private final boolean carried;
    private final int overlapSteps;
    private final float[][] x = new float[WORKERS][VALUES];
    private final float[][] v = new float[WORKERS][VALUES];
    private float[] mean = new float[VALUES];
    private float[] meanMomentum = new float[VALUES];
    private int round;
    private int step;

    Reference(boolean carried, int overlapSteps) {
      this.carried = carried;
      this.overlapSteps = overlapSteps;
      for (int i = 0; i < VALUES; i++) {
        mean[i] = start(i);
      }
    }

    float[] train() {
      train(GROUPS, new ArrayList<>());
      return mean;
    }

    /** Adds the mean after each round to a list. */
    void train(int[][] groups, List<float[]> means) {
      for (int[] group : groups) {
        for (int worker = 0; worker < WORKERS; worker++) {
          x[worker] = mean.clone();
          v[worker] = meanMomentum.clone();
        }
        for (int at = 0; at < group.length; at++) {
          trainRound(group[at], at > 0);
          means.add(mean);
        }
      }
    }

    private void trainRound(int steps, boolean follows) {
      float[][] sent = {x[0].clone(), x[1].clone(), x[2].clone()};
      float[][] sentMomentum = {v[0].clone(), v[1].clone(), v[2].clone()};
      for (int worker = 0; worker < WORKERS; worker++) {
        if (!carried) {
          v[worker] = new float[VALUES];
        }
        boolean corrected = !follows;
        for (int taken = 0; taken < steps; taken++) {
          if (taken == overlapSteps && !corrected) {
            correct(worker, sent[worker], sentMomentum[worker]);
            corrected = true;
          }
          if (examples(worker, round, steps) > 0) {
            step(x[worker], v[worker], worker, step + taken);
          }
        }
        if (!corrected) {
          correct(worker, sent[worker], sentMomentum[worker]);
        }
      }
      mean = mean(x, steps);
      meanMomentum = mean(v, steps);
      round++;
      step += steps;
    }

    private void correct(int worker, float[] sent, float[] sentMomentum) {
      for (int i = 0; i < VALUES; i++) {
        if (i < STATISTIC.from() || i >= STATISTIC.to()) {
          x[worker][i] += mean[i] - sent[i];
          if (carried) {
            v[worker][i] += meanMomentum[i] - sentMomentum[i];
          }
        }
      }
    }

    private float[] mean(float[][] ofWorkers, int steps) {
      float[] result = new float[VALUES];
      for (int i = 0; i < VALUES; i++) {
        double sum = 0;
        double weights = 0;
        for (int worker = 0; worker < WORKERS; worker++) {
          double weight = examples(worker, round, steps);
          sum += weight * ofWorkers[worker][i];
          weights += weight;
        }
        result[i] = (float) (sum / weights);
      }
      return result;
    }
  }

  /** The work of a round on these losses. */
  private record Quadratics(int workers, int round, int firstStep, int steps) implements RoundWork {
    @Override
    public Part begin(int worker, Configuration hadoop, TaskContext context) {
      return new QuadraticsPart(this, worker, new Vectors());
    }

    @Override
    public int stepCount() {
      return steps;
    }

    @Override
    public long globalStep() {
      return firstStep;
    }

    @Override
    public Part beginAfter(Part before) {
      QuadraticsPart own = (QuadraticsPart) before;
      return new QuadraticsPart(this, own.worker, own.vectors);
    }
  }

  private record QuadraticsPart(Quadratics work, int worker, Vectors vectors)
      implements RoundWork.Part {
    @Override
    public Measurements train() {
      return train(taken -> {});
    }

    @Override
    public Measurements train(IntConsumer beforeStep) {
      long examples = examples(worker, work.round(), work.steps());
      for (int taken = 0; taken < work.steps(); taken++) {
        beforeStep.accept(taken);
        if (examples > 0) {
          step(vectors.x, vectors.v, worker, work.firstStep() + taken);
        }
      }
      return new Measurements().add(Measure.EXAMPLES, examples);
    }

    @Override
    public void close() {}
  }

  /** A network that is two vectors. */
  private static final class Vectors implements ParameterVectors {
    private final float[] x = new float[VALUES];
    private final float[] v = new float[VALUES];

    @Override
    public void readParameters(long offset, FloatBuffer target) {
      target.put(x, (int) offset, target.remaining());
    }

    @Override
    public void writeParameters(long offset, FloatBuffer source) {
      source.get(x, (int) offset, source.remaining());
    }

    @Override
    public void readUpdaterState(long offset, FloatBuffer target) {
      target.put(v, (int) offset, target.remaining());
    }

    @Override
    public void writeUpdaterState(long offset, FloatBuffer source) {
      source.get(v, (int) offset, source.remaining());
    }

    @Override
    public void resetUpdaterState() {
      Arrays.fill(v, 0);
    }
  }
}
