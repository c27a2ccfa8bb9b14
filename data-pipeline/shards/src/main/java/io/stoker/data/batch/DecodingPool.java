// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.batch;

import io.stoker.data.shard.ShardBlock;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Decodes the samples of a batch in parallel: the calling thread and a few others take one sample
 * after the other. Each sample has its place in the batch, so which thread takes it changes
 * nothing.
 */
final class DecodingPool implements AutoCloseable {
  private final List<SampleDecoder> decoders;
  private final ExecutorService threads;

  /**
   * @param decoders one for each thread, that of the caller included
   * @param name of the threads
   */
  DecodingPool(List<SampleDecoder> decoders, String name) {
    this.decoders = List.copyOf(decoders);
    AtomicInteger count = new AtomicInteger();
    this.threads =
        Executors.newFixedThreadPool(
            Math.max(1, decoders.size() - 1), // None is started before it is needed.
            task -> {
              Thread thread = new Thread(task, name + "-" + count.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            });
  }

  /**
   * Fills a batch, and returns when all of it is done.
   *
   * @param blocks of each sample
   * @param rows of each sample, in its block
   * @param target whose number of samples is set
   * @throws RuntimeException what the decoding of a sample threw
   */
  void decode(ShardBlock[] blocks, int[] rows, ImageBatch target) throws InterruptedException {
    AtomicInteger next = new AtomicInteger();
    List<Future<?>> helping = new ArrayList<>();
    for (SampleDecoder helper : decoders.subList(1, decoders.size())) {
      helping.add(threads.submit(() -> decode(helper, next, blocks, rows, target)));
    }
    try {
      decode(decoders.get(0), next, blocks, rows, target);
    } finally {
      // A thread that fails takes the remaining samples from the others, who write to the batch.
      next.set(target.samples());
      await(helping);
    }
  }

  private static void decode(
      SampleDecoder decoder,
      AtomicInteger next,
      ShardBlock[] blocks,
      int[] rows,
      ImageBatch target) {
    int samples = target.samples();
    for (int i = next.getAndIncrement(); i < samples; i = next.getAndIncrement()) {
      decoder.decode(blocks[i], rows[i], target, i);
    }
  }

  private static void await(List<Future<?>> helping) throws InterruptedException {
    RuntimeException failure = null;
    for (Future<?> one : helping) {
      try {
        one.get();
      } catch (ExecutionException e) {
        failure =
            e.getCause() instanceof RuntimeException runtime
                ? runtime
                : new IllegalStateException(e.getCause());
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }
}
