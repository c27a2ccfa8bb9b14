// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import io.stoker.driver.bench.RoundCosts.PerByte;
import io.stoker.driver.bench.RoundCosts.PerEvent;
import io.stoker.driver.bench.RoundCosts.Traffic;
import io.stoker.driver.slice.ParameterSlices;
import io.stoker.driver.slice.Wire;
import io.stoker.failure.InputException;
import java.time.Duration;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RoundSimulationTest {
  private static final int MEBI = 1 << 20;
  private static final double BANDWIDTH = 1e9;
  private static final SimulatedCluster CLUSTER = new SimulatedCluster(BANDWIDTH, 0, 1);

  private static final PerByte NO_TIME = new PerByte(0, 0, 0, 0, 0, 0);
  private static final Traffic NO_BYTES = new Traffic(0, 0, 0, 0, 0);

  /** Processors, driver and Spark cost nothing. */
  private static final RoundCosts FREE =
      new RoundCosts(NO_TIME, new PerEvent(0, 0, 0, 0), NO_BYTES);

  private static final WaitingSteps STEPS = new WaitingSteps(10, Duration.ofMillis(100));

  /** Rounds of a model with slices of 1 MiB. */
  private static AveragingLoad load(int mebibytes, int workers, int overlapSteps) {
    ParameterSlices slices =
        new ParameterSlices((long) mebibytes * MEBI / Float.BYTES, 1, MEBI / Float.BYTES);
    return new AveragingLoad(slices, workers, 1000, Wire.FP32, STEPS, overlapSteps);
  }

  private static RoundSimulation.Result measured(int mebibytes, int workers, int overlapSteps) {
    return new RoundSimulation(load(mebibytes, workers, overlapSteps), CLUSTER, RoundCosts.MEASURED)
        .run();
  }

  private static RoundSimulation.Result free(int mebibytes, int workers, int overlapSteps) {
    return new RoundSimulation(load(mebibytes, workers, overlapSteps), CLUSTER, FREE).run();
  }

  @Test
  void onTheNetworkAloneTwiceTheModelMovesHoweverManyWorkersThereAre() {
    for (int workers : new int[] {2, 8, 64, 256}) {
      double twice = 2.0 * 256 * MEBI * (workers - 1) / workers;

      RoundSimulation.Result result = free(256, workers, 0);

      assertThat(result.networkBytesPerWorker()).isEqualTo(Math.round(twice));
      assertThat(result.secondsInAddition()).isCloseTo(twice / BANDWIDTH, within(1e-9));
      assertThat(result.secondsPerRound()).isCloseTo(1 + twice / BANDWIDTH, within(1e-9));
    }
  }

  @Test
  void oneWorkerUsesNoNetwork() {
    RoundSimulation.Result result = free(256, 1, 0);

    assertThat(result.networkBytesPerWorker()).isZero();
    assertThat(result.secondsInAddition()).isZero();
    assertThat(result.hiddenShare()).isZero();
  }

  @Test
  void aModelOfOneSliceArrivesFromEachOtherWorker() {
    RoundSimulation.Result result = free(1, 16, 0);

    assertThat(result.networkBytesPerWorker()).isEqualTo(15L * MEBI);
    assertThat(result.secondsInAddition()).isCloseTo(15 * MEBI / BANDWIDTH, within(1e-9));
  }

  @Test
  void moreWorkersThanSlicesLeaveTheOwnersWithWholeSlices() {
    RoundSimulation.Result result = free(64, 256, 0);

    // PerEvent owner receives a slice from each other worker; all receive all slices but for a
    // 256th.
    assertThat(result.networkBytesPerWorker())
        .isEqualTo(255L * MEBI + Math.round(64.0 * MEBI * 255 / 256));
  }

  @Test
  void stepsHideTheExchangeInAllRoundsOfAGroupButTheLast() {
    double exchange = free(256, 8, 0).secondsInAddition(); // 0.47 s, less than nine steps

    RoundSimulation.Result result = free(256, 8, 9);

    assertThat(result.roundsPerStage()).isEqualTo(16);
    assertThat(result.secondsInAddition()).isCloseTo(exchange / 16, within(1e-9));
    assertThat(result.hiddenShare()).isCloseTo(15.0 / 16, within(1e-9));
  }

  @Test
  void whatTheStepsDoNotHideIsWaitedFor() {
    double exchange = free(256, 8, 0).secondsInAddition();

    double inAddition = free(256, 8, 3).secondsInAddition();

    assertThat(inAddition).isCloseTo((15 * (exchange - 0.3) + exchange) / 16, within(1e-9));
  }

  @Test
  void aWaitForTheDriverIsARoundTripAndAMessageOfEachWorker() {
    RoundCosts messages = new RoundCosts(NO_TIME, new PerEvent(0, 1e-4, 0, 0), NO_BYTES);
    SimulatedCluster far = new SimulatedCluster(1e18, 1e-3, 1);

    RoundSimulation.Result result = new RoundSimulation(load(256, 64, 0), far, messages).run();

    assertThat(result.secondsInAddition()).isCloseTo(3 * (2 * 1e-3 + 64 * 1e-4), within(1e-6));
  }

  @Test
  void workersThatShareCoresTakeAsManyTimesTheProcessorTime() {
    RoundCosts processor =
        new RoundCosts(new PerByte(1e-9, 1e-9, 1e-9, 1e-9, 0, 0), FREE.perEvent(), NO_BYTES);
    SimulatedCluster own = new SimulatedCluster(1e18, 0, 1);
    SimulatedCluster shared = new SimulatedCluster(1e18, 0, 0.25);

    double alone = new RoundSimulation(load(64, 8, 0), own, processor).run().secondsInAddition();

    assertThat(new RoundSimulation(load(64, 8, 0), shared, processor).run().secondsInAddition())
        .isCloseTo(4 * alone, within(1e-9));
  }

  @Test
  void costsGrowWithWorkersAndParametersAndFallWithBandwidthAndOverlap() {
    double[] byWorkers =
        IntStream.of(1, 2, 4, 64, 256, 1024)
            .mapToDouble(workers -> measured(256, workers, 0).secondsInAddition())
            .toArray();
    double[] byParameters =
        IntStream.of(1, 2, 16, 256, 1000)
            .mapToDouble(mebibytes -> measured(mebibytes, 64, 0).secondsInAddition())
            .toArray();

    assertThat(byWorkers).isSorted();
    assertThat(byParameters).isSorted();
    SimulatedCluster fast = new SimulatedCluster(10 * BANDWIDTH, 0, 1);
    assertThat(
            new RoundSimulation(load(256, 64, 0), fast, RoundCosts.MEASURED)
                .run()
                .secondsInAddition())
        .isLessThan(measured(256, 64, 0).secondsInAddition());
    assertThat(measured(256, 64, 5).secondsInAddition())
        .isLessThan(measured(256, 64, 0).secondsInAddition());
  }

  /** The rounds of docs/scaling.md to which the constants were fitted. */
  @Test
  void measuredRoundsAreNearWhatItComputes() {
    assertThat(inAddition(10, 150, 0)).isCloseTo(0.962, withinPercentage(5));
    assertThat(inAddition(10, 50, 0)).isCloseTo(0.911, withinPercentage(5));
    assertThat(inAddition(1, 150, 0)).isCloseTo(2.788, withinPercentage(5));
    assertThat(inAddition(1, 50, 0)).isCloseTo(2.622, withinPercentage(5));
    assertThat(inAddition(10, 150, 15)).isCloseTo(0.390, withinPercentage(16));
    assertThat(inAddition(10, 50, 15)).isCloseTo(0.475, withinPercentage(16));
    assertThat(inAddition(1, 150, 15)).isCloseTo(0.819, withinPercentage(5));
    assertThat(inAddition(1, 50, 15)).isCloseTo(1.966, withinPercentage(6));
  }

  /** Six rounds of 20 steps and 62,000,000 parameters, on two hosts of a core each. */
  private static double inAddition(int gigabits, int stepMillis, int overlapSteps) {
    ParameterSlices slices =
        new ParameterSlices(62_000_000, 1, ParameterSlices.fittingLength(62_000_000, 1, 2));
    WaitingSteps steps = new WaitingSteps(20, Duration.ofMillis(stepMillis));
    SimulatedCluster cluster = new SimulatedCluster(gigabits * 1e9 / Byte.SIZE, 0, 1);
    AveragingLoad load = new AveragingLoad(slices, 2, 6, Wire.FP32, steps, overlapSteps);
    return new RoundSimulation(load, cluster, RoundCosts.MEASURED).run().secondsInAddition();
  }

  @Test
  void bytesThroughTheDriverDoNotDependOnTheSizeOfSlices() {
    ParameterSlices small = new ParameterSlices(1000, 1, 100);
    ParameterSlices large = new ParameterSlices(10_000_000, 1, 1_000_000);

    assertThat(driverBytes(large, 5)).isEqualTo(driverBytes(small, 5)).isPositive();
    assertThat(driverBytes(small, 0)).isPositive();
  }

  private static long driverBytes(ParameterSlices slices, int overlapSteps) {
    AveragingLoad load = new AveragingLoad(slices, 64, 16, Wire.FP32, STEPS, overlapSteps);
    return new RoundSimulation(load, CLUSTER, RoundCosts.MEASURED).run().driverBytesPerRound();
  }

  @Test
  void aClusterThatCannotBeIsRefused() {
    assertThatThrownBy(() -> new SimulatedCluster(0, 0, 1)).isInstanceOf(InputException.class);
    assertThatThrownBy(() -> new SimulatedCluster(1, -1, 1)).isInstanceOf(InputException.class);
    assertThatThrownBy(() -> new SimulatedCluster(1, 0, 0)).isInstanceOf(InputException.class);
    assertThatThrownBy(() -> new SimulatedCluster(1, 0, Double.NaN))
        .isInstanceOf(InputException.class);
  }
}
