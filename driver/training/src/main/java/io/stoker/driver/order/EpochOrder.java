// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.order;

import io.stoker.base.LittleEndian;
import io.stoker.base.Sha256;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;

/**
 * The samples that the workers of a job read in an epoch, in the order in which they read them.
 *
 * @param workers what each worker read
 */
public record EpochOrder(List<Share> workers) {
  /**
   * What one worker read.
   *
   * @param steps the sample ids of each of its steps
   * @param batchesSha256 the SHA-256 of its images as the network is given them, as little-endian
   *     fp32, step by step
   */
  @SuppressWarnings(
      "ArrayRecordComponent") // Lists would take more than eight bytes a sample; no code changes
  // the arrays.
  public record Share(long[][] steps, String batchesSha256) implements Serializable {}

  public EpochOrder {
    workers = List.copyOf(workers);
  }

  /** Steps of the epoch. */
  public int steps() {
    return workers.get(0).steps().length;
  }

  /** Samples of the epoch. */
  public long samples() {
    long samples = 0;
    for (Share share : workers) {
      for (long[] step : share.steps()) {
        samples += step.length;
      }
    }
    return samples;
  }

  /**
   * The SHA-256 of all sample ids as little-endian 64 bit numbers, step by step, and in each step
   * worker by worker: equal for all jobs of the same seed and global batch.
   */
  public String orderSha256() {
    MessageDigest digest = Sha256.digest();
    for (int step = 0; step < steps(); step++) {
      for (Share share : workers) {
        long[] ids = share.steps()[step];
        ByteBuffer bytes = LittleEndian.bytes(new byte[ids.length * Long.BYTES]);
        bytes.asLongBuffer().put(ids);
        digest.update(bytes);
      }
    }
    return Sha256.hex(digest);
  }

  /** The SHA-256 of the workers' own, in hexadecimal, worker by worker. */
  public String batchesSha256() {
    MessageDigest digest = Sha256.digest();
    workers.forEach(share -> digest.update(HexFormat.of().parseHex(share.batchesSha256())));
    return Sha256.hex(digest);
  }
}
