package io.stoker.driver.evaluate;

import io.stoker.data.batch.BlockCache;
import io.stoker.data.batch.Normalization;
import io.stoker.data.batch.SplitBlocks;
import io.stoker.data.shard.ShardFolder;
import io.stoker.worker.eval.BlockEvaluation;
import io.stoker.worker.eval.EvaluationCounts;
import io.stoker.worker.runtime.Replica;
import io.stoker.worker.runtime.ReplicaKey;
import io.stoker.worker.runtime.Residents;
import java.io.IOException;
import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import org.apache.hadoop.conf.Configuration;

/**
 * What every task of an evaluation does, each on blocks of its own.
 *
 * @param replica the network
 * @param parameters where its parameters are
 * @param mean of each channel, in pixel units, as the network was trained with
 * @param standardDeviation of each channel, in pixel units, as the network was trained with
 * @param data the folder of shards
 * @param manifestSha256 what its manifest must be
 * @param split the split's name
 */
record EvaluationTask(
    ReplicaKey replica,
    MeanParameters parameters,
    List<Double> mean,
    List<Double> standardDeviation,
    String data,
    String manifestSha256,
    String split)
    implements Serializable {
  /** Blocks {@code [from, to)} of the split. */
  record Blocks(int from, int to) implements Serializable {}

  EvaluationCounts run(Blocks blocks, Configuration hadoop) throws IOException {
    ShardFolder shards = Residents.here().shards(data, manifestSha256, hadoop);
    long rowsBefore =
        Arrays.stream(shards.manifest().split(split).blockRows(), 0, blocks.from()).sum();
    try (Replica borrowed = Residents.here().replicas().borrow(replica)) {
      try {
        parameters.load(borrowed.network(), hadoop);
        return new BlockEvaluation(borrowed.network(), new Normalization(mean, standardDeviation))
            .run(new SplitBlocks(shards, split, new BlockCache(0)), blocks.from(), blocks.to())
            .placed(rowsBefore);
      } catch (IOException | RuntimeException | Error e) {
        borrowed.discard();
        throw e;
      }
    }
  }
}
