// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn;

import java.util.stream.LongStream;
import org.bytedeco.dnnl.dnnl_memory_desc_t;
import org.bytedeco.dnnl.global.dnnl;

/**
 * The dimensions of an fp32 tensor and the order of its values in memory: oneDNN's memory
 * descriptor.
 *
 * @param descriptor the native structure, freed with this object
 */
record Layout(dnnl_memory_desc_t descriptor) {
  /** Row-major. */
  static Layout plain(long... dimensions) {
    return tagged(
        dimensions,
        switch (dimensions.length) {
          case 1 -> dnnl.dnnl_a;
          case 2 -> dnnl.dnnl_ab;
          case 3 -> dnnl.dnnl_abc;
          case 4 -> dnnl.dnnl_abcd;
          case 5 -> dnnl.dnnl_abcde;
          default -> throw new IllegalArgumentException("Invalid rank: " + dimensions.length);
        });
  }

  /** A layout by strides: the distance of neighbours in memory along each dimension. */
  static Layout strided(long[] dimensions, long... strides) {
    dnnl_memory_desc_t descriptor = new dnnl_memory_desc_t();
    OneDnn.check(
        dnnl.dnnl_memory_desc_init_by_strides(
            descriptor, dimensions.length, dimensions, dnnl.dnnl_f32, strides),
        "describe a tensor");
    return new Layout(descriptor);
  }

  /** The weights of an LSTM, gate by gate {@code [units, inputs]} row-major. */
  static Layout recurrent(long inputs, long units) {
    return tagged(new long[] {1, 1, inputs, 4, units}, dnnl.dnnl_ldgoi);
  }

  /** A layout whose order the primitive chooses. */
  static Layout any(long... dimensions) {
    return tagged(dimensions, dnnl.dnnl_format_tag_any);
  }

  private static Layout tagged(long[] dimensions, int tag) {
    dnnl_memory_desc_t descriptor = new dnnl_memory_desc_t();
    OneDnn.check(
        dnnl.dnnl_memory_desc_init_by_tag(
            descriptor, dimensions.length, dimensions, dnnl.dnnl_f32, tag),
        "describe a tensor");
    return new Layout(descriptor);
  }

  /** The same dimensions in an order that the primitive chooses. */
  Layout anyOrder() {
    return any(dimensions());
  }

  long[] dimensions() {
    long[] dimensions = new long[descriptor.ndims()];
    for (int i = 0; i < dimensions.length; i++) {
      dimensions[i] = descriptor.dims().get(i);
    }
    return dimensions;
  }

  /** The number of values, without padding. */
  long elements() {
    return LongStream.of(dimensions()).reduce(1, Math::multiplyExact);
  }

  /** The bytes in memory, including the padding that a blocked order needs. */
  long bytes() {
    return dnnl.dnnl_memory_desc_get_size(descriptor);
  }

  boolean sameAs(Layout other) {
    return dnnl.dnnl_memory_desc_equal(descriptor, other.descriptor) == 1;
  }
}
