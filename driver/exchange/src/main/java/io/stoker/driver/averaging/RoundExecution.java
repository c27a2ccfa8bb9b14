// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import io.stoker.base.LittleEndian;
import io.stoker.driver.slice.Correction;
import io.stoker.driver.slice.ParameterSlices;
import io.stoker.driver.slice.SliceAverage;
import io.stoker.driver.slice.Wire;
import io.stoker.driver.slice.WorkerSlice;
import io.stoker.driver.spark.FetchedBlock;
import io.stoker.models.engine.ParameterVectors;
import io.stoker.worker.runtime.RoundWork;
import io.stoker.worker.sgd.Measure;
import io.stoker.worker.sgd.Measurements;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.spark.SparkEnv;

/**
 * One worker's part of one round, inside a task: the parameters are loaded into the worker's
 * network, the network is trained, and the result is read from it, slice by slice.
 */
final class RoundExecution {
  private final SliceAverage average;
  private final ParameterSlices slices;
  private final int round;
  private final int worker;
  private final RoundWork.Part part;
  private double gatherSeconds;
  private long fetchedBytes;
  private List<SliceReport> averages = List.of();
  private Measurements result;

  /**
   * @param average how the vectors are cut, and how pieces travel
   * @param round the round, from 0 within the stage
   * @param part its work, begun; this object owns it until {@link #end}, and sets the updater state
   *     to zero unless it travels with the parameters
   */
  RoundExecution(SliceAverage average, int round, int worker, RoundWork.Part part) {
    this.average = average;
    this.slices = average.slices();
    this.round = round;
    this.worker = worker;
    this.part = part;
    if (takesPart() && !slices.carryUpdaterState()) {
      vectors().resetUpdaterState();
    }
  }

  /** The worker's next round, which it begins with the values that this one has left. */
  RoundExecution next(RoundWork work) {
    return new RoundExecution(average, round + 1, worker, work.beginAfter(part));
  }

  /** Whether the worker has something to do in the round. */
  private boolean takesPart() {
    return part != PartialWork.NOTHING;
  }

  int round() {
    return round;
  }

  /**
   * Sets the network's values of one slice.
   *
   * @param content in little-endian order
   */
  void load(int slice, ByteBuffer content) {
    if (!takesPart()) {
      return;
    }
    FloatBuffer values = content.asFloatBuffer();
    int length = slices.length(slice);
    vectors().writeParameters(slices.offset(slice), values.slice(0, length));
    for (int vector = 1; vector < slices.vectors(); vector++) {
      vectors()
          .writeUpdaterState(
              slices.stateOffset(vector, slice), values.slice(vector * length, length));
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
    correction.apply(vectors(), slice, sent, average);
  }

  /**
   * Reads the worker's piece of a slice, in the format in which it travels. A worker that saw no
   * example has no weight, and sends nothing.
   *
   * @param target of {@link ParameterSlices#pieceBytes} bytes or more, which is written to; holds
   *     the piece unless the format needs another array
   * @param before the slice with which the round began; asked for if the format needs it
   */
  WorkerSlice piece(int slice, byte[] target, Supplier<FetchedBlock> before) {
    if (result.get(Measure.EXAMPLES) == 0) {
      return piece(slice, LittleEndian.bytes(target).limit(0));
    }
    ByteBuffer values = values(slice, target);
    if (average.wire() == Wire.FP32) {
      return piece(slice, values);
    }
    try (FetchedBlock start = before.get()) {
      return piece(slice, average.encoded(slice, values, start.bytes()));
    }
  }

  /** The worker's piece of a slice with some content. */
  WorkerSlice piece(int slice, ByteBuffer content) {
    return new WorkerSlice(
        slice, worker, SparkEnv.get().executorId(), result.count(Measure.EXAMPLES), content);
  }

  /**
   * Reads the network's values of a slice into an array, also from a worker that saw no example.
   *
   * @param target of {@link ParameterSlices#pieceBytes} bytes or more, which is written to
   * @return the bytes of the array that are the values
   */
  ByteBuffer values(int slice, byte[] target) {
    FloatBuffer values = LittleEndian.floats(target);
    int length = slices.length(slice);
    vectors().readParameters(slices.offset(slice), values.slice(0, length));
    for (int vector = 1; vector < slices.vectors(); vector++) {
      vectors()
          .readUpdaterState(
              slices.stateOffset(vector, slice), values.slice(vector * length, length));
    }
    return LittleEndian.bytes(target).limit(slices.pieceBytes(slice));
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

  /** Gives the round up: its network goes back. */
  void giveUp() {
    part.close();
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
                result
                    .add(Measure.GATHER_SECONDS, gatherSeconds)
                    .add(Measure.SCATTER_SECONDS, scatterSeconds)
                    .add(Measure.MOVED_BYTES, fetchedBytes))),
        averages);
  }

  private ParameterVectors vectors() {
    return part.vectors();
  }
}
