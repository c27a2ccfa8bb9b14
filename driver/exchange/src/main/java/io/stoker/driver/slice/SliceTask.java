// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.slice;

import java.io.IOException;
import java.io.Serializable;
import java.util.function.IntFunction;
import org.apache.hadoop.conf.Configuration;

/**
 * A task that one executor runs with all slices, for example to write them to a file.
 *
 * @param <T> the result, which goes to the driver and must be small
 */
@FunctionalInterface
public interface SliceTask<T> extends Serializable {
  /**
   * Runs the task.
   *
   * @param slices how the vectors are cut
   * @param contents fetches the content of a slice, see {@link ParameterSlices}, in any order and
   *     any number of times; the content must not be written to
   * @param hadoop with which the task reaches files
   */
  T run(ParameterSlices slices, IntFunction<byte[]> contents, Configuration hadoop)
      throws IOException;
}
