// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.interchange;

import io.stoker.models.file.VectorSource;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.Map;
import java.util.TreeMap;

/** A canonical vector whose values lie in the tensors of another format's file. */
public final class AssembledVector implements VectorSource {
  /** A part of the vector, and the range of a tensor that it is. */
  private record Source(VectorPart part, VectorSource tensor, long tensorOffset) {}

  private final TreeMap<Long, Source> sources = new TreeMap<>();

  /**
   * Adds the parts of one tensor.
   *
   * @param tensor where its values belong
   * @param values the tensor's values, row-major
   */
  public void add(MappedTensor tensor, VectorSource values) {
    long offset = 0;
    for (VectorPart part : tensor.parts()) {
      sources.put(part.offset(), new Source(part, values, offset));
      offset += part.count();
    }
  }

  /** Adds a tensor that the file does not have: its values are zeros. */
  public void addZeros(MappedTensor tensor) {
    add(tensor, (offset, target) -> VectorPart.zero(target));
  }

  /**
   * Makes sure that the parts are the whole vector, or a range of it, each value once.
   *
   * @param first where the range begins
   * @param count its length
   * @throws IllegalStateException if they are not, which is a bug
   */
  public void requireComplete(long first, long count) {
    long next = first;
    for (Map.Entry<Long, Source> entry : sources.entrySet()) {
      if (entry.getKey() != next) {
        throw new IllegalStateException("No tensor has value " + next + " of the vector");
      }
      next += entry.getValue().part().count();
    }
    if (next != first + count) {
      throw new IllegalStateException("The tensors have " + (next - first) + " values of " + count);
    }
  }

  @Override
  public void read(long offset, FloatBuffer target) throws IOException {
    long next = offset;
    while (target.hasRemaining()) {
      Source source = sources.floorEntry(next).getValue();
      long within = next - source.part().offset();
      int length = (int) Math.min(source.part().count() - within, target.remaining());
      source
          .part()
          .readCanonical(
              source.tensor(),
              source.tensorOffset(),
              within,
              target.slice(target.position(), length));
      target.position(target.position() + length);
      next += length;
    }
  }
}
