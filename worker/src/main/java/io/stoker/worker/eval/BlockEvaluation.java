// SPDX-License-Identifier: Apache-2.0
package io.stoker.worker.eval;

import io.stoker.data.augment.PixelChange;
import io.stoker.data.augment.Views;
import io.stoker.data.batch.BatchReader;
import io.stoker.data.batch.ImageBatch;
import io.stoker.data.batch.Normalization;
import io.stoker.data.block.SplitBlocks;
import io.stoker.data.image.ImageShape;
import io.stoker.models.engine.Network;
import java.util.function.Supplier;

/**
 * Evaluates a network on blocks of a split. Pixels are normalised as they were when the network was
 * trained, whatever data set they are from.
 */
public final class BlockEvaluation {
  private final Network network;
  private final Normalization normalization;
  private final TestViews testViews;
  private final Temperature temperature;

  /**
   * @param network the network, its parameters set; with room for the windows of one image
   * @param normalization the network's own
   * @param testViews which views of an image it is shown
   * @param temperature what its probabilities are changed by
   */
  public BlockEvaluation(
      Network network, Normalization normalization, TestViews testViews, Temperature temperature) {
    this.network = network;
    this.normalization = normalization;
    this.testViews = testViews;
    this.temperature = temperature;
  }

  /**
   * Evaluates consecutive blocks.
   *
   * @param data the split
   * @param from the first block
   * @param to the block after the last
   * @param changes makes the changes of the images before the network sees them, one for each
   *     thread
   * @return the counts
   * @throws java.io.UncheckedIOException if the storage fails
   */
  public EvaluationCounts run(SplitBlocks data, int from, int to, Supplier<PixelChange> changes) {
    EvaluationCounts counts = new EvaluationCounts(network.model().classes());
    forEachBatch(data, from, to, changes, counts::add);
    return counts;
  }

  /**
   * The probabilities of consecutive blocks, for which no image is changed.
   *
   * @param data the split
   * @param from the first block
   * @param to the block after the last
   * @throws java.io.UncheckedIOException if the storage fails
   */
  public LabelledProbabilities probabilities(SplitBlocks data, int from, int to) {
    LabelledProbabilities all =
        new LabelledProbabilities(network.model().classes(), network.batchCapacity());
    forEachBatch(data, from, to, () -> PixelChange.NONE, all::add);
    return all;
  }

  /**
   * The magnitudes of the inputs of layers, for consecutive blocks. No batch has images of two
   * blocks, so that those of a block depend on nothing else.
   *
   * @param data the split
   * @param from the first block
   * @param to the block after the last
   * @throws java.io.UncheckedIOException if the storage fails
   */
  public InputMagnitudes magnitudes(SplitBlocks data, int from, int to) {
    InputMagnitudes all = new InputMagnitudes();
    for (int block = from; block < to; block++) {
      try (BatchReader reader = reader(data, block, block + 1, () -> PixelChange.NONE)) {
        while (reader.hasNext()) {
          ImageBatch shown = reader.next();
          network.observeInputs(shown.images(), shown.examples(), all::add);
        }
      }
    }
    return all;
  }

  private BatchReader reader(SplitBlocks data, int from, int to, Supplier<PixelChange> changes) {
    int batch = network.batchCapacity() / testViews.count();
    ImageShape input = ModelInput.images(network.model().input());
    Views views = testViews.of(data.folder().manifest().image(), input);
    return BatchReader.sequential(data, from, to, batch, views, normalization, changes);
  }

  private interface BatchConsumer {
    void accept(float[] probabilities, int[] labels, int count);
  }

  private void forEachBatch(
      SplitBlocks data, int from, int to, Supplier<PixelChange> changes, BatchConsumer consumer) {
    int classes = network.model().classes();
    int batch = network.batchCapacity() / testViews.count();
    float[] probabilities = new float[Math.multiplyExact(network.batchCapacity(), classes)];
    int[] labels = new int[batch];
    try (BatchReader reader = reader(data, from, to, changes)) {
      while (reader.hasNext()) {
        ImageBatch shown = reader.next();
        int images = shown.examples() / testViews.count();
        network.predict(shown.images(), shown.examples(), probabilities);
        testViews.average(probabilities, images, classes);
        temperature.apply(probabilities, images, classes);
        for (int i = 0; i < images; i++) {
          labels[i] = shown.labels()[i * testViews.count()];
        }
        consumer.accept(probabilities, labels, images);
      }
    }
  }
}
