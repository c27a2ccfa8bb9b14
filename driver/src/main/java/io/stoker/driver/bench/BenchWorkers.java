package io.stoker.driver.bench;

import io.stoker.models.engine.Engine;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;

/** Workers of one engine, each on a thread of its own as in an executor's slots. */
final class BenchWorkers implements AutoCloseable {
  private final List<ExecutorService> threads = new ArrayList<>();
  private final List<StepWorker> workers = new ArrayList<>();

  BenchWorkers(Engine engine, StepLoad load) {
    for (int i = 0; i < load.workers(); i++) {
      threads.add(Executors.newSingleThreadExecutor());
    }
    try {
      List<Callable<StepWorker>> making = new ArrayList<>();
      for (int i = 0; i < load.workers(); i++) {
        int seed = i;
        making.add(() -> new StepWorker(engine, load, seed));
      }
      workers.addAll(together(making));
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /** Has all workers do something at the same time, and collects what they come to. */
  <T> List<T> all(Function<StepWorker, T> work) {
    List<Callable<T>> tasks = new ArrayList<>();
    for (StepWorker worker : workers) {
      tasks.add(() -> work.apply(worker));
    }
    return together(tasks);
  }

  private <T> List<T> together(List<Callable<T>> tasks) {
    List<Future<T>> begun = new ArrayList<>();
    for (int i = 0; i < tasks.size(); i++) {
      begun.add(threads.get(i).submit(tasks.get(i)));
    }
    try {
      List<T> results = new ArrayList<>();
      for (Future<T> task : begun) {
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
