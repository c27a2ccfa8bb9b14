package io.stoker.driver.averaging;

import java.io.IOException;
import java.io.Serializable;
import java.util.function.IntFunction;
import org.apache.hadoop.conf.Configuration;

/**
 * Something that one task on one executor does with all slices, such as writing them to a file.
 *
 * @param <T> what the driver gets of it, which must be small
 */
@FunctionalInterface
public interface SliceTask<T> extends Serializable {
  /**
   * Does it.
   *
   * @param slices how the vectors are cut
   * @param contents fetches a slice's content, see {@link ParameterSlices}, in any order and as
   *     often as wanted; it is not to be written to
   * @param hadoop how to reach a file
   */
  T run(ParameterSlices slices, IntFunction<byte[]> contents, Configuration hadoop)
      throws IOException;
}
