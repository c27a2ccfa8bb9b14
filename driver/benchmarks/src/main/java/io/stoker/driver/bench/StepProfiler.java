// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.bench;

import static io.stoker.driver.bench.StepBench.WARM_UP_SHARE;

import io.stoker.models.engine.Arithmetic;
import io.stoker.models.engine.ConvolutionAlgorithm;
import io.stoker.models.engine.LayerTimes;
import io.stoker.models.engine.Precision;
import io.stoker.models.spec.Initializer;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Shape;
import io.stoker.models.spec.Window;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.stream.Stream;

/** Measures the times of a step's layers. */
public final class StepProfiler {
  /** The share of the seconds of {@link StepBench} that timing takes. */
  private static final double SHARE = 0.5;

  private static final double PEAK_SHARE = 0.1;
  private static final int PEAK_EXAMPLES = 4;

  private StepProfiler() {}

  /**
   * Times an engine's layers, after {@link StepBench} has measured it without timing them.
   *
   * @param engine the engine
   * @param load the work
   * @param seconds as for {@link StepBench#run}
   * @throws io.stoker.failure.InputException if the engine cannot time layers
   */
  public static StepProfile profile(BenchEngine engine, StepLoad load, int seconds) {
    double before = peak(engine, load.workers(), seconds * PEAK_SHARE);
    List<ModelSpec.Placed> layers =
        load.model().placed().stream().flatMap(StepProfiler::withInside).toList();
    IdentityHashMap<ModelSpec.Placed, double[]> milliseconds = new IdentityHashMap<>();
    List<Long> steps = new ArrayList<>();
    try (BenchWorkers workers = new BenchWorkers(engine, load)) {
      List<LayerTimes> all = workers.all(StepWorker::timeLayers);
      workers.all(worker -> worker.steps(seconds * WARM_UP_SHARE));
      all.forEach(LayerTimes::clear);
      workers.all(worker -> worker.steps(seconds * SHARE)).forEach(steps::addAll);
      for (ModelSpec.Placed layer : layers) {
        double[] passes = new double[2];
        for (LayerTimes times : all) {
          passes[0] += times.forward(layer.index()) / 1e6 / steps.size();
          passes[1] += times.backward(layer.index()) / 1e6 / steps.size();
        }
        milliseconds.put(layer, passes);
      }
    }
    double peak = Math.max(before, peak(engine, load.workers(), seconds * PEAK_SHARE));
    double step = steps.stream().mapToLong(Long::longValue).average().orElseThrow() / 1e6;
    List<LayerRate> rates =
        layers.stream()
            .filter(layer -> depth(layer) == 0 || milliseconds.get(layer)[0] > 0)
            .map(
                layer ->
                    rate(
                        load,
                        layer,
                        load.quantization().range(layer).isPresent()
                            ? StepLoad.INT8
                            : engine
                                .engine()
                                .algorithm(
                                    layer,
                                    load.batch(),
                                    load.arithmetic(),
                                    load.pass() == StepLoad.Pass.INFERENCE),
                        milliseconds.get(layer),
                        peak))
            .toList();
    double inLayers =
        rates.stream()
            .filter(rate -> rate.depth() == 0)
            .mapToDouble(rate -> rate.forwardMilliseconds() + rate.backwardMilliseconds())
            .sum();
    return new StepProfile(
        peak, megaflops(load, load.flops()) / step / peak, Math.max(0, step - inLayers), rates);
  }

  /** A layer and the numbered ones inside of it, depth-first. */
  private static Stream<ModelSpec.Placed> withInside(ModelSpec.Placed placed) {
    Stream<ModelSpec.Placed> inside = placed.inner().stream().flatMap(StepProfiler::withInside);
    return placed.path().isEmpty() ? inside : Stream.concat(Stream.of(placed), inside);
  }

  /** How many layers are around one, by its number such as {@code 5.2}. */
  private static int depth(ModelSpec.Placed placed) {
    return (int) placed.path().chars().filter(character -> character == '.').count();
  }

  private static LayerRate rate(
      StepLoad load,
      ModelSpec.Placed placed,
      String algorithm,
      double[] milliseconds,
      double peak) {
    double forward = milliseconds[0];
    double backward = milliseconds[1];
    double there = megaflops(load, (double) placed.flops());
    double back = megaflops(load, load.backward(placed));
    return new LayerRate(
        depth(placed),
        placed.path() + " " + placed.layer().label(),
        placed.output().toString(),
        algorithm,
        forward,
        backward,
        quotient(there, forward),
        quotient(back, backward),
        quotient(there + back, forward + backward) / peak);
  }

  /** The arithmetic of all workers in a step. */
  private static double megaflops(StepLoad load, double flops) {
    return (double) load.batch() * load.workers() * flops / 1e6;
  }

  /** Gigaflops a second, from megaflops and milliseconds. */
  private static double quotient(double megaflops, double milliseconds) {
    return milliseconds == 0 ? 0 : megaflops / milliseconds;
  }

  /**
   * The peak speed of the machine: that of a direct convolution in fp32 with 256 channels in and
   * out, 3x3 over 14x14, than which no product is faster. The second of two is timed, because the
   * first one also brings the images into the memory order of convolutions.
   */
  private static double peak(BenchEngine engine, int networks, double seconds) {
    LayerSpec large =
        new LayerSpec.Convolution(256, Window.of(3).padded(1), 1, Initializer.Rule.HE, 0);
    LayerSpec small = new LayerSpec.Pooling(LayerSpec.Pooling.Kind.MAXIMUM, Window.of(14).by(14));
    ModelSpec model =
        new ModelSpec(
            "peak",
            new Shape(14, 14, 256),
            List.of(large, large, small, new LayerSpec.Dense(2, Initializer.Rule.HE, 0)));
    StepLoad load =
        new StepLoad(
            model,
            PEAK_EXAMPLES,
            networks,
            StepLoad.Pass.INFERENCE,
            new Arithmetic(Precision.FP32, ConvolutionAlgorithm.DIRECT));
    double megaflops = PEAK_EXAMPLES * (double) model.placed().get(1).flops() / 1e6;
    try (BenchWorkers workers = new BenchWorkers(engine, load)) {
      return workers.all(worker -> megaflops / fastest(worker, seconds)).stream()
          .mapToDouble(Double::doubleValue)
          .sum();
    }
  }

  /** Milliseconds of the second layer in its fastest pass. */
  private static double fastest(StepWorker worker, double seconds) {
    LayerTimes times = worker.timeLayers();
    List<Long> passes = new ArrayList<>();
    long end = System.nanoTime() + (long) (seconds * 1e9);
    while (passes.isEmpty() || System.nanoTime() < end) {
      times.clear();
      worker.steps(0);
      passes.add(times.forward(1));
    }
    return Collections.min(passes) / 1e6;
  }
}
