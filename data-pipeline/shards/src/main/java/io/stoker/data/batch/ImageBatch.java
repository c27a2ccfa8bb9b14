// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.batch;

import io.stoker.data.augment.Mix;
import io.stoker.data.image.ImageShape;
import io.stoker.data.plan.EpochPlan;
import io.stoker.failure.Check;
import java.util.Arrays;
import java.util.function.LongFunction;

/**
 * One batch of samples, ready for a network. The reader that made it owns its arrays and fills them
 * again; they are longer than what is in use when the batch is not full.
 */
public final class ImageBatch {
  private final int imageValues;
  private final int views;
  private final ImageForm form;
  private final float[] images;
  private final byte[] pixels;
  private final float[][] values;
  private final int[] labels;
  private final long[] sampleIds;
  private final int[] copies;
  private final int[] otherLabels;
  private final float[] shares;
  private final float[] weights;
  private final float[] otherWeights;
  private int samples;

  /**
   * @param capacity the most samples
   * @param views examples of each sample
   * @param imageValues numbers of an example's image
   * @param form how it holds images
   * @param values for each channel, the normalised value of each of the 256 pixels; not copied
   */
  ImageBatch(int capacity, int views, int imageValues, ImageForm form, float[][] values) {
    this.imageValues = imageValues;
    this.views = views;
    this.form = form;
    this.values = values;
    Check.input(
        (long) capacity * views <= Integer.MAX_VALUE / imageValues,
        "Invalid batch: %d samples of %d views of %d values (too large for one array; take a"
            + " smaller --batch)",
        capacity,
        views,
        imageValues);
    int examples = capacity * views;
    images = new float[hasBytes() ? 0 : examples * imageValues];
    pixels = new byte[hasBytes() ? examples * imageValues : 0];
    labels = new int[examples];
    sampleIds = new long[examples];
    copies = new int[capacity];
    otherLabels = new int[examples];
    shares = new float[examples];
    weights = new float[examples];
    otherWeights = new float[examples];
  }

  /** Whether the images are {@link #pixels()}; else they are {@link #images()}. */
  public boolean hasBytes() {
    return form == ImageForm.BYTES;
  }

  /** Normalised pixels, {@code [examples, channels, height, width]}; empty in a batch of bytes. */
  public float[] images() {
    return images;
  }

  /**
   * uint8 pixels before the normalisation, {@code [examples, height, width, channels]}; empty in a
   * batch that is normalised.
   */
  public byte[] pixels() {
    return pixels;
  }

  /** For each channel, the normalised value of each of the 256 pixels; not to be changed. */
  public float[][] values() {
    return values;
  }

  /** The label of each example. */
  public int[] labels() {
    return labels;
  }

  /** The label of what each example is mixed with; its own where it is not. */
  public int[] otherLabels() {
    return otherLabels;
  }

  /** How much of each example is its own image; 1 where it is not mixed. */
  public float[] shares() {
    return shares;
  }

  /** How much each example counts in the loss, above 0; 1 where the data has no weights. */
  public float[] weights() {
    return weights;
  }

  /** The weight of what each example is mixed with; its own where it is not. */
  public float[] otherWeights() {
    return otherWeights;
  }

  /** Whether an example counts more or less than another. */
  public boolean isWeighted() {
    for (int example = 1; example < examples(); example++) {
      if (weights[example] != weights[0]) {
        return true;
      }
    }
    return false;
  }

  /** The sample id of each example. */
  public long[] sampleIds() {
    return sampleIds;
  }

  /**
   * How many examples there are, the views of one sample next to each other; possibly none in the
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

  /** Says which copy of its sample a place has, from 0. */
  void copy(int sample, int number) {
    copies[sample] = number;
  }

  /** The identity by which the random numbers of the sample at a place are drawn. */
  long drawnBy(int sample, long sampleId) {
    return EpochPlan.copyId(sampleId, copies[sample]);
  }

  void describe(int sample, int label, long sampleId) {
    Arrays.fill(labels, sample * views, (sample + 1) * views, label);
    Arrays.fill(otherLabels, sample * views, (sample + 1) * views, label);
    Arrays.fill(shares, sample * views, (sample + 1) * views, 1);
    Arrays.fill(sampleIds, sample * views, (sample + 1) * views, sampleId);
  }

  void weigh(int sample, float weight) {
    Arrays.fill(weights, sample * views, (sample + 1) * views, weight);
    Arrays.fill(otherWeights, sample * views, (sample + 1) * views, weight);
  }

  /**
   * Mixes neighbours, the first with the second, the third with the fourth: each becomes a mix of
   * both, of which it has its own share. A last one without a neighbour stays as it is.
   *
   * @param mixes how an example is mixed, by the identity that its random numbers are drawn by
   * @param image the shape of the images
   */
  void mixNeighbours(LongFunction<Mix> mixes, ImageShape image) {
    float[] original = new float[imageValues];
    for (int first = 0; first + 1 < examples(); first += 2) {
      int second = first + 1;
      Mix firstMix = mixes.apply(drawnBy(first, sampleIds[first]));
      Mix secondMix = mixes.apply(drawnBy(second, sampleIds[second]));
      shares[first] = firstMix.share();
      shares[second] = secondMix.share();
      otherLabels[first] = labels[second];
      otherLabels[second] = labels[first];
      otherWeights[first] = weights[second];
      otherWeights[second] = weights[first];
      System.arraycopy(images, first * imageValues, original, 0, imageValues);
      firstMix.apply(images, first * imageValues, images, second * imageValues, image);
      secondMix.apply(images, second * imageValues, original, 0, image);
    }
  }
}
