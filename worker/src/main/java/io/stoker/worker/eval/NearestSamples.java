// SPDX-License-Identifier: Apache-2.0
package io.stoker.worker.eval;

import io.stoker.data.augment.Views;
import io.stoker.data.batch.BatchReader;
import io.stoker.data.batch.ImageBatch;
import io.stoker.data.batch.Normalization;
import io.stoker.data.block.SplitBlocks;
import io.stoker.models.engine.Network;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/**
 * The samples that a network finds most like some images: those at the least Euclidean distance in
 * its last hidden layer (Krizhevsky et al., 2012, section 6.1 and figure 4). Those of parts of a
 * data set merge to those of the whole, in any order.
 */
public final class NearestSamples implements Serializable {
  private static final long serialVersionUID = 1L;

  private final int count;
  private final List<TreeSet<Neighbour>> nearest = new ArrayList<>();

  /**
   * Makes those of nothing.
   *
   * @param images how many images look for neighbours
   * @param count how many each looks for, at least 1
   */
  public NearestSamples(int images, int count) {
    this.count = count;
    for (int i = 0; i < images; i++) {
      nearest.add(new TreeSet<>());
    }
  }

  /**
   * Looks at consecutive blocks.
   *
   * @param network with its parameters
   * @param normalization the network's own
   * @param images what the last hidden layer makes of each image
   * @param data the split
   * @param from the first block
   * @param to the block after the last
   */
  public void search(
      Network network,
      Normalization normalization,
      List<float[]> images,
      SplitBlocks data,
      int from,
      int to) {
    int layer = LastHiddenLayer.reader(network.model());
    int width = network.model().placed().get(layer).input().features();
    float[] hidden = new float[Math.multiplyExact(network.batchCapacity(), width)];
    Views middle =
        Views.centre(data.folder().manifest().image(), ModelInput.images(network.model().input()));
    int[] rows = data.rows();
    int block = from;
    int row = 0;
    try (BatchReader reader =
        BatchReader.sequential(data, from, to, network.batchCapacity(), middle, normalization)) {
      while (reader.hasNext()) {
        ImageBatch batch = reader.next();
        network.activations(batch.images(), batch.examples(), layer, hidden);
        for (int example = 0; example < batch.examples(); example++) {
          while (row == rows[block]) {
            block++;
            row = 0;
          }
          for (int image = 0; image < images.size(); image++) {
            add(
                image,
                new Neighbour(
                    distance(images.get(image), hidden, example * width),
                    batch.sampleIds()[example],
                    batch.labels()[example],
                    block,
                    row));
          }
          row++;
        }
      }
    }
  }

  private static double distance(float[] image, float[] hidden, int offset) {
    double sum = 0;
    for (int i = 0; i < image.length; i++) {
      double difference = (double) image[i] - hidden[offset + i];
      sum += difference * difference;
    }
    return Math.sqrt(sum);
  }

  private void add(int image, Neighbour candidate) {
    TreeSet<Neighbour> found = nearest.get(image);
    if (found.size() < count || candidate.compareTo(found.last()) < 0) {
      found.add(candidate);
      if (found.size() > count) {
        found.pollLast();
      }
    }
  }

  /**
   * Takes others in.
   *
   * @return these
   */
  public NearestSamples merge(NearestSamples other) {
    for (int image = 0; image < nearest.size(); image++) {
      for (Neighbour candidate : other.nearest.get(image)) {
        add(image, candidate);
      }
    }
    return this;
  }

  /** The neighbours of an image, nearest first. */
  public List<Neighbour> of(int image) {
    return List.copyOf(nearest.get(image));
  }
}
