// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.interchange;

import io.stoker.models.file.VectorSource;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.List;

/**
 * A tensor as another format has it, and where its values lie in the canonical vector. Its values,
 * row-major, are those of its parts, one part after the other.
 *
 * @param name its name there
 * @param dimensions its dimensions there
 * @param parts its values in the canonical vector
 * @param presence whether a file may be without it
 */
public record MappedTensor(
    String name, List<Long> dimensions, List<VectorPart> parts, Presence presence) {
  /** Whether a file must have a tensor. */
  public enum Presence {
    /** It must. */
    REQUIRED,
    /** A file may be without it; then its values are zeros. */
    ZERO_IF_ABSENT
  }

  public MappedTensor {
    dimensions = List.copyOf(dimensions);
    parts = List.copyOf(parts);
    long values = parts.stream().mapToLong(VectorPart::count).sum();
    if (dimensions.stream().reduce(1L, Math::multiplyExact) != values) {
      throw new IllegalStateException(
          "Tensor %s of %s has %s values".formatted(name, dimensions, values));
    }
  }

  /** The number of values. */
  public long count() {
    return parts.stream().mapToLong(VectorPart::count).sum();
  }

  /** This tensor under another name. */
  public MappedTensor named(String other) {
    return new MappedTensor(other, dimensions, parts, presence);
  }

  /**
   * The tensor's values, from the canonical vector.
   *
   * @param canonical the whole canonical vector
   */
  public VectorSource values(VectorSource canonical) {
    return (offset, target) -> read(canonical, offset, target);
  }

  private void read(VectorSource canonical, long offset, FloatBuffer target) throws IOException {
    long skipped = offset;
    for (VectorPart part : parts) {
      if (skipped >= part.count()) {
        skipped -= part.count();
        continue;
      }
      if (!target.hasRemaining()) {
        return;
      }
      int length = (int) Math.min(part.count() - skipped, target.remaining());
      part.readForeign(canonical, skipped, target.slice(target.position(), length));
      target.position(target.position() + length);
      skipped = 0;
    }
  }
}
