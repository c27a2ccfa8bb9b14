// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.memory;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;

/**
 * Where the values of one tensor, and of the views of it, are. It may move between two passes; see
 * {@link TransientMemory}.
 */
public final class TensorMemory {
  private final List<dnnl_memory> handles = new ArrayList<>();

  /** The storages that begin within this one, by their first value here. */
  private final Map<Long, TensorMemory> parts = new TreeMap<>();

  /** Null until the values have a place. */
  private FloatPointer values;

  /** The values as a buffer; null until it is needed where they are. */
  private FloatBuffer buffer;

  /** A storage without a place. */
  TensorMemory() {}

  /** A storage that stays where it is. */
  public TensorMemory(FloatPointer values) {
    this.values = values;
  }

  /** The first value; only after {@link TransientMemory#place}, if the values are transient. */
  public FloatPointer values() {
    return values;
  }

  /** All values; the position of the buffer stays 0. */
  public FloatBuffer buffer() {
    if (buffer == null) {
      buffer = values.asBuffer();
    }
    return buffer;
  }

  /** The storage of the values from one on; it moves along. */
  public TensorMemory from(long first) {
    return parts.computeIfAbsent(
        first,
        place -> values == null ? new TensorMemory() : new TensorMemory(values.getPointer(place)));
  }

  /**
   * Creates a handle of these values for oneDNN, which follows when they move. The caller destroys
   * it.
   */
  public dnnl_memory handle(Layout layout) {
    dnnl_memory memory = new dnnl_memory();
    OneDnn.check(
        dnnl.dnnl_memory_create(
            memory, layout.descriptor(), OneDnn.engine(), values == null ? new Pointer() : values),
        "create a tensor");
    handles.add(memory);
    return memory;
  }

  /** Whether the first value is aligned; transient values always are. */
  boolean isAligned() {
    return values == null || AlignedMemory.isAligned(values);
  }

  public void moveTo(FloatPointer place) {
    values = place;
    buffer = null;
    for (dnnl_memory handle : handles) {
      OneDnn.check(dnnl.dnnl_memory_set_data_handle(handle, place), "move a tensor");
    }
    parts.forEach((first, part) -> part.moveTo(place.getPointer(first)));
  }
}
