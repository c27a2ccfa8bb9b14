// SPDX-License-Identifier: Apache-2.0
package io.stoker.worker.eval;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What is counted when a network is evaluated. Counts of parts of a data set merge to those of the
 * whole, exactly and in any order: the log loss is a sum of integers too.
 *
 * <p>Of equal probabilities the class with the lower number ranks higher.
 */
public final class EvaluationCounts implements Serializable {
  private static final long serialVersionUID = 1L;

  /** How many ranks "top 5" has. */
  private static final int TOP = 5;

  /** One nat of log loss in units of the sum; 2^36 examples at a loss of 8 fit. */
  private static final double LOSS_UNITS = 1 << 24;

  /** Bins of confidence, as in Guo et al., 2017. */
  private static final int BINS = 15;

  private final int classes;

  /**
   * How often each class was taken for each, by {@code actual * classes + predicted}: only the
   * pairs that occur, which are at most as many as the examples.
   */
  private final Map<Long, Long> confusion = new HashMap<>();

  /** Of each bin of confidence: examples, how many of them are right, and their confidence. */
  private final long[] binExamples = new long[BINS];

  private final long[] binCorrect = new long[BINS];
  private final long[] binConfidenceUnits = new long[BINS];

  private long examples;
  private long topFive;
  private long lossUnits;
  private final WorstMistakes mistakes = new WorstMistakes();

  /**
   * Makes counts of nothing.
   *
   * @param classes how many classes there are
   */
  public EvaluationCounts(int classes) {
    this.classes = classes;
  }

  /**
   * Counts a batch.
   *
   * @param probabilities {@code [examples, classes]}, at the start of the array
   * @param labels the class of each example, at the start of the array
   * @param count how many examples there are
   * @throws io.stoker.failure.DamagedException if a probability is not a number
   */
  public void add(float[] probabilities, int[] labels, int count) {
    for (int example = 0; example < count; example++) {
      addExample(probabilities, example * classes, labels[example]);
    }
  }

  private void addExample(float[] probabilities, int offset, int label) {
    float own = probabilities[offset + label];
    int predicted = 0;
    int rank = 0;
    for (int c = 0; c < classes; c++) {
      float probability = Probabilities.requireNumber(probabilities[offset + c], c);
      if (probability > probabilities[offset + predicted]) {
        predicted = c;
      }
      if (probability > own || (probability == own && c < label)) {
        rank++;
      }
    }
    long units = Math.round(-Math.log(Math.max(own, Float.MIN_NORMAL)) * LOSS_UNITS);
    if (predicted != label) {
      mistakes.add(
          new WorstMistakes.Mistake(
              examples, label, predicted, probabilities[offset + predicted], units / LOSS_UNITS));
    }
    examples++;
    confusion.merge(pair(label, predicted), 1L, Long::sum);
    topFive += rank < TOP ? 1 : 0;
    lossUnits += units;
    addConfidence(probabilities[offset + predicted], predicted == label);
  }

  private void addConfidence(float confidence, boolean correct) {
    int bin = Math.max(0, Math.min(BINS - 1, (int) Math.ceil((double) confidence * BINS) - 1));
    binExamples[bin]++;
    binCorrect[bin] += correct ? 1 : 0;
    binConfidenceUnits[bin] += Math.round(confidence * LOSS_UNITS);
  }

  /**
   * Shifts the examples counted here to their place in the data set, so that mistakes keep their
   * place when these counts are merged with those of the others.
   *
   * @param before how many examples stand before the first
   * @return these
   */
  public EvaluationCounts placed(long before) {
    mistakes.shift(before);
    return this;
  }

  /**
   * Adds other counts to these.
   *
   * @return these
   */
  public EvaluationCounts merge(EvaluationCounts other) {
    if (other.classes != classes) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT, "Cannot merge counts of %d and %d classes", classes, other.classes));
    }
    other.confusion.forEach((pair, times) -> confusion.merge(pair, times, Long::sum));
    for (int bin = 0; bin < BINS; bin++) {
      binExamples[bin] += other.binExamples[bin];
      binCorrect[bin] += other.binCorrect[bin];
      binConfidenceUnits[bin] += other.binConfidenceUnits[bin];
    }
    examples += other.examples;
    topFive += other.topFive;
    lossUnits += other.lossUnits;
    mistakes.merge(other.mistakes);
    return this;
  }

  /** How many classes there are. */
  public int classes() {
    return classes;
  }

  /** How many examples were counted. */
  public long examples() {
    return examples;
  }

  private long pair(int actual, int predicted) {
    return (long) actual * classes + predicted;
  }

  /** How many examples of one class were taken for another, or for itself. */
  public long confused(int actual, int predicted) {
    return confusion.getOrDefault(pair(actual, predicted), 0L);
  }

  /** The pairs of classes that occur, by actual and then by predicted class. */
  public List<Confused> confused() {
    return confusion.entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .map(
            each ->
                new Confused(
                    (int) (each.getKey() / classes),
                    (int) (each.getKey() % classes),
                    each.getValue()))
        .toList();
  }

  /** How many examples have their own class as the most probable one. */
  public long correct() {
    long sum = 0;
    for (int c = 0; c < classes; c++) {
      sum += confused(c, c);
    }
    return sum;
  }

  /** How many examples have their own class among the five most probable. */
  public long topFive() {
    return topFive;
  }

  /** The worst mistakes, the worst first. */
  public List<WorstMistakes.Mistake> mistakes() {
    return mistakes.list();
  }

  /**
   * The mean over the examples of minus the logarithm of their own class's probability, in nats.
   */
  public double logLoss() {
    return lossUnits / LOSS_UNITS / examples;
  }

  /**
   * The expected calibration error: by how much the probability of the most probable class and the
   * share of examples that are of it differ, in {@value #BINS} bins of equal width over that
   * probability, weighted by examples (Guo et al., 2017, "On Calibration of Modern Neural
   * Networks", equation 3). 0 is best.
   */
  public double calibrationError() {
    double sum = 0;
    for (int bin = 0; bin < BINS; bin++) {
      sum += Math.abs(binCorrect[bin] - binConfidenceUnits[bin] / LOSS_UNITS);
    }
    return sum / examples;
  }

  /**
   * The bins of {@link #calibrationError}, from the least to the most confident; those without
   * examples are left out.
   */
  public List<CalibrationBin> calibration() {
    List<CalibrationBin> bins = new ArrayList<>();
    for (int bin = 0; bin < BINS; bin++) {
      if (binExamples[bin] > 0) {
        bins.add(
            new CalibrationBin(
                binExamples[bin],
                binConfidenceUnits[bin] / LOSS_UNITS / binExamples[bin],
                (double) binCorrect[bin] / binExamples[bin]));
      }
    }
    return List.copyOf(bins);
  }

  /**
   * How often one class was taken for another, or for itself.
   *
   * @param actual the class of the examples
   * @param predicted the class that they were taken for
   * @param times how many examples there are
   */
  public record Confused(int actual, int predicted, long times) {}

  /**
   * Examples of about the same confidence.
   *
   * @param examples how many there are
   * @param confidence the mean probability of their most probable class
   * @param accuracy the share of them that are of that class
   */
  public record CalibrationBin(long examples, double confidence, double accuracy) {}
}
