// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

/**
 * A piece: one worker's result for one slice, before it is averaged. The receiver owns the content.
 *
 * @see WorkerSliceFormat
 */
final class WorkerSlice {
  private final int slice;
  private final int worker;
  private final String executor;
  private final long examples;
  private final byte[] content;

  private WorkerSlice(int slice, int worker, String executor, long examples, byte[] content) {
    this.slice = slice;
    this.worker = worker;
    this.executor = executor;
    this.examples = examples;
    this.content = content;
  }

  /**
   * @param slice the slice's number
   * @param worker the worker that trained it
   * @param executor the executor on which the worker ran
   * @param examples the weight: how many examples the worker saw in this round
   * @param content see {@link ParameterSlices}; not copied
   */
  static WorkerSlice of(int slice, int worker, String executor, long examples, byte[] content) {
    return new WorkerSlice(slice, worker, executor, examples, content);
  }

  /** The same piece with another content. */
  WorkerSlice with(byte[] other) {
    return new WorkerSlice(slice, worker, executor, examples, other);
  }

  int slice() {
    return slice;
  }

  int worker() {
    return worker;
  }

  String executor() {
    return executor;
  }

  long examples() {
    return examples;
  }

  byte[] content() {
    return content;
  }
}
