// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;

/** Workers of one engine. Each has a thread of its own, like a worker in a slot of an executor. */
final class BenchWorkers implements AutoCloseable {
  private final List<ExecutorService> threads = new ArrayList<>();
  private final List<StepWorker> workers = new ArrayList<>();

  BenchWorkers(BenchEngine engine, StepLoad load) {
    for (int i = 0; i < load.workers(); i++) {
      threads.add(Executors.newSingleThreadExecutor());
    }
    try {
      List<Callable<StepWorker>> constructors = new ArrayList<>();
      for (int i = 0; i < load.workers(); i++) {
        int seed = i;
        constructors.add(() -> new StepWorker(engine, load, seed));
      }
      workers.addAll(runAll(constructors));
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  /** Runs a function on all workers at the same time, and collects the results. */
  <T> List<T> all(Function<StepWorker, T> work) {
    List<Callable<T>> tasks = new ArrayList<>();
    for (StepWorker worker : workers) {
      tasks.add(() -> work.apply(worker));
    }
    return runAll(tasks);
  }

  private <T> List<T> runAll(List<Callable<T>> tasks) {
    List<Future<T>> running = new ArrayList<>();
    for (int i = 0; i < tasks.size(); i++) {
      running.add(threads.get(i).submit(tasks.get(i)));
    }
    try {
      List<T> results = new ArrayList<>();
      for (Future<T> task : running) {
        results.add(task.get());
      }
      return results;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  @Override
  public void close() {
    workers.forEach(StepWorker::close);
    threads.forEach(ExecutorService::shutdownNow);
  }
}
