// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn;

import java.nio.FloatBuffer;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.javacpp.FloatPointer;

/**
 * fp32 values in native memory with their layout. The {@link Workspace} that creates it owns the
 * handle. The values belong to the workspace or, for a view of the parameter vector, to the
 * network.
 *
 * @param layout dimensions and order
 * @param values the first value
 * @param memory oneDNN's handle
 */
record Tensor(Layout layout, FloatPointer values, dnnl_memory memory) {
  /** All values as they lie in memory, from position 0. */
  FloatBuffer buffer() {
    return values.asBuffer();
  }
}
