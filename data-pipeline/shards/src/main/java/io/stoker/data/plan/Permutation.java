// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.plan;

import io.stoker.base.SplitMix64;

/**
 * A random order of the numbers {@code [0, size)} that needs no memory: a Feistel network over the
 * next power of four, walked until it is back in range (Black and Rogaway, 2002, "Ciphers with
 * Arbitrary Finite Domains", section 4, cycle walking).
 */
public final class Permutation {
  /**
   * Four rounds of random functions look random on a large domain (Luby and Rackoff, 1988); the
   * blocks here can be small, and with fewer than eight their orders are visibly uneven.
   */
  private static final int ROUNDS = 8;

  /** Below this, halves are so small that a round has too little to choose from. */
  private static final int SMALLEST_HALF_BITS = 3;

  private Permutation() {}

  /**
   * Which number is at an index of the order.
   *
   * @param index of {@code [0, size)}
   * @param size at least 1
   * @param key chooses the order
   * @return a number of {@code [0, size)}; different indices give different numbers
   */
  public static int at(int index, int size, long key) {
    int bits = 32 - Integer.numberOfLeadingZeros(size - 1);
    int halfBits = Math.max(SMALLEST_HALF_BITS, (bits + 1) / 2);
    int mask = (1 << halfBits) - 1;
    long value = index;
    do {
      long left = value >>> halfBits;
      long right = value & mask;
      for (int round = 0; round < ROUNDS; round++) {
        long next = left ^ (SplitMix64.mix(key + round, right) & mask);
        left = right;
        right = next;
      }
      value = (left << halfBits) | right;
    } while (value >= size);
    return (int) value;
  }
}
