// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.slice;

import java.io.IOException;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.util.function.BiConsumer;
import org.apache.hadoop.conf.Configuration;

/**
 * Tasks that executors run at the same time, each with all slices.
 *
 * @param <T> the result of one
 */
@FunctionalInterface
public interface SliceTasks<T> extends Serializable {
  /** The slices, on the executor of a task. */
  @FunctionalInterface
  interface Reader {
    /**
     * Reads all slices in some order. They stay on this executor, also for its other tasks.
     *
     * @param reader is called with each slice and its content, see {@link ParameterSlices}, which
     *     must not be written to
     */
    void forEach(BiConsumer<Integer, ByteBuffer> reader);
  }

  /**
   * Runs a task.
   *
   * @param task its number, from 0
   * @param layout how the vectors are cut
   * @param slices the contents
   * @param hadoop with which the task reaches files
   */
  T run(int task, ParameterSlices layout, Reader slices, Configuration hadoop) throws IOException;
}
