// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.plan;

import io.stoker.base.Division;
import io.stoker.base.SplitMix64;
import io.stoker.failure.Check;
import java.util.Arrays;
import java.util.Optional;

/**
 * Who reads what in which order in one epoch: a pure function of the blocks, the seed, the epoch
 * and the shape of the job.
 *
 * <p>The epoch's sequence has all blocks in random order, and the rows of each block in random
 * order. With {@code G = workers * batch}, the first {@code n = floor(samples / G)} steps are full:
 * the sequence is cut into G lanes of n neighbouring positions, and step t takes the t-th of each
 * lane. So the samples of a step depend only on the seed, the epoch and G, however G is shared out
 * between workers; a step mixes samples of up to G blocks; and worker w, who owns lanes {@code [w *
 * batch, (w + 1) * batch)}, reads one contiguous part of the epoch. The {@code samples - n * G}
 * positions that are left form one last, smaller step, shared as evenly as possible in the order of
 * workers.
 *
 * <p>In a {@linkplain #balanced balanced} epoch a row may come several times or not at all; it
 * comes where its block does. Everything else is the same, the number of steps included.
 *
 * <p>A {@linkplain #repeated repeated} epoch has as many steps of as many examples, and of the
 * sequence only the part that they need: each of its samples comes several times in one step.
 *
 * <p>It is immutable and takes 16 bytes a block, whatever the number of samples.
 */
public final class EpochPlan {
  private static final long BLOCK_ORDER = 1;
  private static final long ROW_ORDER = 2;

  private final long seed;
  private final int epoch;
  private final int workers;
  private final int batch;
  private final int repeats;
  private final long key;

  /** How many positions of the sequence each block has. */
  private final int[] blockDraws;

  /** How often rows are drawn; empty where each is drawn once. */
  private final Optional<ClassQuotas> quotas;

  /** The blocks in the order of this epoch, without those that have no positions. */
  private final int[] blocks;

  /** Where each of them starts in the sequence, and one more: the number of samples. */
  private final long[] starts;

  private final int fullSteps;

  private EpochPlan(
      int[] blockDraws,
      Optional<ClassQuotas> quotas,
      long seed,
      int epoch,
      int workers,
      int batch,
      int repeats) {
    Check.input(workers >= 1, "Invalid number of workers: %d (must be >= 1)", workers);
    Check.input(batch >= 1, "Invalid batch size: %d (must be >= 1)", batch);
    Check.input(epoch >= 0, "Invalid epoch: %d (must be >= 0)", epoch);
    Check.input(
        (long) workers * batch <= Integer.MAX_VALUE,
        "Invalid global batch: %d workers x %d samples (too large)",
        workers,
        batch);
    Check.input(
        repeats >= 1 && batch % repeats == 0,
        "Invalid repeats: %d (must be >= 1 and divide the batch of %d)",
        repeats,
        batch);
    this.seed = seed;
    this.epoch = epoch;
    this.workers = workers;
    this.batch = batch;
    this.repeats = repeats;
    this.key = key(seed, epoch);
    this.quotas = quotas;
    this.blockDraws = blockDraws.clone();
    int[] ordered = new int[blockDraws.length];
    int count = 0;
    long order = SplitMix64.mix(key, BLOCK_ORDER);
    for (int i = 0; i < blockDraws.length; i++) {
      int block = Permutation.at(i, blockDraws.length, order);
      Check.input(
          blockDraws[block] >= (quotas.isPresent() ? 0 : 1),
          "Invalid block: %d rows (must be >= 1)",
          blockDraws[block]);
      if (blockDraws[block] > 0) {
        ordered[count++] = block;
      }
    }
    this.blocks = Arrays.copyOf(ordered, count);
    this.starts = new long[count + 1];
    for (int i = 0; i < count; i++) {
      starts[i + 1] = starts[i] + blockDraws[blocks[i]];
    }
    this.fullSteps = Math.toIntExact(samples() / ((long) workers * batch));
  }

  /**
   * Plans an epoch.
   *
   * @param blockRows how many samples each block of the split has; copied
   * @param seed the job's root seed
   * @param epoch which, from 0
   * @param workers logical workers, at least 1
   * @param batch samples of one worker in one step, at least 1
   */
  public static EpochPlan of(int[] blockRows, long seed, int epoch, int workers, int batch) {
    return new EpochPlan(blockRows, Optional.empty(), seed, epoch, workers, batch, 1);
  }

  /**
   * Plans an epoch that has each class equally often, in as many samples as the split has: each of
   * C classes that have samples comes N / C times. A sample of a class with n samples comes N / (C
   * n) times, rounded up or down; whether it comes once more, or of a large class at all, changes
   * from epoch to epoch. The plan is a function of the labels, the seed, the epoch and the shape of
   * the job, as a natural one is of the blocks.
   *
   * @param labels of the split
   * @param seed the job's root seed
   * @param epoch which, from 0
   * @param workers logical workers, at least 1
   * @param batch samples of one worker in one step, at least 1
   */
  public static EpochPlan balanced(
      BlockLabels labels, long seed, int epoch, int workers, int batch) {
    ClassQuotas quotas = new ClassQuotas(labels, key(seed, epoch));
    return new EpochPlan(
        quotas.drawsOfBlocks(), Optional.of(quotas), seed, epoch, workers, batch, 1);
  }

