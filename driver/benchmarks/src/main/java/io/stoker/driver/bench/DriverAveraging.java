// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.bench;

import io.stoker.data.pack.Broadcasts;
import java.nio.FloatBuffer;
import java.util.stream.IntStream;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;

/**
 * Measures the usual way to average on Spark, implemented well: the driver broadcasts the
 * parameters, workers load them into networks that stay on the executors, the results are added
 * pairwise on executors ({@code treeReduce}, fp32, in place), and the driver divides the sum and
 * broadcasts it again.
 */
public final class DriverAveraging {
  private DriverAveraging() {}

  /**
   * Runs rounds.
   *
   * @param spark the cluster
   * @param parameters how many parameters
   * @param workers how many workers
   * @param rounds how many rounds are measured, after a warm-up
   * @param steps the local steps of a round
   */
  public static AveragingCost run(
      JavaSparkContext spark, int parameters, int workers, int rounds, WaitingSteps steps) {
    float[] first = new float[parameters];
    Noise.fill(0, FloatBuffer.wrap(first));
    JavaRDD<Integer> each =
        spark.parallelize(IntStream.range(0, workers).boxed().toList(), workers);
    float[][] current = {first};
    return AveragingBench.measure(
        spark, rounds, () -> current[0] = round(spark, each, current[0], workers, steps));
  }

  private static float[] round(
      JavaSparkContext spark,
      JavaRDD<Integer> each,
      float[] parameters,
      int workers,
      WaitingSteps steps) {
    Broadcast<float[]> sent = spark.broadcast(parameters);
    try {
      float[] sum =
          each.map(worker -> trained(sent.value(), steps)).treeReduce(DriverAveraging::add);
      for (int i = 0; i < sum.length; i++) {
        sum[i] /= workers;
      }
      return sum;
    } finally {
      Broadcasts.destroy(sent);
    }
  }

  private static float[] trained(float[] parameters, WaitingSteps steps) {
    NoOpVectors vectors = NoOpWork.borrow(parameters.length, TaskContext.get());
    vectors.writeParameters(0, FloatBuffer.wrap(parameters));
    steps.take(taken -> {});
    float[] after = new float[parameters.length];
    vectors.readParameters(0, FloatBuffer.wrap(after));
    return after;
  }

  private static float[] add(float[] sum, float[] next) {
    for (int i = 0; i < sum.length; i++) {
      sum[i] += next[i];
    }
    return sum;
  }
}
