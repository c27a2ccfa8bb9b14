// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.bench;

import io.stoker.base.LittleEndian;
import io.stoker.driver.slice.ParameterSlices;
import io.stoker.driver.slice.SliceSource;
import java.nio.FloatBuffer;
import java.util.SplittableRandom;
import org.apache.hadoop.conf.Configuration;

/** Random values between -0.05 and 0.05. Like trained parameters, they cannot be compressed. */
record Noise() implements SliceSource {
  private static final float RANGE = 0.1f;

  @Override
  public byte[] read(ParameterSlices slices, int slice, Configuration hadoop) {
    byte[] content = new byte[slices.bytes(slice)];
    fill(slice, LittleEndian.floats(content));
    return content;
  }

  static void fill(long seed, FloatBuffer values) {
    SplittableRandom random = new SplittableRandom(seed);
    while (values.hasRemaining()) {
      values.put(RANGE * (random.nextInt() / (float) (1L << 32)));
    }
  }
}
