// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.plan;

import io.stoker.base.SplitMix64;

/**
 * How often each sample of a split is drawn in an epoch that has all classes equally often.
 *
 * <p>An epoch of N samples over C classes that have any draws each class N / C times; the first N
 * mod C classes once more. Of a class with n samples and q draws, the sample with the rank r among
 * its class (over the blocks in order) is given the draws {@code floor(((r + 1) q + p) / n) -
 * floor((r q + p) / n)}, where p of {@code [0, n)} depends on the seed, the epoch and the class. So
 * each sample has q / n draws, rounded up or down, neighbouring blocks have their fair share, and
 * the draws of a class are exactly q. Which samples of a block have one draw more than others
 * depends on the seed, the epoch, the block and the class.
 */
final class ClassQuotas {
  private static final long PHASE = 3;
  private static final long EXTRA = 4;

  private final BlockLabels labels;
  private final long key;
  private final long[] samples;
  private final long[] quotas;
  private final long[] phases;

  /**
   * @param labels of the split
   * @param key random bits of the seed and the epoch
   */
  ClassQuotas(BlockLabels labels, long key) {
    this.labels = labels;
    this.key = key;
    this.samples = labels.samplesPerClass();
    this.quotas = new long[samples.length];
    this.phases = new long[samples.length];
    long all = 0;
    int present = 0;
    for (long count : samples) {
      all += count;
      present += count > 0 ? 1 : 0;
    }
    int index = 0;
    for (int label = 0; label < samples.length; label++) {
      if (samples[label] > 0) {
        quotas[label] = all / present + (index < all % present ? 1 : 0);
        phases[label] = Math.floorMod(SplitMix64.mix(key, PHASE, label), samples[label]);
        index++;
      }
    }
  }

  /** How many draws the samples of a class with lower ranks have together. */
  private long drawsBefore(int label, long rank) {
    return (Math.multiplyExact(rank, quotas[label]) + phases[label]) / samples[label];
  }

  /** How many draws each block has. */
  int[] drawsOfBlocks() {
    int[] draws = new int[labels.blocks()];
    long[] ranks = new long[samples.length];
    long[] drawn = new long[samples.length];
    for (int block = 0; block < draws.length; block++) {
      int rows = labels.rows(block);
      long sum = 0;
      for (int row = 0; row < rows; row++) {
        int label = labels.label(block, row);
        ranks[label]++;
        long before = drawsBefore(label, ranks[label]);
        sum += before - drawn[label];
        drawn[label] = before;
      }
      draws[block] = Math.toIntExact(sum);
    }
    return draws;
  }

  /**
   * The rows of a block as often as they are drawn, ordered by label and row.
   *
   * @param count how many draws it has
   */
  int[] rows(int block, int count) {
    int[] rows = new int[count];
    long[] ranks = labels.samplesBefore(block);
    long[] sorted = labels.byLabel(block);
    int out = 0;
    for (int from = 0; from < sorted.length; ) {
      int label = (int) (sorted[from] >>> 32);
      int to = from + 1;
      while (to < sorted.length && sorted[to] >>> 32 == label) {
        to++;
      }
      int size = to - from;
      long draws = drawsBefore(label, ranks[label] + size) - drawsBefore(label, ranks[label]);
      long order = SplitMix64.mix(SplitMix64.mix(key, EXTRA, block), label);
      for (int i = 0; i < size; i++) {
        boolean extra = Permutation.at(i, size, order) < draws % size;
        long times = draws / size + (extra ? 1 : 0);
        for (long each = 0; each < times; each++) {
          rows[out++] = (int) sorted[from + i];
        }
      }
      from = to;
    }
    return rows;
  }
}
