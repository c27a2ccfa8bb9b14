package io.stoker.data.batch;

/**
 * One batch of samples, ready for a network. The reader that made it owns its arrays and fills them
 * again; they are longer than what is in use when the batch is not full.
 */
public final class ImageBatch {
  private final float[] images;
  private final int[] labels;
  private final long[] sampleIds;
  private int examples;

  ImageBatch(int capacity, int imageValues) {
    images = new float[Math.multiplyExact(capacity, imageValues)];
    labels = new int[capacity];
    sampleIds = new long[capacity];
  }

  /** Normalised pixels, {@code [examples, channels, height, width]}. */
  public float[] images() {
    return images;
  }

  /** The label of each example. */
  public int[] labels() {
    return labels;
  }

  /** The sample id of each example. */
  public long[] sampleIds() {
    return sampleIds;
  }

  /** How many examples there are; none, perhaps, in the last step of an epoch. */
  public int examples() {
    return examples;
  }

  void examples(int count) {
    examples = count;
  }
}
