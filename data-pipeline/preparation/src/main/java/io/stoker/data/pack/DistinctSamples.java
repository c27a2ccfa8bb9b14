// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.pack;

import java.util.Iterator;
import java.util.NoSuchElementException;

/**
 * The samples of a shard, of which those that are equal in everything follow each other: the first
 * has its path, the others are dropped, or have " (2)" after it, " (3)" and so on. Files have
 * different paths; rows need not.
 */
final class DistinctSamples implements Iterator<PackedSample> {
  private final Iterator<PackedSample> samples;
  private final PrepareOptions.Duplicates duplicates;
  private PackedSample next;
  private String path = "";
  private int equal;

  /**
   * @param samples in {@link PackedSample.ShardOrder}
   * @param duplicates whether equal ones are kept
   */
  DistinctSamples(Iterator<PackedSample> samples, PrepareOptions.Duplicates duplicates) {
    this.samples = samples;
    this.duplicates = duplicates;
  }

  /** The path of the sample with a number among those that are equal in everything, from 1. */
  static String numbered(String path, int number) {
    return number == 1 ? path : path + " (" + number + ")";
  }

  @Override
  public boolean hasNext() {
    while (next == null && samples.hasNext()) {
      PackedSample sample = samples.next();
      equal = sample.path().equals(path) ? equal + 1 : 1;
      path = sample.path();
      if (equal == 1) {
        next = sample;
      } else if (duplicates == PrepareOptions.Duplicates.KEEP) {
        next = sample.withPath(numbered(path, equal));
      }
    }
    return next != null;
  }

  @Override
  public PackedSample next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    PackedSample result = next;
    next = null;
    return result;
  }
}
