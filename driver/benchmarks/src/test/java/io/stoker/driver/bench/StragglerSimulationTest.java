// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import io.stoker.driver.averaging.RoundsPerStage;
import io.stoker.driver.bench.RoundCosts.PerByte;
import io.stoker.driver.bench.RoundCosts.PerEvent;
import io.stoker.driver.bench.RoundCosts.Traffic;
import io.stoker.driver.bench.StragglerSimulation.Result;
import io.stoker.driver.bench.StragglerSimulation.Rule;
import io.stoker.driver.slice.ParameterSlices;
import io.stoker.driver.slice.Wire;
import io.stoker.failure.InputException;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Next to closed forms. A round of 20 steps of 10 ms takes 0.2 s. */
class StragglerSimulationTest {
  private static final SimulatedCluster CLUSTER = new SimulatedCluster(1e9, 0, 1);
  private static final int STEPS = 20;
  private static final double SECONDS = 0.2;

  /** The exchange takes no time on this network; a stage takes some seconds. */
  private static RoundCosts costs(double stageSeconds) {
    return new RoundCosts(
        new PerByte(0, 0, 0, 0, 0, 0),
        new PerEvent(0, 0, stageSeconds, 0),
        new Traffic(0, 0, 0, 0, 0));
  }

  private static Result run(int workers, Stragglers stragglers, Rule rule, int rounds) {
    return run(workers, stragglers, rule, rounds, 0);
  }

  private static Result run(
      int workers, Stragglers stragglers, Rule rule, int rounds, double stageSeconds) {
    AveragingLoad load =
        new AveragingLoad(
            new ParameterSlices(1, 1, 1),
            workers,
            Integer.MAX_VALUE,
            Wire.FP32,
            new WaitingSteps(STEPS, Duration.ofMillis(10)),
            0);
    return new StragglerSimulation(load, CLUSTER, costs(stageSeconds), stragglers)
        .run(rule, rounds);
  }

  private static Stragglers slow(double share, double factor) {
    return new Stragglers(share, factor, 0, 0, 0, 1);
  }

  @ParameterizedTest
  @CsvSource({"1, false", "1, true", "0.75, false", "0.75, true"})
  void aClusterWithoutStragglersTrainsOnAllExamplesWhateverTheRule(double quorum, boolean bySpeed) {
    Result result = run(8, Stragglers.NONE, new Rule(quorum, bySpeed), 100, 0.5);

    assertThat(result.goodput()).isCloseTo(1, within(1e-6));
    assertThat(result.trainedShare()).isEqualTo(1);
  }

  @Test
  void aRoundIsAsSlowAsItsSlowestWorker() {
    Result result = run(8, slow(0.125, 4), Rule.SYNCHRONOUS, 100);

    assertThat(result.secondsPerRound()).isCloseTo(4 * SECONDS, within(1e-6));
    assertThat(result.goodput()).isCloseTo(0.25, within(1e-6));
  }

  @Test
  void workBySpeedLosesWhatSlowMachinesLack() {
    int rounds = 1000;

    Result result = run(8, slow(0.125, 4), new Rule(1, true), rounds);

    // All workers take all steps of the first round.
    double seconds = SECONDS * (4 + rounds - 1);
    double trained = STEPS * (8 + (7 + 0.25) * (rounds - 1));
    assertThat(result.secondsPerRound()).isCloseTo(seconds / rounds, withinPercentage(1e-3));
    assertThat(result.trainedShare()).isCloseTo(trained / (8 * STEPS * rounds), within(1e-9));
    assertThat(result.goodput())
        .isCloseTo(trained / (8 * STEPS) * SECONDS / seconds, withinPercentage(1e-3))
        .isGreaterThan(0.9);
  }

  /** Seven of eight workers deliver after a time t, and the round ends after another t / 4. */
  @Test
  void aQuorumWaitsForTheGraceTimeAndLosesTheSlowWorker() {
    int rounds = 1 + 4 * RoundsPerStage.fitting(1.25 * SECONDS, 1000);

    Result result = run(8, slow(0.125, 4), new Rule(0.875, false), rounds);

    // Stages have 1, R, and then as many rounds; their last rounds have the members of those
    // before.
    assertThat(result.secondsPerRound()).isBetween(SECONDS, 1.3 * SECONDS);
    assertThat(result.goodput()).isBetween(0.875 / 1.3, 0.875 / 1.2);
    assertThat(result.trainedShare()).isCloseTo(0.875, within(0.01));
  }

  /** The largest of W factors has the mean of W! / ((1 - 1/a) ... (W - 1/a)). */
  @ParameterizedTest
  @CsvSource({"1, 3", "8, 3", "64, 3", "64, 8"})
  void theSlowestOfManyWorkersFollowsFromTheTail(int workers, double tail) {
    double slowest = 1;
    for (int k = 1; k <= workers; k++) {
      slowest *= k / (k - 1 / tail);
    }

    Result result =
        run(workers, new Stragglers(0, 1, tail, 0, 0, 7), Rule.SYNCHRONOUS, 100_000 / workers);

    assertThat(result.secondsPerRound()).isCloseTo(SECONDS * slowest, withinPercentage(3));
  }

  /**
   * Work of L seconds that begins again after each failure, R seconds later, takes (1 / r + R) (exp
   * (r L) - 1) seconds with r failures a second.
   */
  @Test
  void workThatBeginsAgainAfterFailuresTakesLonger() {
    double perSecond = 0.5;
    Stragglers failing = new Stragglers(0, 1, 0, 3600 * perSecond, 3, 7);

    Result result = run(1, failing, Rule.SYNCHRONOUS, 50_000);

    assertThat(result.secondsPerRound())
        .isCloseTo((1 / perSecond + 3) * Math.expm1(perSecond * SECONDS), withinPercentage(3));
    assertThat(result.trainedShare()).isEqualTo(1);
  }

  @Test
  void aQuorumDoesNotWaitForWorkersThatFail() {
    Stragglers failing = new Stragglers(0, 1, 0, 36, 30, 7);

    Result synchronous = run(64, failing, Rule.SYNCHRONOUS, 2000);
    Result quorum = run(64, failing, new Rule(0.5, false), 2000);

    // A worker is away for 30 of 130 seconds, and half of the workers are always there.
    assertThat(quorum.trainedShare()).isCloseTo(100.0 / 130, within(0.03));
    assertThat(quorum.goodput()).isGreaterThan(5 * synchronous.goodput());
  }

  @Test
  void theSameSeedGivesTheSameNumbers() {
    Stragglers all = new Stragglers(0.1, 4, 4, 10, 30, 7);
    Rule rule = new Rule(0.75, true);

    assertThat(run(32, all, rule, 200)).isEqualTo(run(32, all, rule, 200));
    assertThat(run(32, new Stragglers(0.1, 4, 4, 10, 30, 8), rule, 200))
        .isNotEqualTo(run(32, all, rule, 200));
  }

  @ParameterizedTest
  @ValueSource(strings = {"-0.1", "1.1", "NaN"})
  void aShareThatIsNoneIsRefused(double share) {
    assertThatThrownBy(() -> slow(share, 4))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("Invalid --slow-workers: " + share);
  }
}
