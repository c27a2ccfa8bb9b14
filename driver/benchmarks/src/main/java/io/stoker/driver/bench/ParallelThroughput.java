// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.bench;

import io.stoker.data.measure.StageClock;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Measures work that several threads do at the same time, each its own. */
final class ParallelThroughput {
  /** Makes what one thread does. */
  interface Work {
    LoaderBench.Pass begin() throws IOException;
  }

  private ParallelThroughput() {}

  /**
   * Has threads work for a while.
   *
   * @param threads how many
   * @param seconds how long, at least
   * @param work makes what each thread does, again and again
   * @return images a second, of all threads
   */
  static double rate(int threads, double seconds, Work work) throws IOException {
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    List<LoaderBench.Pass> passes = new ArrayList<>();
    try {
      for (int i = 0; i < threads; i++) {
        passes.add(work.begin());
      }
      CyclicBarrier start = new CyclicBarrier(threads);
      List<Future<Double>> rates = new ArrayList<>();
      for (LoaderBench.Pass pass : passes) {
        rates.add(
            pool.submit(
                () -> {
                  start.await();
                  return StageClock.imagesPerSecond(pass, seconds);
                }));
      }
      double sum = 0;
      for (Future<Double> rate : rates) {
        sum += rate.get();
      }
      return sum;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while measuring");
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      throw new IOException(e.getCause());
    } finally {
      pool.shutdownNow();
      passes.forEach(LoaderBench.Pass::close);
    }
  }
}
