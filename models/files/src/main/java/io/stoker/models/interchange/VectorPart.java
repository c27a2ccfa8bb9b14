// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.interchange;

import io.stoker.models.file.VectorSource;
import java.io.IOException;
import java.nio.FloatBuffer;

/**
 * A range of another format's tensor, and where its values are in the canonical vector.
 *
 * @param offset where they begin in the canonical vector
 * @param count the number of values
 * @param form how the values are written there and here
 * @param columns if not 0, the other format has the values as a matrix with this number of columns,
 *     and the canonical vector has its transpose
 */
public record VectorPart(long offset, long count, ValueForm form, int columns) {
  /** A part whose values are in the same order there and here. */
  public VectorPart(long offset, long count, ValueForm form) {
    this(offset, count, form, 0);
  }

  /** Values that the canonical vector does not have: the other format wants zeros there. */
  public static VectorPart zeros(long count) {
    return new VectorPart(0, count, ValueForm.ZERO);
  }

  /** Reads values of the other format's tensor from the canonical vector. */
  void readForeign(VectorSource canonical, long first, FloatBuffer target) throws IOException {
    if (form == ValueForm.ZERO) {
      zero(target);
      return;
    }
    int start = target.position();
    read(canonical, offset, first, columns == 0 ? 0 : (int) (count / columns), target);
    if (form != ValueForm.SAME) {
      for (int i = start; i < target.position(); i++) {
        target.put(i, form.toForeign(target.get(i)));
      }
    }
  }

  /** Reads values of the canonical vector from the other format's tensor. */
  void readCanonical(VectorSource tensor, long tensorOffset, long first, FloatBuffer target)
      throws IOException {
    int start = target.position();
    read(tensor, tensorOffset, first, columns, target);
    if (form != ValueForm.SAME) {
      for (int i = start; i < target.position(); i++) {
        target.put(i, form.toCanonical(target.get(i)));
      }
    }
  }

  /** Reads in order, or from a matrix with the given number of columns its transpose. */
  private void read(
      VectorSource source, long sourceOffset, long first, int sourceColumns, FloatBuffer target)
      throws IOException {
    if (columns == 0) {
      source.read(sourceOffset + first, target);
      return;
    }
    float[] matrix = new float[Math.toIntExact(count)];
    source.read(sourceOffset, FloatBuffer.wrap(matrix));
    int sourceRows = matrix.length / sourceColumns;
    for (int i = Math.toIntExact(first); target.hasRemaining(); i++) {
      target.put(matrix[i % sourceRows * sourceColumns + i / sourceRows]);
    }
  }

  static void zero(FloatBuffer target) {
    while (target.hasRemaining()) {
      target.put(0);
    }
  }
}
