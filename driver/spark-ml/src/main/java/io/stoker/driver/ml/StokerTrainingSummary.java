// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.ml;

import io.stoker.driver.config.SelectionMetric;
import io.stoker.driver.metrics.EarlyStop;
import io.stoker.driver.metrics.EpochLosses;
import io.stoker.driver.metrics.RoundMetrics;
import io.stoker.driver.metrics.ValidationMetrics;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * How a {@link StokerModel} was trained. Of a fit that was interrupted and went on, it has all
 * rounds. A model that was loaded has none.
 */
public final class StokerTrainingSummary {
  private static final StructType ROUNDS =
      new StructType()
          .add("round", DataTypes.IntegerType, false)
          .add("epoch", DataTypes.IntegerType, false)
          .add("examples", DataTypes.LongType, false)
          .add("loss", DataTypes.DoubleType, false)
          .add("accuracy", DataTypes.DoubleType, false)
          .add("stepSize", DataTypes.DoubleType, false)
          .add("imagesPerSecond", DataTypes.DoubleType, false)
          .add("seconds", DataTypes.DoubleType, false);

  private final String runFolder;
  private final List<RoundMetrics> rounds;
  private final List<ValidationMetrics> validations;
  private final SelectionMetric metric;
  private final Optional<EarlyStop> earlyStop;

  StokerTrainingSummary(
      String runFolder,
      List<RoundMetrics> rounds,
      List<ValidationMetrics> validations,
      SelectionMetric metric,
      Optional<EarlyStop> earlyStop) {
    this.runFolder = runFolder;
    this.rounds = List.copyOf(rounds);
    this.validations = List.copyOf(validations);
    this.metric = metric;
    this.earlyStop = earlyStop;
  }

  /**
   * The objective after each iteration, as Spark's summaries have it: the mean loss of each epoch's
   * training examples, in nats, each before its own step.
   */
  public double[] objectiveHistory() {
    return EpochLosses.of(rounds).before(Integer.MAX_VALUE).stream()
        .mapToDouble(Double::doubleValue)
        .toArray();
  }

  /** How many epochs the training had. */
  public int totalIterations() {
    return objectiveHistory().length;
  }

  /** How many rounds the training had. */
  public int numRounds() {
    return rounds.size();
  }

  /** The mean loss of each round's examples, in nats, each before its own step. */
  public double[] roundLosses() {
    return rounds.stream().mapToDouble(RoundMetrics::loss).toArray();
  }

  /** The share of each round's examples that were classified right, each before its own step. */
  public double[] roundAccuracies() {
    return rounds.stream().mapToDouble(RoundMetrics::accuracy).toArray();
  }

  /** The mean loss of each validation, in nats; empty without {@code validationIndicatorCol}. */
  public double[] validationLosses() {
    return validations.stream().mapToDouble(ValidationMetrics::logLoss).toArray();
  }

  /** The share of rows that each validation classified right. */
  public double[] validationAccuracies() {
    return validations.stream().mapToDouble(ValidationMetrics::accuracy).toArray();
  }

  /** The metric by which validations were compared, such as {@code balanced-accuracy}. */
  public String metric() {
    return metric.toString();
  }

  /** The value of {@link #metric} that each validation had. */
  public double[] validationMetrics() {
    return validations.stream().mapToDouble(validation -> validation.value(metric)).toArray();
  }

  /** The rounds after which there were validations. */
  public long[] validationRounds() {
    return validations.stream().mapToLong(ValidationMetrics::round).toArray();
  }

  /** The round whose checkpoint the model is; the last one without validations. */
  public long bestRound() {
    return ValidationMetrics.best(validations, metric)
        .map(ValidationMetrics::round)
        .orElse((long) numRounds());
  }

  /** Whether {@code earlyStoppingRounds} ended the training before its last epoch. */
  public boolean stoppedEarly() {
    return earlyStop.isPresent();
  }

  /** Why the training ended before its last epoch; empty if it did not. */
  public String stopReason() {
    return earlyStop.map(EarlyStop::reason).orElse("");
  }

  /** Where the run is: {@code stoker report --run} takes it, while it is there. */
  public String runFolder() {
    return runFolder;
  }

  /**
   * A row for each round: {@code round}, {@code epoch}, {@code examples}, {@code loss}, {@code
   * accuracy}, {@code stepSize}, {@code imagesPerSecond}, {@code seconds}.
   */
  public Dataset<Row> rounds() {
    List<Row> rows =
        rounds.stream()
            .map(
                round ->
                    RowFactory.create(
                        round.round(),
                        round.epoch(),
                        round.examples(),
                        round.loss(),
                        round.accuracy(),
                        (double) round.lr(),
                        round.imagesPerSecond(),
                        round.seconds().total()))
            .toList();
    return SparkSession.active().createDataFrame(rows, ROUNDS);
  }
}
