// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.whitening;

import io.stoker.data.block.BlockCache;
import io.stoker.data.block.SplitBlocks;
import io.stoker.data.image.ImageShape;
import io.stoker.data.image.Resizing;
import io.stoker.data.shard.ShardBlock;
import io.stoker.data.shard.ShardFolder;
import io.stoker.driver.checkpoint.DataDescription;
import io.stoker.driver.evaluate.BlockParts;
import io.stoker.driver.slice.SliceSource;
import io.stoker.failure.Check;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Whitening;
import io.stoker.worker.eval.ModelInput;
import io.stoker.worker.eval.PatchSums;
import io.stoker.worker.runtime.ExecutorResources;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * The filters of a first layer that whitens, computed on the executors from the first images of the
 * training split as they are, without augmentation. They are a function of model and data, and so
 * part of what a job is.
 */
public final class PatchWhitening {
  /** As many images as Jordan's net takes. Rows of shards are in a random order. */
  private static final int IMAGES = 5000;

  private final JavaSparkContext spark;
  private final ModelSpec model;
  private final Whitening whitening;
  private final ShardFolder shards;
  private final String split;
  private final DataDescription data;

  /** Computed when they are first asked for; else empty. */
  private List<Float> filters = List.of();

  /**
   * @param spark the cluster
   * @param model the model
   * @param whitening its first layer
   * @param shards the images
   * @param split those that are trained on
   * @param data how they are normalised
   * @throws io.stoker.failure.InputException if there are too few images
   */
  public PatchWhitening(
      JavaSparkContext spark,
      ModelSpec model,
      Whitening whitening,
      ShardFolder shards,
      String split,
      DataDescription data) {
    long images = shards.manifest().split(split).samples();
    Check.input(
        images >= whitening.values(),
        "Cannot whiten with model %s: split '%s' has %d images, and patches of %d x %d x %d need %d"
            + " (choose a model without whitening)",
        model.name(),
        split,
        images,
        whitening.kernel(),
        whitening.kernel(),
        whitening.channels(),
        whitening.values());
    this.spark = spark;
    this.model = model;
    this.whitening = whitening;
    this.shards = shards;
    this.split = split;
    this.data = data;
  }

  /**
   * A model's first parameters with the filters among them.
   *
   * @param others the parameters, as they would be without the images
   */
  public SliceSource over(SliceSource others) {
    if (filters.isEmpty()) {
      filters = compute();
    }
    return new WhitenedValues(others, whitening.offset(), filters);
  }

  private List<Float> compute() {
    spark.sc().setJobDescription("whiten patches");
    Summing task =
        new Summing(
            shards.path().toString(),
            shards.manifestHash(),
            split,
            ModelInput.images(model.input()),
            whitening.kernel());
    PatchSums sums =
        BlockParts.reduce(
            spark,
            blocks(),
            (part, hadoop) -> task.sums(part.from(), part.to(), hadoop),
            PatchSums::merge);
    List<Float> values = new ArrayList<>();
    for (float value : whitening.filters(sums.covariance(data.mean(), data.standardDeviation()))) {
      values.add(value);
    }
    return List.copyOf(values);
  }

  /** The blocks, from the first, that have as many images as are needed. */
  private int blocks() {
    int[] rows = shards.manifest().split(split).blockRows();
    int blocks = 0;
    for (long images = 0; blocks < rows.length && images < IMAGES; blocks++) {
      images += rows[blocks];
    }
    return blocks;
  }

  /**
   * What each task does.
   *
   * @param data the folder of shards
   * @param manifestSha256 what its manifest must be
   * @param split the split
   * @param input the shape that the model takes
   * @param kernel the side of a patch
   */
  private record Summing(
      String data, String manifestSha256, String split, ImageShape input, int kernel)
      implements Serializable {
    PatchSums sums(int from, int to, Configuration hadoop) throws IOException {
      ShardFolder shards = ExecutorResources.here().shards(data, manifestSha256, hadoop);
      SplitBlocks blocks = new SplitBlocks(shards, split, new BlockCache(0));
      ImageShape images = shards.manifest().image();
      PatchSums sums = new PatchSums(kernel, input.channels());
      for (int i = from; i < to; i++) {
        ShardBlock block = blocks.block(i);
        for (int row = 0; row < block.rows(); row++) {
          sums.add(Resizing.fit(block.pixels(row), images).middle(input));
        }
      }
      return sums;
    }
  }
}
