// SPDX-License-Identifier: Apache-2.0
package io.stoker.base;

/**
 * Counter-based random numbers: a number is a hash of what it is for (seed, epoch, sample id, use)
 * and never of the numbers drawn before it. So no thread, retry or cluster can change it.
 *
 * <p>The hash is the output function of SplitMix64 (Steele, Lea and Flood, 2014, "Fast Splittable
 * Pseudorandom Number Generators", figure 15).
 */
public final class SplitMix64 {
  /** The step between two counters: 2^64 divided by the golden ratio, made odd. */
  public static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

  private SplitMix64() {}

  /**
   * The output function: a bijection of 64 bits in which each input bit changes each output bit
   * half of the time. It maps 0 to 0; {@link #mix(long)} does not.
   */
  public static long scramble(long state) {
    long z = (state ^ (state >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }

  /** A hash of one number: the first output of a SplitMix64 generator with this seed. */
  public static long mix(long value) {
    return scramble(value + GOLDEN_GAMMA);
  }

  /** A hash of two numbers, in this order. */
  public static long mix(long first, long second) {
    return mix(mix(first) ^ second);
  }

  /** A hash of three numbers, in this order. */
  public static long mix(long first, long second, long third) {
    return mix(mix(first, second) ^ third);
  }

  /**
   * Turns a hash into a number of {@code [0, bound)}.
   *
   * @param hash 64 random bits
   * @param bound at least 1
   */
  public static int below(long hash, int bound) {
    return (int) Math.multiplyHigh(hash >>> 1, 2L * bound);
  }

  /** Turns a hash into a number of {@code [0, 1)}, a multiple of 2^-53. */
  public static double unit(long hash) {
    return (hash >>> 11) * 0x1.0p-53;
  }
}
