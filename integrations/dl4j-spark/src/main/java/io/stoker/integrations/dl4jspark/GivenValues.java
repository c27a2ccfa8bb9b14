// SPDX-License-Identifier: Apache-2.0
package io.stoker.integrations.dl4jspark;

import io.stoker.base.LittleEndian;
import io.stoker.driver.slice.ParameterSlices;
import io.stoker.driver.slice.SliceSource;
import java.nio.FloatBuffer;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.broadcast.Broadcast;

/**
 * The first values of a network that the driver has.
 *
 * @param vectors as many as the slices have
 */
record GivenValues(Broadcast<float[][]> vectors) implements SliceSource {
  @Override
  public byte[] read(ParameterSlices slices, int slice, Configuration hadoop) {
    byte[] content = new byte[slices.bytes(slice)];
    FloatBuffer values = LittleEndian.floats(content);
    for (float[] vector : vectors.value()) {
      values.put(vector, (int) slices.offset(slice), slices.length(slice));
    }
    return content;
  }
}
