// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.dl4j;

import java.nio.FloatBuffer;
import java.util.Locale;
import org.bytedeco.javacpp.FloatPointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.concurrency.AffinityManager.Location;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Reads and writes ranges of an array's values, in memory or on a graphics card. */
public final class HostValues {
  private HostValues() {}

  /**
   * Copies values {@code [offset, offset + target.remaining())} into target.
   *
   * @param array of fp32, from the start of its buffer
   */
  public static void read(INDArray array, long offset, FloatBuffer target) {
    target.put(host(array, offset, target.remaining()));
  }

  /**
   * Sets values {@code [offset, offset + source.remaining())} from source.
   *
   * @param array of fp32, from the start of its buffer
   */
  public static void write(INDArray array, long offset, FloatBuffer source) {
    host(array, offset, source.remaining()).put(source);
    Nd4j.getAffinityManager().tagLocation(array, Location.HOST);
  }

  private static FloatBuffer host(INDArray array, long offset, long length) {
    if (array.dataType() != DataType.FLOAT) {
      throw new IllegalArgumentException("Not an array of fp32, but of " + array.dataType());
    }
    if (offset < 0 || offset + length > array.length()) {
      throw new IndexOutOfBoundsException(
          String.format(
              Locale.ROOT, "Values %d to %d of %d", offset, offset + length, array.length()));
    }
    Nd4j.getAffinityManager().ensureLocation(array, Location.HOST);
    FloatPointer values = new FloatPointer(array.data().pointer());
    return values.position(offset).limit(offset + length).asBuffer();
  }
}
