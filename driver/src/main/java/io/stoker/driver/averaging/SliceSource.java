package io.stoker.driver.averaging;

import java.io.Serializable;
import org.apache.hadoop.conf.Configuration;

/**
 * Where slices can be had from at any time, on any executor, without an earlier round: the root of
 * a lineage.
 */
public interface SliceSource extends Serializable {
  /**
   * Reads or computes one slice's content.
   *
   * @param slices how the vectors are cut
   * @param slice which slice
   * @param hadoop how to reach a file
   * @return {@link ParameterSlices#bytes} bytes, which the caller owns
   * @throws io.stoker.failure.DamagedException if what is read is not what was written
   */
  byte[] read(ParameterSlices slices, int slice, Configuration hadoop);
}
