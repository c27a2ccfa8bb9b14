// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.explain;

import io.stoker.data.block.BlockCache;
import io.stoker.data.block.SplitBlocks;
import io.stoker.data.image.ImageShape;
import io.stoker.data.image.LeastSize;
import io.stoker.data.image.Pixels;
import io.stoker.data.shard.ShardBlock;
import io.stoker.data.shard.ShardFolder;
import io.stoker.driver.checkpoint.Locations;
import io.stoker.driver.checkpoint.StoredModel;
import io.stoker.driver.cluster.MemoryCheck;
import io.stoker.driver.cluster.MemoryNeed;
import io.stoker.driver.config.ModelReference;
import io.stoker.driver.evaluate.BlockParts;
import io.stoker.driver.evaluate.ImageFailure;
import io.stoker.driver.evaluate.NamedImages;
import io.stoker.driver.evaluate.TrainedNetwork;
import io.stoker.models.spec.Quantization;
import io.stoker.worker.eval.LastHiddenLayer;
import io.stoker.worker.eval.ModelInput;
import io.stoker.worker.eval.NearestSamples;
import io.stoker.worker.eval.Neighbour;
import io.stoker.worker.runtime.ExecutorResources;
import io.stoker.worker.runtime.Replica;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * Finds the samples that a network finds most like images, on the executors: those at the least
 * Euclidean distance in its last hidden layer, as figure 4 of the AlexNet paper shows them
 * (Krizhevsky et al., 2012). The executors return distances; the driver then reads the images of
 * the few samples that are nearest.
 */
public final class NeighbourJob {
  private static final int BATCH = 32;

  /**
   * What each task does, on its own blocks of the split.
   *
   * @param hidden the last hidden layer's output for each image
   */
  private record Task(
      TrainedNetwork network,
      List<float[]> hidden,
      int count,
      String data,
      String manifestSha256,
      String split)
      implements Serializable {
    NearestSamples run(BlockParts.Part part, Configuration hadoop) throws IOException {
      NearestSamples nearest = new NearestSamples(hidden.size(), count);
      ShardFolder shards = ExecutorResources.here().shards(data, manifestSha256, hadoop);
      try (Replica replica = network.borrow(hadoop)) {
        try {
          nearest.search(
              replica.network(),
              network.normalization(),
              hidden,
              new SplitBlocks(shards, split, new BlockCache(0)),
              part.from(),
              part.to());
          return nearest;
        } catch (RuntimeException | Error e) {
          replica.discard();
          throw e;
        }
      }
    }
  }

  private NeighbourJob() {}

  /**
   * Searches the split for the neighbours of each image.
   *
   * @param spark the cluster
   * @param request which images, and which data are searched
   * @param failures is told of each image that cannot be read; the search goes on for the others
   * @return the neighbours of each image that could be read, in the order of the request
   * @throws io.stoker.failure.StokerException if checkpoint or data cannot be used, or if the model
   *     has no hidden layer or the engine cannot read it
   */
  public static List<Neighbours> run(
      JavaSparkContext spark, NeighbourRequest request, Consumer<ImageFailure> failures) {
    Configuration hadoop = spark.hadoopConfiguration();
    StoredModel model = request.model().open(hadoop).with(Quantization.NONE);
    ShardFolder shards = ShardFolder.open(Locations.absolute(request.data(), hadoop), hadoop);
    ModelReference.requireFit(
        model.metadata().model(),
        ModelInput.shape(shards.manifest().image()),
        shards.manifest().classes());
    ModelReference.warnOfOtherSize(model.metadata(), shards.manifest().image());
    int blocks = shards.manifest().split(request.split()).blockRows().length;
    MemoryCheck.require(
        spark, MemoryNeed.ofActivations(model.metadata().model(), BATCH), blocks, 1);
    TrainedNetwork network = TrainedNetwork.of(List.of(model), request.model().engine(), BATCH);
    try {
      List<Image> images = images(request, network, hadoop, failures);
      if (images.isEmpty()) {
        return List.of();
      }
      Task task =
          new Task(
              network,
              hidden(network, images, hadoop),
              request.count(),
              shards.path().toString(),
              shards.manifestHash(),
              request.split());
      NearestSamples nearest = BlockParts.reduce(spark, blocks, task::run, NearestSamples::merge);
      List<Neighbours> neighbours = new ArrayList<>();
      for (int i = 0; i < images.size(); i++) {
        neighbours.add(
            new Neighbours(
                images.get(i).uri(),
                images.get(i).pixels(),
                samples(nearest.of(i), shards, request.split())));
      }
      return List.copyOf(neighbours);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read " + request.data(), e);
    }
  }

  /** An image that could be read, as prepared data have it. */
  private record Image(String uri, Pixels pixels) {}

  private static List<Image> images(
      NeighbourRequest request,
      TrainedNetwork network,
      Configuration hadoop,
      Consumer<ImageFailure> failures) {
    ImageShape shape = network.images();
    LeastSize least = network.decoding().leastFor(shape);
    return request.images().stream()
        .flatMap(
            uri ->
                NamedImages.read(uri, least, hadoop, failures)
                    .map(image -> new Image(uri, image.fit(shape)))
                    .stream())
        .toList();
  }

  /** The last hidden layer's output for each image's middle, computed in this process. */
  private static List<float[]> hidden(
      TrainedNetwork network, List<Image> images, Configuration hadoop) throws IOException {
    int layer = LastHiddenLayer.reader(network.model());
    float[] shown = new float[network.input().bytes()];
    List<float[]> all = new ArrayList<>();
    try (Replica replica = network.borrow(hadoop)) {
      for (Image image : images) {
        network
            .normalization()
            .apply(image.pixels().middle(network.input()).values(), network.input(), shown, 0);
        float[] hidden = new float[network.model().placed().get(layer).input().features()];
        replica.network().activations(shown, 1, layer, hidden);
        all.add(hidden);
      }
    }
    return all;
  }

  private static List<Neighbours.Sample> samples(
      List<Neighbour> neighbours, ShardFolder shards, String split) throws IOException {
    List<Neighbours.Sample> samples = new ArrayList<>();
    for (Neighbour neighbour : neighbours) {
      ShardBlock block = shards.readBlock(split, neighbour.block());
      samples.add(
          new Neighbours.Sample(
              block.path(neighbour.row()),
              shards.manifest().classNames().get(neighbour.label()),
              neighbour.distance(),
              block.pixels(neighbour.row())));
    }
    return samples;
  }
}
