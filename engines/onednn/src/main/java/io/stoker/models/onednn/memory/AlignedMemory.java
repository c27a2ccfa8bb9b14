// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.memory;

import io.stoker.failure.ResourceException;
import java.util.Locale;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;

/**
 * Native memory whose first byte is at a multiple of {@value #ALIGNMENT}, a cache line and an
 * AVX-512 register. JavaCPP aligns to 16 bytes only, and oneDNN's Winograd kernels end the process
 * with a segmentation fault on tensors that are not aligned.
 *
 * <p>Its {@code Workspace} owns it: the values of {@link #values()} are freed by {@link #close}.
 */
public final class AlignedMemory implements AutoCloseable {
  /** Bytes. */
  public static final int ALIGNMENT = 64;

  private static final int PADDING = ALIGNMENT / Float.BYTES;

  private final FloatPointer allocated;
  private final FloatPointer values;

  private AlignedMemory(FloatPointer allocated, long count) {
    this.allocated = allocated;
    long beyond = allocated.address() % ALIGNMENT;
    long skipped = beyond == 0 ? 0 : (ALIGNMENT - beyond) / Float.BYTES;
    values = allocated.getPointer(skipped).capacity(count);
  }

  /**
   * Allocates memory with arbitrary content.
   *
   * @param count the number of fp32 values, at least 1
   * @throws ResourceException if there is not as much memory
   */
  public static AlignedMemory of(long count) {
    try {
      return new AlignedMemory(new FloatPointer(count + PADDING), count);
    } catch (OutOfMemoryError e) {
      // Not the cause: Spark ends an executor whose task fails with an error, or one among causes.
      throw new ResourceException(
          String.format(
                  Locale.ROOT,
                  "Cannot allocate %d MiB of native memory in addition to %d MiB in use (the limit"
                      + " is %d MiB: raise",
                  (count * Float.BYTES) >> 20,
                  Pointer.totalBytes() >> 20,
                  Pointer.maxBytes() >> 20)
              + " -Dorg.bytedeco.javacpp.maxbytes and maxphysicalbytes, or take a smaller batch)");
    }
  }

  /** The values; their capacity is the number that was asked for. */
  public FloatPointer values() {
    return values;
  }

  /** Whether a value is at a multiple of {@value #ALIGNMENT} bytes. */
  static boolean isAligned(FloatPointer value) {
    return (value.address() + value.position() * Float.BYTES) % ALIGNMENT == 0;
  }

  @Override
  public void close() {
    allocated.deallocate();
  }
}
