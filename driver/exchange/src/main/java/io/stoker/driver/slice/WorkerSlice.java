// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.slice;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * A piece: one worker's result for one slice, before it is averaged. The receiver owns the content.
 *
 * @param slice the slice's number
 * @param worker the worker that trained it
 * @param executor the executor on which the worker ran
 * @param examples the weight: how many examples the worker saw in this round
 * @param content see {@link ParameterSlices}, up to its limit; not copied
 * @see WorkerSliceFormat
 */
public record WorkerSlice(
    int slice, int worker, String executor, long examples, ByteBuffer content) {
  /** This piece with another content. */
  public WorkerSlice with(ByteBuffer other) {
    return new WorkerSlice(slice, worker, executor, examples, other);
  }

  /** A view of the content, in little-endian order. */
  @Override
  public ByteBuffer content() {
    return content.duplicate().order(ByteOrder.LITTLE_ENDIAN);
  }

  /** The array with whose first byte the content begins; not a copy. */
  public byte[] backing() {
    if (content.arrayOffset() != 0) {
      throw new IllegalStateException("A piece does not begin where its array does");
    }
    return content.array();
  }

  /** The content as an array; a copy only if the content is a part of an array. */
  public byte[] array() {
    byte[] array = backing();
    return content.limit() == array.length ? array : Arrays.copyOf(array, content.limit());
  }
}
