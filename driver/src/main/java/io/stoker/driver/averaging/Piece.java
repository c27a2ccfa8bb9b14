package io.stoker.driver.averaging;

import java.util.Optional;

/**
 * One worker's part of one slice, on its way to be averaged. Its receiver owns the content.
 *
 * @see PieceSerializer
 */
final class Piece {
  private final int slice;
  private final int worker;
  private final String executor;
  private final long examples;
  private final byte[] content;
  private final WorkerReport report;

  private Piece(
      int slice, int worker, String executor, long examples, byte[] content, WorkerReport report) {
    this.slice = slice;
    this.worker = worker;
    this.executor = executor;
    this.examples = examples;
    this.content = content;
    this.report = report;
  }

  /**
   * @param slice the slice's number
   * @param worker whose it is
   * @param executor where it is from
   * @param examples its weight: how many examples the worker saw in this round
   * @param content see {@link ParameterSlices}; not copied
   */
  static Piece of(int slice, int worker, String executor, long examples, byte[] content) {
    return new Piece(slice, worker, executor, examples, content, null);
  }

  /** The same piece with another content. */
  Piece with(byte[] other) {
    return new Piece(slice, worker, executor, examples, other, report);
  }

  /** The same piece with the worker's report on the round. */
  Piece with(WorkerReport round) {
    return new Piece(slice, worker, executor, examples, content, round);
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

  /** The worker's report, on the piece of the last slice. */
  Optional<WorkerReport> report() {
    return Optional.ofNullable(report);
  }
}
