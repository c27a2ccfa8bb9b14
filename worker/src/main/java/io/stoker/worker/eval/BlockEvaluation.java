package io.stoker.worker.eval;

import io.stoker.data.batch.Normalization;
import io.stoker.data.image.ImageShape;
import io.stoker.data.shard.ShardBlock;
import io.stoker.data.shard.ShardFolder;
import io.stoker.models.engine.Network;
import java.io.IOException;

/**
 * Evaluates a network on blocks of a split. Pixels are normalised as they were when the network was
 * trained, whatever data set they are from; no block is kept.
 */
public final class BlockEvaluation {
  private final Network network;
  private final Normalization normalization;
  private final EvaluationCounts counts;
  private final ImageShape shape;
  private final byte[] pixels;
  private final float[] images;
  private final int[] labels;
  private final float[] probabilities;
  private int filled;

  /**
   * Makes the buffers of one task.
   *
   * @param network the network, its parameters set
   * @param shape the shape of every image
   * @param normalization the network's own
   */
  public BlockEvaluation(Network network, ImageShape shape, Normalization normalization) {
    int batch = network.batchCapacity();
    int classes = network.model().classes();
    this.network = network;
    this.normalization = normalization;
    this.shape = shape;
    this.counts = new EvaluationCounts(classes);
    this.pixels = new byte[shape.bytes()];
    this.images = new float[Math.multiplyExact(batch, shape.bytes())];
    this.labels = new int[batch];
    this.probabilities = new float[Math.multiplyExact(batch, classes)];
  }

  /**
   * Evaluates consecutive blocks.
   *
   * @param folder the data set
   * @param split the split's name
   * @param from the first block
   * @param to the block after the last
   * @return the counts
   * @throws IOException if the storage fails
   */
  public EvaluationCounts run(ShardFolder folder, String split, int from, int to)
      throws IOException {
    for (int index = from; index < to; index++) {
      ShardBlock block = folder.readBlock(split, index);
      for (int row = 0; row < block.rows(); row++) {
        block.decode(row, pixels);
        normalization.apply(pixels, shape, images, filled * shape.bytes());
        labels[filled++] = block.label(row);
        if (filled == labels.length) {
          predict();
        }
      }
    }
    predict();
    return counts;
  }

  private void predict() {
    if (filled > 0) {
      network.predict(images, filled, probabilities);
      counts.add(probabilities, labels, filled);
      filled = 0;
    }
  }
}
