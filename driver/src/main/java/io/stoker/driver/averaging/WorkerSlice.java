package io.stoker.driver.averaging;

/**
 * One worker's part of one slice, on its way to be averaged. Its receiver owns the content.
 *
 * @see WorkerSliceSerializer
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
   * @param worker whose it is
   * @param executor where it is from
   * @param examples its weight: how many examples the worker saw in this round
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
