// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.shard;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutionException;

/**
 * What is read once and kept. Threads that want the same wait for the first of them, and no thread
 * waits for another name: {@link ConcurrentHashMap#computeIfAbsent} would hold up names that happen
 * to be its neighbours in the map. If a read fails, the next thread tries again, because a failure
 * may be the reading thread's own, such as an interrupt.
 */
final class SharedReads<T> {
  /** Reads what is not kept yet. */
  interface Source<V> {
    V read() throws IOException;
  }

  /** Each is completed with what was read, or with null after a failure. */
  private final ConcurrentMap<String, CompletableFuture<T>> reads = new ConcurrentHashMap<>();

  /**
   * What was read of a name.
   *
   * @param source reads it if no other thread does, or has
   * @throws InterruptedIOException if the thread is interrupted while it waits for another one
   */
  T of(String name, Source<T> source) throws IOException {
    CompletableFuture<T> own = new CompletableFuture<>();
    while (true) {
      CompletableFuture<T> other = reads.putIfAbsent(name, own);
      if (other == null) {
        return read(name, own, source);
      }
      T result = await(other);
      if (result != null) {
        return result;
      }
    }
  }

  private T read(String name, CompletableFuture<T> own, Source<T> source) throws IOException {
    T result = null;
    try {
      result = source.read();
      return result;
    } finally {
      if (result == null) {
        reads.remove(name, own);
      }
      own.complete(result);
    }
  }

  private static <T> T await(CompletableFuture<T> read) throws InterruptedIOException {
    try {
      return read.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while another thread reads");
    } catch (ExecutionException e) {
      throw new IllegalStateException(e); // No read is completed with an exception.
    }
  }
}
