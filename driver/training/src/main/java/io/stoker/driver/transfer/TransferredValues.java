// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.transfer;

import io.stoker.base.LittleEndian;
import io.stoker.driver.checkpoint.StoredVectors;
import io.stoker.driver.slice.ParameterSlices;
import io.stoker.driver.slice.SliceSource;
import java.nio.FloatBuffer;
import java.util.List;
import org.apache.hadoop.conf.Configuration;

/**
 * A model's first parameters with those of some layers from a model file.
 *
 * @param fresh all of them, as they would be without the file
 * @param stored the file
 * @param copied what is taken from it
 */
record TransferredValues(SliceSource fresh, StoredVectors stored, List<Span> copied)
    implements SliceSource {
  /**
   * Values that are taken over.
   *
   * @param from where they begin in the file's vector
   * @param to where they begin in the model's
   * @param length how many there are
   */
  record Span(long from, long to, long length) implements java.io.Serializable {}

  TransferredValues {
    copied = List.copyOf(copied);
  }

  @Override
  public byte[] read(ParameterSlices slices, int slice, Configuration hadoop) {
    byte[] content = fresh.read(slices, slice, hadoop);
    FloatBuffer values = LittleEndian.floats(content);
    long begin = slices.offset(slice);
    long end = begin + slices.length(slice);
    for (Span span : copied) {
      long from = Math.max(begin, span.to());
      long to = Math.min(end, span.to() + span.length());
      if (from < to) {
        int at = (int) (from - begin);
        stored.readParameters(
            span.from() + from - span.to(), values.slice(at, (int) (to - from)), hadoop);
      }
    }
    return content;
  }
}
