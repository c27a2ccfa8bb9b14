// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.whitening;

import io.stoker.base.LittleEndian;
import io.stoker.driver.slice.ParameterSlices;
import io.stoker.driver.slice.SliceSource;
import java.nio.FloatBuffer;
import java.util.List;
import org.apache.hadoop.conf.Configuration;

/**
 * A model's first parameters with filters that whiten among them.
 *
 * @param others the parameters, as they would be without the images
 * @param offset where the filters begin in the parameter vector
 * @param filters the filters, some hundred values
 */
record WhitenedValues(SliceSource others, long offset, List<Float> filters) implements SliceSource {
  WhitenedValues {
    filters = List.copyOf(filters);
  }

  @Override
  public byte[] read(ParameterSlices slices, int slice, Configuration hadoop) {
    byte[] content = others.read(slices, slice, hadoop);
    FloatBuffer values = LittleEndian.floats(content);
    long begin = slices.offset(slice);
    long from = Math.max(begin, offset);
    long to = Math.min(begin + slices.length(slice), offset + filters.size());
    for (long i = from; i < to; i++) {
      values.put((int) (i - begin), filters.get((int) (i - offset)));
    }
    return content;
  }
}
