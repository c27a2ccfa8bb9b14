package io.stoker.data.batch;

import java.util.Arrays;

/**
 * One batch of samples, ready for a network. The reader that made it owns its arrays and fills them
 * again; they are longer than what is in use when the batch is not full.
 */
public final class ImageBatch {
  private final int imageValues;
  private final int views;
  private final float[] images;
  private final int[] labels;
  private final long[] sampleIds;
  private int samples;

  /**
   * @param capacity the most samples
   * @param views examples of each sample
   * @param imageValues numbers of an example's image
   */
  ImageBatch(int capacity, int views, int imageValues) {
    this.imageValues = imageValues;
    this.views = views;
    int examples = Math.multiplyExact(capacity, views);
    images = new float[Math.multiplyExact(examples, imageValues)];
    labels = new int[examples];
    sampleIds = new long[examples];
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

  /**
   * How many examples there are, the views of one sample beside each other; none, perhaps, in the
   * last step of an epoch.
   */
  public int examples() {
    return samples * views;
  }

  int samples() {
    return samples;
  }

  void samples(int count) {
    samples = count;
  }

  /** Where the first image of a sample starts. */
  int offset(int sample) {
    return sample * views * imageValues;
  }

  void describe(int sample, int label, long sampleId) {
    Arrays.fill(labels, sample * views, (sample + 1) * views, label);
    Arrays.fill(sampleIds, sample * views, (sample + 1) * views, sampleId);
  }
}
