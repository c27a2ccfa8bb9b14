package io.stoker.worker.eval;

import io.stoker.data.augment.Views;
import io.stoker.data.batch.BatchReader;
import io.stoker.data.batch.ImageBatch;
import io.stoker.data.batch.Normalization;
import io.stoker.data.batch.SplitBlocks;
import io.stoker.models.engine.Network;

/**
 * Evaluates a network on blocks of a split, of whose images it sees the middle. Pixels are
 * normalised as they were when the network was trained, whatever data set they are from.
 */
public final class BlockEvaluation {
  private final Network network;
  private final Normalization normalization;

  /**
   * @param network the network, its parameters set
   * @param normalization the network's own
   */
  public BlockEvaluation(Network network, Normalization normalization) {
    this.network = network;
    this.normalization = normalization;
  }

  /**
   * Evaluates consecutive blocks.
   *
   * @param data the split
   * @param from the first block
   * @param to the block after the last
   * @return the counts
   * @throws java.io.UncheckedIOException if the storage fails
   */
  public EvaluationCounts run(SplitBlocks data, int from, int to) {
    int batch = network.batchCapacity();
    int classes = network.model().classes();
    EvaluationCounts counts = new EvaluationCounts(classes);
    float[] probabilities = new float[Math.multiplyExact(batch, classes)];
    Views middle =
        Views.centre(data.folder().manifest().image(), ModelInput.images(network.model().input()));
    try (BatchReader reader =
        BatchReader.sequential(data, from, to, batch, middle, normalization)) {
      while (reader.hasNext()) {
        ImageBatch images = reader.next();
        network.predict(images.images(), images.examples(), probabilities);
        counts.add(probabilities, images.labels(), images.examples());
      }
    }
    return counts;
  }
}
