// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.metrics;

import io.stoker.driver.averaging.RoundReport;
import io.stoker.worker.sgd.Measure;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.ToDoubleFunction;

/**
 * The table of the numbers of a round: how each is computed from the reports of executors, and its
 * names in {@code metrics.jsonl}, in TensorBoard, in MLflow and on the report page. Trackers have
 * them in the order of this table.
 */
public enum RoundNumber {
  /** Mean cross-entropy of the round's examples, in nats, each before its own step. */
  LOSS(Double.class, RoundReport::loss, Point.BY_EXAMPLES, "loss/train", "train/loss"),
  /** The share of them that were classified right. */
  ACCURACY(
      Double.class, RoundReport::accuracy, Point.BY_EXAMPLES, "accuracy/train", "train/accuracy"),
  /** The learning rate of the round's last step. */
  LR(Float.class, null, Point.LAST, "training/learning rate", "train/learning_rate"),
  /**
   * How far apart the workers were before the average that the round began with: the root mean
   * square of their parameters' distances from the mean, as a share of the mean's length; 0 for one
   * worker, and where the round did not begin with an average.
   */
  DRIFT(Double.class, RoundReport::drift, Point.MEAN, "training/drift", "train/drift"),
  /** The epoch that the round belongs to, from 1. */
  EPOCH(Integer.class, null, Point.NONE, "training/epoch", "train/epoch"),
  /** Examples since the job began, including those of this round. */
  EXAMPLES_TOTAL(Long.class, null, Point.NONE, "", "train/examples"),
  /** This round's examples by its wall clock, checkpoint included. */
  IMAGES_PER_SECOND(
      Double.class, null, Point.NONE, "speed/images per second", "speed/images_per_second"),
  /** Seconds: fetching the parameters into the replicas, the workers' mean. */
  GATHER(report -> report.mean(Measure.GATHER_SECONDS)),
  /** Seconds: waiting for data, the workers' mean. */
  DATA(report -> report.mean(Measure.WAIT_SECONDS)),
  /** Seconds: forward, backward and update, the workers' mean. */
  COMPUTE(report -> report.mean(Measure.COMPUTE_SECONDS)),
  /** Seconds: cutting parameters into slices and handing them over, the workers' mean. */
  SCATTER(report -> report.mean(Measure.SCATTER_SECONDS)),
  /** Seconds: fetching and averaging pieces, as if spread evenly over the slots. */
  AVERAGE(RoundReport::averageSeconds),
  /** Seconds: waiting for a checkpoint; not the time in which one is written while rounds go on. */
  CHECKPOINT(null),
  /** Seconds by the wall clock: with scheduling, and waiting where workers take turns. */
  TOTAL(null),
  /** The round, from 1. */
  ROUND(Integer.class, null, Point.NONE, "", ""),
  /** Local steps since the job began, including those of this round. */
  STEP(Long.class, null, Point.NONE, "", ""),
  /** The number of examples that the round trained on. */
  EXAMPLES(Long.class, RoundReport::examples, Point.NONE, "", ""),
  /**
   * Bytes of task results and broadcasts that passed through the driver, as Spark had reported them
   * by the end of the round.
   */
  DRIVER_BYTES(Long.class, RoundReport::driverBytes, Point.NONE, "", ""),
  /** Bytes of parameters that went from one executor to another. */
  EXECUTOR_BYTES(Long.class, RoundReport::executorBytes, Point.NONE, "", "");

  /** How several rounds are one point of a chart. */
  public enum Point {
    /** They are in no chart of this kind. */
    NONE,
    LAST,
    MEAN,
    /** The mean, weighted by examples. */
    BY_EXAMPLES
  }

  /** The seconds by phase, which are an object of their own in {@code metrics.jsonl}. */
  public static final Set<RoundNumber> PHASES = EnumSet.range(GATHER, TOTAL);

  /** The numbers of a line of {@code metrics.jsonl}; those of later releases follow these. */
  static final List<RoundNumber> LINE =
      inOrder(
          ROUND,
          EPOCH,
          STEP,
          EXAMPLES,
          EXAMPLES_TOTAL,
          LOSS,
          ACCURACY,
          LR,
          IMAGES_PER_SECOND,
          DRIVER_BYTES,
          EXECUTOR_BYTES,
          DRIFT);

  private final Class<? extends Number> type;

  /** Null where the training loop knows the number, and not the executors. */
  @SuppressWarnings("ImmutableEnumChecker") // The functions have no state.
  private final ToDoubleFunction<RoundReport> reported;

  private final Point point;
  private final String tensorBoard;
  private final String mlflow;

  RoundNumber(ToDoubleFunction<RoundReport> seconds) {
    type = Double.class;
    reported = seconds;
    point = Point.NONE;
    tensorBoard = "seconds/" + key();
    mlflow = tensorBoard;
  }

  RoundNumber(
      Class<? extends Number> type,
      ToDoubleFunction<RoundReport> reported,
      Point point,
      String tensorBoard,
      String mlflow) {
    this.type = type;
    this.reported = reported;
    this.point = point;
    this.tensorBoard = tensorBoard;
    this.mlflow = mlflow;
  }

  private static List<RoundNumber> inOrder(RoundNumber... first) {
    List<RoundNumber> numbers = new ArrayList<>(List.of(first));
    Arrays.stream(values())
        .filter(number -> !numbers.contains(number) && !PHASES.contains(number))
        .forEach(numbers::add);
    return List.copyOf(numbers);
  }

  /** Its name in {@code metrics.jsonl} and on the report page. */
  public String key() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Its tag in TensorBoard; empty if it is not shown there. */
  public String tensorBoard() {
    return tensorBoard;
  }

  /** Its name in MLflow; empty if it is not logged there. */
  public String mlflow() {
    return mlflow;
  }

  /** How charts of the report page summarize it. */
  public Point point() {
    return point;
  }

  /** How it is written: in JSON, a float of 0.01 has fewer digits than the same double. */
  Class<? extends Number> type() {
    return type;
  }

  /** Its place in an array of all numbers, which takes a fifth of the memory of a map. */
  @SuppressWarnings("EnumOrdinal")
  int index() {
    return ordinal();
  }

  /** What executors have reported; 0 if they do not know it. */
  double of(RoundReport report) {
    return reported == null ? 0 : reported.applyAsDouble(report);
  }
}
