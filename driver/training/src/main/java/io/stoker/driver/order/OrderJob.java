// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.order;

import io.stoker.base.LittleEndian;
import io.stoker.base.Sha256;
import io.stoker.data.batch.ImageBatch;
import io.stoker.data.pack.Broadcasts;
import io.stoker.data.plan.EpochPlan;
import io.stoker.data.shard.ShardFolder;
import io.stoker.driver.checkpoint.Locations;
import io.stoker.driver.spark.Jobs;
import io.stoker.driver.spark.NumberedTasks;
import io.stoker.driver.spark.SparkFailures;
import io.stoker.worker.runtime.ExecutorResources;
import io.stoker.worker.runtime.TrainingData;
import io.stoker.worker.runtime.TrainingReaders;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Arrays;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.SerializableConfiguration;

/**
 * Reads an epoch on the executors as the workers of a job do, without a network, and reports what
 * they read. Tests compare it between clusters.
 */
public final class OrderJob {
  private OrderJob() {}

  /**
   * Reads the epoch.
   *
   * @param spark the cluster
   * @param request which epoch
   * @throws io.stoker.failure.StokerException if the data or the request cannot be used
   */
  public static EpochOrder run(JavaSparkContext spark, OrderRequest request) {
    Path folder = Locations.absolute(request.data(), spark.hadoopConfiguration());
    ShardFolder shards = ShardFolder.open(folder, spark.hadoopConfiguration());
    TrainingData.Order order = request.order();
    int steps =
        EpochPlan.of(
                shards.manifest().split(request.split()).blockRows(),
                order.seed(),
                request.epoch(),
                order.workers(),
                order.batch())
            .repeated(order.repeats())
            .steps();
    TrainingData data =
        new TrainingData(
            new TrainingData.Source(folder.toString(), shards.manifestHash(), request.split()),
            order,
            request.images());
    int epoch = request.epoch();
    Broadcast<SerializableConfiguration> hadoop =
        spark.broadcast(new SerializableConfiguration(spark.hadoopConfiguration()));
    try {
      NumberedTasks<EpochOrder.Share> workers =
          new NumberedTasks<>(
              spark,
              order.workers(),
              worker -> read(data, epoch, worker, steps, hadoop.value().value()));
      return new EpochOrder(SparkFailures.unwrapped(() -> Jobs.elements(workers)));
    } finally {
      Broadcasts.destroy(hadoop);
    }
  }

  private static EpochOrder.Share read(
      TrainingData data, int epoch, int worker, int steps, Configuration hadoop) {
    MessageDigest digest = Sha256.digest();
    ByteBuffer bytes = LittleEndian.bytes(new byte[data.images().shape().bytes() * Float.BYTES]);
    long[][] ids = new long[steps][];
    try (TrainingReaders.RoundReader reader =
        ExecutorResources.here().readers().reader(data, epoch, worker, 0, hadoop)) {
      for (int step = 0; step < steps; step++) {
        ImageBatch batch = reader.next();
        ids[step] = Arrays.copyOf(batch.sampleIds(), batch.examples());
        for (int example = 0; example < batch.examples(); example++) {
          int values = data.images().shape().bytes();
          bytes.clear();
          bytes.asFloatBuffer().put(batch.images(), example * values, values);
          digest.update(bytes);
        }
      }
      reader.completed();
    }
    return new EpochOrder.Share(ids, Sha256.hex(digest));
  }
}