  /**
   * This plan with repeated augmentation (Hoffer et al., 2020, "Augment Your Batch: Improving
   * Generalization Through Instance Repetition", section 3): each worker has each sample of a step
   * several times, next to as many fewer samples. The epoch keeps its length, so it has one sample
   * of so many, others in each epoch, as with the {@code RASampler} of DeiT and torchvision.
   *
   * @param times how often a sample comes, at least 1; a divisor of the batch
   */
  public EpochPlan repeated(int times) {
    return new EpochPlan(blockDraws, quotas, seed, epoch, workers, batch, times);
  }

  /**
   * The identity by which the random numbers of a copy of a sample are drawn: that of the sample
   * for the first copy.
   *
   * @param sampleId the sample's identity
   * @param copy which, from 0
   */
  public static long copyId(long sampleId, int copy) {
    return copy == 0 ? sampleId : SplitMix64.mix(sampleId, copy);
  }

  private static long key(long seed, int epoch) {
    return SplitMix64.mix(seed, epoch);
  }

  /** The job's root seed. */
  public long seed() {
    return seed;
  }

  /** Which epoch this is, from 0. */
  public int epoch() {
    return epoch;
  }

  /** How many samples an epoch has. */
  public long samples() {
    return starts[starts.length - 1];
  }

  /** How many workers share a step. */
  public int workers() {
    return workers;
  }

  /** Samples of one worker in a full step, the most that one has in any step. */
  public int batch() {
    return batch;
  }

  /** Steps of the epoch, the smaller last one included. */
  public int steps() {
    return fullSteps + (remainder() > 0 ? 1 : 0);
  }

  /** How many samples a worker has in a step; none, perhaps, in the last one. */
  public int examples(int worker, int step) {
    checkRange(worker, step);
    return step < fullSteps ? batch : (int) (remainderStart(worker + 1) - remainderStart(worker));
  }

  /**
   * Where in the epoch's sequence a sample is.
   *
   * @param worker of {@code [0, workers)}
   * @param step of {@code [0, steps())}
   * @param example of {@code [0, examples(worker, step))}
   * @return a position of {@code [0, samples())}; each belongs to one worker and step, and to one
   *     example for each copy
   */
  public long position(int worker, int step, int example) {
    int distinct = distinct(worker, step);
    if (step < fullSteps) {
      long lane = (long) worker * distinct + example % distinct;
      return lane * fullSteps + step;
    }
    long before = (long) fullSteps * workers * (batch / repeats);
    return before + distinctRemainderStart(worker) + example % distinct;
  }

  /**
   * Which copy of its sample an example is, from 0; 0 where samples are not repeated. Copies are as
   * far from each other in the batch as can be.
   */
  public int copy(int worker, int step, int example) {
    return example / distinct(worker, step);
  }

  /** How many samples the examples of a step are made of. */
  private int distinct(int worker, int step) {
    return Division.ceiling(examples(worker, step), repeats);
  }

  /** The block of a position of the sequence. */
  public int block(long position) {
    return blocks[index(position)];
  }

  /** The row, inside its block, of a position of the sequence. */
  public int row(long position) {
    int index = index(position);
    int offset = (int) (position - starts[index]);
    return quotas.isPresent() ? rows(blocks[index])[offset] : naturalRow(blocks[index], offset);
  }

  /**
   * The rows of a block in the order in which the sequence has them. In a balanced epoch this costs
   * little more than a single {@link #row}: a reader that stays with a block asks for it once.
   *
   * @param block that has positions
   */
  public int[] rows(int block) {
    int[] rows = new int[blockDraws[block]];
    int[] drawn = quotas.map(each -> each.rows(block, rows.length)).orElse(null);
    for (int i = 0; i < rows.length; i++) {
      int at = naturalRow(block, i);
      rows[i] = drawn == null ? at : drawn[at];
    }
    return rows;
  }

  private int naturalRow(int block, int offset) {
    return Permutation.at(offset, blockDraws[block], SplitMix64.mix(key, ROW_ORDER, block));
  }

  /** Where among the positions of its block a position of the sequence is, from 0. */
  public int offset(long position) {
    return (int) (position - starts[index(position)]);
  }

  /** How often the epoch has each sample. */
  public Sampling sampling() {
    return quotas.isPresent() ? Sampling.BALANCED : Sampling.NATURAL;
  }

  private int index(long position) {
    if (position < 0 || position >= samples()) {
      throw new IndexOutOfBoundsException("Position " + position + " of " + samples());
    }
    int found = Arrays.binarySearch(starts, position);
    return found >= 0 ? found : -found - 2;
  }

  private long remainder() {
    return samples() - (long) fullSteps * workers * batch;
  }

  /** Where a worker's part of the last step starts: the first workers have one sample more. */
  private long remainderStart(int worker) {
    return worker * (remainder() / workers) + Math.min(worker, remainder() % workers);
  }

  /** Where a worker's samples of the last step start among those of all. */
  private long distinctRemainderStart(int worker) {
    int least = (int) (remainder() / workers);
    long larger = Math.min(worker, remainder() % workers);
    return larger * Division.ceiling(least + 1, repeats)
        + (worker - larger) * Division.ceiling(least, repeats);
  }

  private void checkRange(int worker, int step) {
    if (worker < 0 || worker >= workers || step < 0 || step >= steps()) {
      throw new IndexOutOfBoundsException(
          "Worker " + worker + " of " + workers + ", step " + step + " of " + steps());
    }
  }
}
