// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.slice;

import io.stoker.base.LittleEndian;
import io.stoker.models.engine.ParameterVectors;
import java.io.Serializable;
import org.apache.hadoop.conf.Configuration;

/**
 * A source of slices that any executor can read at any time, without an earlier round: the
 * beginning of a lineage.
 */
public interface SliceSource extends Serializable {
  /**
   * Reads or computes the content of one slice.
   *
   * @param slices how the vectors are cut
   * @param slice the slice's number
   * @param hadoop with which a file is reached
   * @return {@link ParameterSlices#bytes} bytes, which the caller owns
   * @throws io.stoker.failure.DamagedException if the bytes that were read are not those that were
   *     written
   */
  byte[] read(ParameterSlices slices, int slice, Configuration hadoop);

  /**
   * Sets the parameters of a network that are in no slice.
   *
   * @param slices how the others are cut
   */
  default void loadFrozen(ParameterVectors vectors, ParameterSlices slices, Configuration hadoop) {
    if (slices.first() == 0) {
      return;
    }
    ParameterSlices prefix = slices.prefix();
    for (int slice = 0; slice < prefix.count(); slice++) {
      byte[] content = read(prefix, slice, hadoop);
      vectors.writeParameters(prefix.offset(slice), LittleEndian.floats(content));
    }
  }
}
