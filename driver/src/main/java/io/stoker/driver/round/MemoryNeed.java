package io.stoker.driver.round;

import io.stoker.driver.averaging.ParameterSlices;
import io.stoker.failure.ResourceException;
import io.stoker.models.spec.ModelSpec;
import java.util.Locale;

/**
 * What a job takes of an executor, in bytes.
 *
 * <p>In the heap, each task of the average stage holds a piece of its slice from every worker, and
 * the sum, and what is read or written meanwhile. Outside the heap, each slot has a replica: its
 * parameters, gradients and momentum, and of every layer the outputs of a batch and their
 * gradients.
 *
 * @param workers how many workers a round has
 * @param slices how the model is cut
 * @param activations of one replica
 */
record MemoryNeed(int workers, ParameterSlices slices, long activations) {
  /** Of the heap, Spark's own reserve and what objects of the job take. */
  private static final double USABLE_HEAP = 0.6;

  /** A replica's vectors outside the heap: parameters, gradients, updater state. */
  private static final int VECTORS_OF_A_REPLICA = 3;

  /** Values and gradients. */
  private static final int BUFFERS_OF_A_LAYER = 2;

  /** The need of a model's training in batches. */
  static MemoryNeed of(ModelSpec model, int batch, int workers, ParameterSlices slices) {
    long features =
        model.placed().stream().mapToLong(layer -> layer.output().features()).sum()
            + model.input().features();
    return new MemoryNeed(workers, slices, features * batch * Float.BYTES * BUFFERS_OF_A_LAYER);
  }

  /** What the tasks of so many slots hold in the heap. */
  long heap(int slots) {
    return slots * (workers + 2L) * slices.bytes(0);
  }

  /** What the replicas of so many slots take outside of it. */
  long outside(int slots) {
    return slots * (VECTORS_OF_A_REPLICA * vector() + activations);
  }

  private long vector() {
    return slices.parameters() * Float.BYTES;
  }

  /** Whether an executor has as much, see {@link #require}. */
  boolean fits(int slots, long heap, long outside) {
    return heap(slots) <= heap * USABLE_HEAP && (outside <= 0 || outside(slots) <= outside);
  }

  /**
   * Makes sure that an executor has as much.
   *
   * @param slots of the executor
   * @param heap its heap, in bytes
   * @param outside its memory outside the heap, in bytes; 0 where nobody has said
   * @throws ResourceException if it has not, with the arithmetic
   */
  void require(int slots, long heap, long outside) {
    if (heap(slots) > heap * USABLE_HEAP) {
      throw new ResourceException(
          "Not enough heap in an executor: %s, of %s there are %s for that; give more --executor-memory (--driver-memory with a local master), or smaller slices (slice_bytes in a recipe)"
              .formatted(inHeap(slots), mebibytes(heap), mebibytes((long) (heap * USABLE_HEAP))));
    }
    if (outside > 0 && outside(slots) > outside) {
      throw new ResourceException(
          "Not enough native memory in an executor: %s, there are %s; set STOKER_NATIVE_MEMORY (spark.executor.memoryOverhead), take a smaller --batch, or have fewer cores in an executor"
              .formatted(outsideHeap(slots), mebibytes(outside)));
    }
  }

  /** The arithmetic of the heap. */
  String inHeap(int slots) {
    return "%d slots x (%d workers + 2) x %s a slice = %s"
        .formatted(slots, workers, mebibytes(slices.bytes(0)), mebibytes(heap(slots)));
  }

  /** The arithmetic of what is outside. */
  String outsideHeap(int slots) {
    return "%d slots x (%d vectors (parameters, gradients, momentum) x %s + %s of activations) = %s"
        .formatted(
            slots,
            VECTORS_OF_A_REPLICA,
            mebibytes(vector()),
            mebibytes(activations),
            mebibytes(outside(slots)));
  }

  private static String mebibytes(long bytes) {
    return String.format(Locale.ROOT, "%,d MiB", (bytes + (1 << 20) - 1) >> 20);
  }
}
