// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.slice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.stoker.base.LittleEndian;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The rules of averaging on the loss {@code a / 2 (w - c)^2} of each worker, where T steps of
 * gradient descent at rate r lead from w to {@code c + (1 - r a)^T (w - c)}, so that w after any
 * number of rounds is known in closed form.
 */
class LocalSgdOnQuadraticsTest {
  private static final double START = 5;

  /**
   * A worker's loss.
   *
   * @param examples the worker's weight in the mean
   */
  private record Worker(double curvature, double minimum, int examples) {
    double shrink(double rate, int steps) {
      return Math.pow(1 - rate * curvature, steps);
    }

    float trained(double start, double rate, int steps) {
      double position = start;
      for (int step = 0; step < steps; step++) {
        position -= rate * curvature * (position - minimum);
      }
      return (float) position;
    }
  }

  private static final List<Worker> UNEQUAL = List.of(new Worker(1, 2, 30), new Worker(4, -1, 10));
  private static final List<Worker> EQUAL = List.of(new Worker(1, 2, 1), new Worker(1, -1, 1));

  private final ParameterSlices plain = new ParameterSlices(1, 1, 1);
  private final ParameterSlices withMomentum = new ParameterSlices(0, 1, 1, true, 1);

  /** The mean of the workers' contractions, and the point to which it contracts. */
  private record Contraction(double factor, double fixedPoint) {
    static Contraction of(List<Worker> workers, double rate, int steps) {
      double examples = workers.stream().mapToInt(Worker::examples).sum();
      double factor = 0;
      double moved = 0;
      for (Worker worker : workers) {
        double share = worker.examples() / examples;
        double shrink = worker.shrink(rate, steps);
        factor += share * shrink;
        moved += share * (1 - shrink) * worker.minimum();
      }
      return new Contraction(factor, moved / (1 - factor));
    }

    double after(int rounds, double start) {
      return fixedPoint + Math.pow(factor, rounds) * (start - fixedPoint);
    }
  }

  /**
   * More local steps lead elsewhere where workers differ in curvature; the closed form says where.
   */
  @ParameterizedTest
  @CsvSource({"1, 0.1", "5, 0.1", "50, 0.1", "20, 0.01"})
  void averagesPlainly(int steps, double rate) {
    byte[] content = content(START);
    for (int round = 1; round <= 12; round++) {
      content = round(plain, OuterStep.PLAIN, UNEQUAL, rate, steps, content);

      assertThat(value(content))
          .isCloseTo(Contraction.of(UNEQUAL, rate, steps).after(round, START), within(1e-5));
    }
  }

  @Test
  void takesMoreLocalStepsAsTheRateFalls() {
    byte[] content = content(START);
    double expected = START;
    double[] rates = {0.1, 0.05, 0.02};
    int[] steps = {4, 16, 100}; // the quadratic synchronization rule: (0.2 / rate)^2
    for (int part = 0; part < rates.length; part++) {
      for (int round = 0; round < 3; round++) {
        content = round(plain, OuterStep.PLAIN, UNEQUAL, rates[part], steps[part], content);
      }
      expected = Contraction.of(UNEQUAL, rates[part], steps[part]).after(3, expected);
    }

    assertThat(value(content)).isCloseTo(expected, within(1e-5));
  }

  /**
   * With q the workers' contraction and e the way to the minimum, outer momentum makes each e a
   * linear function of the two before, {@code e'' = trace e' - determinant e}; the roots of its
   * characteristic polynomial are real in some cases and complex in others.
   */
  @ParameterizedTest
  @CsvSource({
    "1, 0.2, false, 5",
    "1, 0.9, false, 5",
    "0.7, 0.5, false, 1",
    "1, 0.2, true, 5",
    "0.7, 0.9, true, 20",
    "1, 0.9, true, 5"
  })
  void takesOuterSteps(double outerRate, double momentum, boolean nesterov, int steps) {
    double rate = 0.02;
    OuterStep outer = new OuterStep(outerRate, momentum, nesterov, List.of());
    double pull = outerRate * (EQUAL.get(0).shrink(rate, steps) - 1);
    double first = nesterov ? 1 + (1 + momentum) * pull : 1 + pull;
    double trace = first + momentum;
    double determinant = nesterov ? momentum * (1 + pull) : momentum;
    double minimum = 0.5;
    byte[] content = content(START, 0);
    for (int round = 1; round <= 30; round++) {
      content = round(withMomentum, outer, EQUAL, rate, steps, content);

      double way = recurrence(trace, determinant, first, round);
      assertThat(value(content))
          .as("round %d", round)
          .isCloseTo(minimum + way * (START - minimum), within(1e-4));
    }
  }

  /** Solves {@code e(0) = 1, e(1) = first, e(n + 2) = trace e(n + 1) - determinant e(n)}. */
  private static double recurrence(double trace, double determinant, double first, int n) {
    double discriminant = trace * trace / 4 - determinant;
    if (discriminant > 0) {
      double one = trace / 2 + Math.sqrt(discriminant);
      double other = trace / 2 - Math.sqrt(discriminant);
      double share = (first - other) / (one - other);
      return share * Math.pow(one, n) + (1 - share) * Math.pow(other, n);
    }
    double length = Math.sqrt(determinant);
    double angle = Math.acos(trace / 2 / length);
    double sine = (first / length - Math.cos(angle)) / Math.sin(angle);
    return Math.pow(length, n) * (Math.cos(n * angle) + sine * Math.sin(n * angle));
  }

  /** A round: local steps of each worker, their mean, and the outer step. */
  private static byte[] round(
      ParameterSlices slices,
      OuterStep outer,
      List<Worker> workers,
      double rate,
      int steps,
      byte[] before) {
    List<WorkerSlice> pieces = new ArrayList<>();
    for (int number = 0; number < workers.size(); number++) {
      Worker worker = workers.get(number);
      byte[] piece = content(worker.trained(value(before), rate, steps));
      pieces.add(new WorkerSlice(0, number, "0", worker.examples(), ByteBuffer.wrap(piece)));
    }
    byte[] next = new byte[slices.bytes(0)];
    WeightedMean.of(pieces, 1, next);
    outer.apply(slices, 0, LittleEndian.floats(before), next);
    return next;
  }

  private static byte[] content(double... values) {
    byte[] content = new byte[values.length * Float.BYTES];
    for (int i = 0; i < values.length; i++) {
      LittleEndian.floats(content).put(i, (float) values[i]);
    }
    return content;
  }

  private static double value(byte[] content) {
    return LittleEndian.floats(content).get(0);
  }
}
