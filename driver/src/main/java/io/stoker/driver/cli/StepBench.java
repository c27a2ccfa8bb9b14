package io.stoker.driver.cli;

import io.stoker.models.engine.Engine;
import io.stoker.models.engine.Network;
import io.stoker.models.engine.StepSettings;
import io.stoker.models.engine.Targets;
import io.stoker.models.spec.InitialParameters;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Shape;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Times training steps of several networks side by side, as an executor's slots do them. */
final class StepBench {
  private static final double NANOSECONDS = 1e9;
  private static final double NANOSECONDS_PER_MILLISECOND = 1e6;
  private static final int PIECE = 1 << 16;
  private static final double WARM_UP_SHARE = 0.2;

  /** A step computes forward once and backward about twice as much. */
  private static final int FORWARD_EQUIVALENTS = 3;

  private static final StepSettings SETTINGS = new StepSettings(0.001f, 0.9f, 0.0005f);

  private StepBench() {}

  /**
   * What the steps came to.
   *
   * @param batch examples of a step
   * @param workers networks side by side
   * @param imagesPerSecond of all workers
   * @param stepMilliseconds the median over all steps
   * @param gigaflopsPerSecond of all workers, a step counted as three forward passes
   * @param steps how many were timed
   * @param seconds how long
   */
  record Result(
      int batch,
      int workers,
      double imagesPerSecond,
      double stepMilliseconds,
      double gigaflopsPerSecond,
      long steps,
      double seconds) {}

  static Result run(Engine engine, ModelSpec model, int batch, int workers, int seconds) {
    ExecutorService threads = Executors.newFixedThreadPool(workers);
    try {
      long begin = System.nanoTime();
      List<Callable<List<Long>>> tasks = new ArrayList<>();
      for (int worker = 0; worker < workers; worker++) {
        int seed = worker;
        tasks.add(() -> steps(engine, model, batch, seed, begin, seconds));
      }
      List<Long> nanoseconds = new ArrayList<>();
      for (Future<List<Long>> task : threads.invokeAll(tasks)) {
        nanoseconds.addAll(task.get());
      }
      return summarize(nanoseconds, model, batch, workers);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new IllegalStateException(e.getCause());
    } finally {
      threads.shutdownNow();
    }
  }

  /** One worker's steps, in nanoseconds each, without those of the warm-up; at least one. */
  private static List<Long> steps(
      Engine engine, ModelSpec model, int batch, int seed, long begin, int seconds) {
    Shape input = model.input();
    SplittableRandom random = new SplittableRandom(seed);
    float[] images = new float[batch * input.features()];
    for (int i = 0; i < images.length; i++) {
      images[i] = (float) random.nextGaussian();
    }
    int[] labels = new int[batch];
    for (int i = 0; i < batch; i++) {
      labels[i] = random.nextInt(model.classes());
    }
    float[] targets = new float[batch * model.classes()];
    Targets.fill(labels, batch, model.classes(), 0, targets);
    List<Long> times = new ArrayList<>();
    try (Network network = engine.create(model, batch)) {
      fill(network, new InitialParameters(model, seed));
      long warm = begin + (long) (seconds * WARM_UP_SHARE * NANOSECONDS);
      long end = warm + (long) (seconds * NANOSECONDS);
      for (long step = 0; times.isEmpty() || System.nanoTime() < end; step++) {
        long start = System.nanoTime();
        network.computeGradients(images, targets, batch, seed + step);
        network.update(SETTINGS);
        long stop = System.nanoTime();
        if (step > 0 && start >= warm) {
          times.add(stop - start);
        }
      }
    }
    return times;
  }

  private static void fill(Network network, InitialParameters parameters) {
    FloatBuffer piece = FloatBuffer.allocate(PIECE);
    long count = network.model().parameterCount();
    for (long offset = 0; offset < count; offset += PIECE) {
      piece.clear().limit((int) Math.min(PIECE, count - offset));
      parameters.fill(offset, piece);
      network.writeParameters(offset, piece.flip());
    }
  }

  private static Result summarize(List<Long> nanoseconds, ModelSpec model, int batch, int workers) {
    List<Long> sorted = nanoseconds.stream().sorted().toList();
    double busy = sorted.stream().mapToLong(Long::longValue).sum() / NANOSECONDS;
    double seconds = busy / workers;
    double imagesPerSecond = sorted.size() * (double) batch / seconds;
    return new Result(
        batch,
        workers,
        imagesPerSecond,
        sorted.get(sorted.size() / 2) / NANOSECONDS_PER_MILLISECOND,
        imagesPerSecond * model.flops() * FORWARD_EQUIVALENTS / NANOSECONDS,
        sorted.size(),
        seconds);
  }
}
