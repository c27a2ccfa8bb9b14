// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.stoker.failure.InputException;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RateCurveTest {
  private static final List<Double> RATES =
      IntStream.range(0, 41).mapToObj(i -> Math.pow(10, -4 + i / 10.0)).toList();

  @Test
  void theSmoothedLossIsTheWeightedMeanOfTheLossesSoFar() {
    List<Double> losses = List.of(3.0, 1.0, 2.0);

    List<RateCurve.Point> points = RateCurve.of(RATES.subList(0, 3), losses).points();

    assertThat(points.get(0).smoothed()).isEqualTo(3, within(1e-12));
    assertThat(points.get(1).smoothed()).isEqualTo((0.8 * 3 + 1) / 1.8, within(1e-12));
    assertThat(points.get(2).smoothed())
        .isEqualTo((0.64 * 3 + 0.8 * 1 + 2) / (0.64 + 0.8 + 1), within(1e-12));
  }

  @Test
  void theSuggestionIsAFixedShareOfTheRateWithTheLowestLoss() {
    // A loss that falls to 0.5 at 0.1, and is the same again: smoothing has its lowest at the end.
    List<Double> losses = IntStream.range(0, 31).mapToObj(i -> 2.5 - i / 15.0).toList();

    RateCurve curve = RateCurve.of(RATES.subList(0, 31), losses);

    assertThat(curve.lowest().rate()).isEqualTo(0.1, within(1e-12));
    assertThat(curve.suggestion()).isEqualTo(0.05, within(1e-3));
    assertThat(curve.position(curve.points().get(7).rate())).isEqualTo(7, within(1e-9));
  }

  @Test
  void theCurveEndsWhereTrainingDiverges() {
    List<Double> losses =
        IntStream.range(0, 41)
            .mapToObj(i -> i < 20 ? 2.3 - i / 20.0 : i < 22 ? 50.0 : Double.NaN)
            .toList();

    RateCurve curve = RateCurve.of(RATES, losses);

    assertThat(curve.points()).hasSize(20);
    assertThat(curve.lowest().rate()).isEqualTo(RATES.get(19));
  }

  @Test
  void noRateIsSuggestedWhereNoneIsGood() {
    for (double next : new double[] {9, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertThatThrownBy(() -> RateCurve.of(RATES.subList(0, 3), List.of(2.3, next, next)))
          .isInstanceOf(InputException.class)
          .hasMessage(
              "No rate from 1.0E-4 on made the loss lower: it was 2.3 in the first round (try a"
                  + " lower --from, or another model)");
    }
  }
}
