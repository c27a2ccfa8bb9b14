// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import io.stoker.base.LittleEndian;
import io.stoker.models.engine.Network;
import io.stoker.worker.runtime.RoundWork;
import io.stoker.worker.sgd.LocalResult;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.apache.spark.SparkEnv;

/**
 * One worker's part of one round, inside a task: the parameters are loaded into the worker's
 * network, the network is trained, and the result is read from it, slice by slice.
 */
final class RoundExecution {
  private final ParameterSlices slices;
  private final int round;
  private final int worker;
  private final RoundWork.Part part;
  private double gatherSeconds;
  private long fetchedBytes;
  private List<SliceReport> averages = List.of();
  private LocalResult result;

  /**
   * @param slices how the vectors are cut
   * @param round the round, from 0 within the stage
   * @param worker the worker
   * @param part its work, begun; this object owns it until {@link #end}
   */
  RoundExecution(ParameterSlices slices, int round, int worker, RoundWork.Part part) {
    this.slices = slices;
    this.round = round;
    this.worker = worker;
    this.part = part;
  }

  /** The worker's next round, which it begins with the values that this one has left. */
  RoundExecution next(RoundWork work) {
    RoundExecution next = new RoundExecution(slices, round + 1, worker, work.beginAfter(part));
    next.resetUpdaterStateUnlessCarried();
    return next;
  }

  int round() {
    return round;
  }

  int worker() {
    return worker;
  }

  /**
   * Sets the network's values of one slice.
   *
   * @param content in little-endian order
   */
  void load(int slice, ByteBuffer content) {
    FloatBuffer values = content.asFloatBuffer();
    int length = slices.length(slice);
    network().writeParameters(slices.offset(slice), values.slice(0, length));
    if (slices.carryUpdaterState()) {
      network().writeUpdaterState(slices.offset(slice), values.slice(length, length));
    }
  }

  /** Sets the updater state to zero, unless it travels with the parameters. */
  void resetUpdaterStateUnlessCarried() {
    if (!slices.carryUpdaterState()) {
      network().resetUpdaterState();
    }
  }

  /**
   * Notes what loading the parameters cost.
   *
   * @param seconds fetching and loading them
   * @param fetched bytes of slices that came from other executors
   * @param computed the averages that this task computed for it
   */
  void loaded(double seconds, long fetched, List<SliceReport> computed) {
    gatherSeconds = seconds;
    fetchedBytes = fetched;
    averages = List.copyOf(computed);
  }

  /** Takes the worker's local steps. */
  void train() {
    result = part.train();
  }

  /**
   * Takes the worker's local steps, and has the network corrected in between.
   *
   * @param steps after how many steps; after the last one if there are fewer
   */
  void train(int steps, Consumer<RoundExecution> correction) {
    AtomicBoolean corrected = new AtomicBoolean();
    result =
        part.train(
            taken -> {
              if (taken == steps) {
                corrected.set(true);
                correction.accept(this);
              }
            });
    if (!corrected.get()) {
      correction.accept(this);
    }
  }

  /** Corrects the network's values of a slice, see {@link Correction#apply}. */
  void correct(Correction correction, int slice, ByteBuffer sent, ByteBuffer average) {
    correction.apply(network(), slice, sent, average);
  }

  /**
   * Reads the network's values of a slice into an array.
   *
   * @param target of {@link ParameterSlices#pieceBytes} bytes or more, which is written to
   * @return the bytes of the array that are the content; none from a worker that saw no example,
   *     which has no weight
   */
  ByteBuffer content(int slice, byte[] target) {
    return result.examples() == 0 ? LittleEndian.bytes(target).limit(0) : values(slice, target);
  }

  /** The same, also from a worker that saw no example. */
  ByteBuffer values(int slice, byte[] target) {
    FloatBuffer values = LittleEndian.floats(target);
    int length = slices.length(slice);
    network().readParameters(slices.offset(slice), values.slice(0, length));
    if (slices.carryUpdaterState()) {
      network().readUpdaterState(slices.offset(slice), values.slice(length, length));
    }
    return LittleEndian.bytes(target).limit(slices.pieceBytes(slice));
  }

  /** The worker's piece of a slice. */
  WorkerSlice piece(int slice, ByteBuffer content) {
    return WorkerSlice.of(slice, worker, SparkEnv.get().executorId(), result.examples(), content);
  }

  /**
   * Ends the round: the network goes back, so that the task's next round, or another task, can
   * borrow it.
   *
   * @param scatterSeconds reading and writing the pieces
   */
  TaskReport end(double scatterSeconds) {
    part.close();
    return report(scatterSeconds);
  }

  /**
   * The report of a round after which the worker goes on with its network.
   *
   * @param scatterSeconds reading and writing the pieces
   */
  TaskReport report(double scatterSeconds) {
    return new TaskReport(
        round,
        List.of(
            new WorkerReport(
                worker,
                result.examples(),
                result.lossSum(),
                result.correct(),
                gatherSeconds,
                result.waitSeconds(),
                result.computeSeconds(),
                scatterSeconds,
                fetchedBytes)),
        averages);
  }

  private Network network() {
    return part.network();
  }
}
