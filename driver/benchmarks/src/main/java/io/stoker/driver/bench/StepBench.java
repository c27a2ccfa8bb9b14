// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.bench;

import io.stoker.base.PhaseClock;
import io.stoker.driver.cluster.MemoryCheck;
import io.stoker.driver.cluster.MemoryNeed;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Times steps of several networks that run at the same time. Engines that are compared alternate,
 * so that changes of the machine's speed affect all of them.
 */
public final class StepBench {
  private static final int TURNS = 3;
  static final double WARM_UP_SHARE = 0.2;

  private StepBench() {}

  /**
   * The result of a measurement.
   *
   * @param rates the rate of each engine
   * @param memoryWarm the memory after the warm-up of the first engine, before another one starts
   * @param memory the memory after the first turn of the first engine, before another one starts
   */
  public record Result(
      List<StepRate> rates, Optional<ResidentMemory> memoryWarm, Optional<ResidentMemory> memory) {
    public Result {
      rates = List.copyOf(rates);
    }
  }

  /**
   * Measures engines.
   *
   * @param engines the engines, in the order in which they alternate
   * @param load the work of each
   * @param seconds for how long each is measured, after a warm-up
   */
  public static Result run(List<BenchEngine> engines, StepLoad load, int seconds) {
    MemoryCheck.requireHere(
        load.pass() == StepLoad.Pass.INFERENCE
            ? MemoryNeed.ofPredictingOneBatch(
                load.model(),
                load.batch(),
                engines.stream().allMatch(each -> each.engine().reusesMemoryInPrediction()))
            : MemoryNeed.ofOneBatch(load.model(), load.batch()),
        (int) Math.min(Integer.MAX_VALUE, (long) load.workers() * engines.size()));
    List<BenchWorkers> workers = new ArrayList<>();
    List<List<Long>> times = new ArrayList<>();
    double[] processorSeconds = new double[engines.size()];
    Optional<ResidentMemory> warm = Optional.empty();
    Optional<ResidentMemory> memory = Optional.empty();
    try {
      for (int turn = 0; turn < TURNS; turn++) {
        for (int i = 0; i < engines.size(); i++) {
          if (turn == 0) {
            workers.add(new BenchWorkers(engines.get(i), i == 0 ? load : load.inFp32()));
            workers.get(i).all(worker -> worker.steps(seconds * WARM_UP_SHARE));
            times.add(new ArrayList<>());
            warm = i == 0 ? ResidentMemory.now() : warm;
          }
          PhaseClock clock = PhaseClock.ofNow();
          workers
              .get(i)
              .all(worker -> worker.steps((double) seconds / TURNS))
              .forEach(times.get(i)::addAll);
          clock.end("steps");
          processorSeconds[i] += clock.phases().get(0).processorSeconds();
          memory = i == 0 && (turn == 0 || engines.size() == 1) ? ResidentMemory.now() : memory;
        }
      }
    } finally {
      workers.forEach(BenchWorkers::close);
    }
    List<StepRate> rates =
        IntStream.range(0, engines.size())
            .mapToObj(i -> StepRate.of(load, times.get(i), processorSeconds[i]))
            .toList();
    return new Result(rates, warm, memory);
  }
}
