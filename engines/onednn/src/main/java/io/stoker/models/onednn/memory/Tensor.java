// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.memory;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Locale;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.javacpp.FloatPointer;

/**
 * fp32 values in native memory with their layout. The {@code Workspace} that creates it owns the
 * handle. The values belong to the workspace or, for a view of the parameter vector, to the
 * network.
 *
 * @param layout dimensions and order
 * @param storage where the values are
 * @param memory oneDNN's handle
 */
public record Tensor(Layout layout, TensorMemory storage, dnnl_memory memory) {
  /** The first value; see {@link TensorMemory#values}. */
  public FloatPointer values() {
    return storage.values();
  }

  /** Whether one is a view of the other. */
  public boolean sharesMemoryWith(Tensor other) {
    return storage == other.storage;
  }

  /** All values as they lie in memory; the position of the buffer stays 0. */
  public FloatBuffer buffer() {
    return storage.buffer();
  }

  /**
   * Makes sure that native code that needs it finds the first value aligned.
   *
   * @param user what needs it, for the message
   * @throws IllegalArgumentException if it is not, see {@link AlignedMemory}
   */
  public void requireAligned(String user) {
    if (!storage.isAligned()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "Misaligned tensor %s for %s: its first value is at address %#x, which is no multiple"
                  + " of %d",
              Arrays.toString(layout.dimensions()),
              user,
              values().address(),
              AlignedMemory.ALIGNMENT));
    }
  }
}
