// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.evaluate;

import io.stoker.data.augment.PixelChange;
import io.stoker.data.block.BlockCache;
import io.stoker.data.block.SplitBlocks;
import io.stoker.data.image.ImageShape;
import io.stoker.data.shard.ShardFolder;
import io.stoker.worker.eval.BlockEvaluation;
import io.stoker.worker.eval.EvaluationCounts;
import io.stoker.worker.eval.InputMagnitudes;
import io.stoker.worker.eval.LabelledProbabilities;
import io.stoker.worker.eval.TestViews;
import io.stoker.worker.runtime.ExecutorResources;
import io.stoker.worker.runtime.Replica;
import java.io.IOException;
import java.io.Serializable;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Function;
import org.apache.hadoop.conf.Configuration;

/**
 * What every task of an evaluation does, each on blocks of its own.
 *
 * @param network what is evaluated
 * @param testViews which views of an image it is shown
 * @param distorted how the images are changed first; null for not at all, because an Optional
 *     cannot be serialized
 * @param data the folder of shards
 * @param manifestSha256 what its manifest must be
 * @param split the split's name
 */
record EvaluationTask(
    TrainedNetwork network,
    TestViews testViews,
    Distorted distorted,
    String data,
    String manifestSha256,
    String split)
    implements Serializable {
  EvaluationCounts run(BlockParts.Part part, Configuration hadoop) throws IOException {
    return run(part, () -> network.borrow(hadoop), hadoop);
  }

  /** Borrows a replica with the parameters in it. */
  @FunctionalInterface
  interface Borrowing {
    Replica borrow() throws IOException;
  }

  EvaluationCounts run(BlockParts.Part part, Borrowing borrowing, Configuration hadoop)
      throws IOException {
    ShardFolder shards = ExecutorResources.here().shards(data, manifestSha256, hadoop);
    long rowsBefore =
        Arrays.stream(shards.manifest().split(split).blockRows(), 0, part.from()).sum();
    ImageShape images = shards.manifest().image();
    return withNetwork(
        borrowing,
        evaluation ->
            evaluation
                .run(
                    new SplitBlocks(shards, split, new BlockCache(0)),
                    part.from(),
                    part.to(),
                    () ->
                        Optional.ofNullable(distorted)
                            .map(change -> change.of(images))
                            .orElse(PixelChange.NONE))
                .placed(rowsBefore));
  }

  /** The probabilities of one block, which depend on nothing but the block. */
  LabelledProbabilities probabilities(int block, Configuration hadoop) throws IOException {
    ShardFolder shards = ExecutorResources.here().shards(data, manifestSha256, hadoop);
    return withNetwork(
        () -> network.borrow(hadoop),
        evaluation ->
            evaluation.probabilities(
                new SplitBlocks(shards, split, new BlockCache(0)), block, block + 1));
  }

  /** The magnitudes of the inputs of layers. */
  InputMagnitudes magnitudes(BlockParts.Part part, Configuration hadoop) throws IOException {
    ShardFolder shards = ExecutorResources.here().shards(data, manifestSha256, hadoop);
    return withNetwork(
        () -> network.borrow(hadoop),
        evaluation ->
            evaluation.magnitudes(
                new SplitBlocks(shards, split, new BlockCache(0)), part.from(), part.to()));
  }

  private <T> T withNetwork(Borrowing borrowing, Function<BlockEvaluation, T> work)
      throws IOException {
    try (Replica borrowed = borrowing.borrow()) {
      try {
        return work.apply(
            new BlockEvaluation(
                borrowed.network(), network.normalization(), testViews, network.temperature()));
      } catch (RuntimeException | Error e) {
        borrowed.discard();
        throw e;
      }
    }
  }
}
