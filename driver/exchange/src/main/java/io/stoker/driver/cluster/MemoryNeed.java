// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cluster;

import io.stoker.base.Division;
import io.stoker.failure.Check;
import io.stoker.failure.ResourceException;
import io.stoker.models.spec.ModelSpec;
import io.stoker.worker.device.InstalledGpu;
import java.util.Locale;

/**
 * The memory that a job takes for each slot of an executor, computed before a network is built.
 *
 * <p>In the heap, a slot holds batches of images that are read ahead; in the average stage a piece
 * of its slice from every worker, the sum, and a slice that is read or written meanwhile; and where
 * rounds overlap, the values that its worker has sent. Outside the heap, a slot has a network: its
 * parameters, gradients and momentum, and for every layer the outputs of a batch and their
 * gradients. A network that only predicts is the same, unless its engine uses the memory of outputs
 * again ({@link io.stoker.models.engine.Engine#reusesMemoryInPrediction}).
 */
public final class MemoryNeed {
  /** A network's vectors outside the heap: parameters, gradients, momentum. */
  private static final int VECTORS_OF_A_NETWORK = 3;

  /** Of each layer: outputs and their gradients. */
  private static final int BUFFERS_OF_A_LAYER = 2;

  /**
   * What a network that only predicts has of its parameters: themselves, and the weights of
   * convolutions that Winograd's algorithm transforms, which are up to four times as many.
   */
  private static final int VECTORS_IN_PREDICTION = 6;

  /**
   * How many outputs of the largest layer there are at the same time in prediction, with copies in
   * other orders and the scratchpads of kernels. With oneDNN 1.8 to 2.9 were measured.
   */
  private static final int LARGEST_OUTPUTS_IN_PREDICTION = 8;

  /** How many batches a reader holds at least: one in use, one ready, one being filled. */
  private static final int BATCHES_OF_A_READER = 3;

  /** For the context and the libraries of CUDA, and for the workspace of convolutions. */
  private static final long RESERVED_ON_A_GPU = 1L << 30;

  /** Some JVMs allow no array of 2^31 - 1 elements. */
  private static final long LARGEST_ARRAY = Integer.MAX_VALUE - 8;

  /** Bytes of one slot, and how they are computed, for messages. */
  private record Bytes(long ofOneSlot, String arithmetic) {
    long of(int slots) {
      return product(slots, ofOneSlot);
    }

    String text(int slots) {
      return String.format(
          Locale.ROOT,
          "%d %s x %s = %s",
          slots,
          slots == 1 ? "slot" : "slots",
          arithmetic,
          mebibytes(of(slots)));
    }
  }

  private final Bytes heap;
  private final Bytes outside;
  private final String heapRemedy;

  private MemoryNeed(Bytes heap, Bytes outside, String heapRemedy) {
    this.heap = heap;
    this.outside = outside;
    this.heapRemedy = heapRemedy;
  }

  /**
   * The memory of a training job.
   *
   * @param model the model
   * @param batch examples of a worker's step
   * @param workers how many workers a round has
   * @param sliceBytes bytes of the largest slice
   * @param sentBytes bytes that a worker keeps of what it has sent: all of it where rounds overlap,
   *     else 0
   * @param stateVectors how many vectors the updater state has
   * @throws io.stoker.failure.InputException if no array can hold a batch
   */
  public static MemoryNeed ofTraining(
      ModelSpec model, int batch, int workers, long sliceBytes, long sentBytes, int stateVectors) {
    long images = batchBytes(model, batch);
    Bytes heap =
        new Bytes(
            sum(
                sum(product(workers + 2L, sliceBytes), product(BATCHES_OF_A_READER, images)),
                sentBytes),
            String.format(
                Locale.ROOT,
                "((%d workers + 2) x %s a slice + %d batches x %s of images%s)",
                workers,
                mebibytes(sliceBytes),
                BATCHES_OF_A_READER,
                mebibytes(images),
                sentBytes > 0 ? " + " + mebibytes(sentBytes) + " of sent values" : ""));
    return new MemoryNeed(
        heap,
        network(model, batch, Math.max(VECTORS_OF_A_NETWORK, 2 + stateVectors)),
        "a smaller --batch, or smaller slices (slice_bytes in a recipe)");
  }

  /**
   * The memory of a job that evaluates or classifies.
   *
   * @param model the model
   * @param batch the largest number of images of one call
   * @param reuses whether the engine uses the memory of outputs again
   * @throws io.stoker.failure.InputException if no array can hold a batch
   */
  public static MemoryNeed ofPrediction(ModelSpec model, int batch, boolean reuses) {
    return ofBatches(model, batch, BATCHES_OF_A_READER, predicting(model, batch, reuses));
  }

  /**
   * The memory of a network that predicts one batch, which nothing is read ahead for.
   *
   * @param model the model
   * @param batch the largest number of images of one call
   * @param reuses whether the engine uses the memory of outputs again
   * @throws io.stoker.failure.InputException if no array can hold a batch
   */
  public static MemoryNeed ofPredictingOneBatch(ModelSpec model, int batch, boolean reuses) {
    return ofBatches(model, batch, 1, predicting(model, batch, reuses));
  }

  /**
   * The memory of a job that looks at what layers make of images.
   *
   * @param model the model
   * @param batch the largest number of images of one call
   * @throws io.stoker.failure.InputException if no array can hold a batch
   */
  public static MemoryNeed ofActivations(ModelSpec model, int batch) {
    return ofBatches(model, batch, BATCHES_OF_A_READER, network(model, batch));
  }

  /**
   * The memory of a network that learns from one batch or looks at it, which nothing is read ahead
   * for.
   *
   * @param model the model
   * @param batch the largest number of images of one call
   * @throws io.stoker.failure.InputException if no array can hold a batch
   */
  public static MemoryNeed ofOneBatch(ModelSpec model, int batch) {
    return ofBatches(model, batch, 1, network(model, batch));
  }

  private static MemoryNeed ofBatches(ModelSpec model, int batch, int batches, Bytes network) {
    long images = batchBytes(model, batch);
    Bytes heap =
        new Bytes(
            product(batches, images),
            (batches > 1 ? batches + " batches x " : "") + mebibytes(images) + " of images");
    return new MemoryNeed(heap, network, "a smaller --batch");
  }

  /**
   * The memory of averaging alone, of networks that compute nothing.
   *
   * @param parameters how many parameters there are
   * @param workers how many workers a round has
   * @param sliceBytes bytes of the largest slice
   */
  public static MemoryNeed ofAveraging(long parameters, int workers, long sliceBytes) {
    long vector = product(parameters, Float.BYTES);
    return new MemoryNeed(
        new Bytes(
            product(workers + 2L, sliceBytes),
            String.format(
                Locale.ROOT, "(%d workers + 2) x %s a slice", workers, mebibytes(sliceBytes))),
        new Bytes(vector, mebibytes(vector) + " of parameters"),
        "smaller slices (--slice-bytes)");
  }

  /** The bytes of a batch of images in the heap. */
  private static long batchBytes(ModelSpec model, int batch) {
    long largest = largest(model);
    Check.input(
        batch <= LARGEST_ARRAY / largest,
        "Invalid batch size: %d (must be <= %d for model %s, because an array has at most 2^31 - 1"
            + " values)",
        batch,
        LARGEST_ARRAY / largest,
        model.name());
    return product(batch, model.input().features(), Float.BYTES);
  }

  /** The values of one example in the largest layer, or in the input. */
  private static long largest(ModelSpec model) {
    return Math.max(
        model.input().features(),
        model.leaves().stream().mapToLong(layer -> layer.output().features()).max().orElse(1));
  }

  private static Bytes network(ModelSpec model, int batch) {
    return network(model, batch, VECTORS_OF_A_NETWORK);
  }

  /** A network that only predicts; it takes no more than one that learns. */
  private static Bytes predicting(ModelSpec model, int batch, boolean reuses) {
    Bytes learning = network(model, batch);
    long activations = product(largest(model), batch, Float.BYTES, LARGEST_OUTPUTS_IN_PREDICTION);
    long vector = product(model.parameterCount(), Float.BYTES);
    long bytes = sum(product(VECTORS_IN_PREDICTION, vector), activations);
    return !reuses || bytes > learning.ofOneSlot()
        ? learning
        : new Bytes(
            bytes,
            String.format(
                Locale.ROOT,
                "(%d vectors (parameters in the orders of a library) x %s + %s of activations)",
                VECTORS_IN_PREDICTION,
                mebibytes(vector),
                mebibytes(activations)));
  }

  private static Bytes network(ModelSpec model, int batch, int vectors) {
    long features =
        model.leaves().stream().mapToLong(layer -> layer.output().features()).sum()
            + model.input().features();
    long activations = product(features, batch, Float.BYTES, BUFFERS_OF_A_LAYER);
    long vector = product(model.parameterCount(), Float.BYTES);
    return new Bytes(
        sum(product(vectors, vector), activations),
        String.format(
            Locale.ROOT,
            "(%d vectors (parameters, gradients, %s) x %s + %s of activations)",
            vectors,
            vectors > VECTORS_OF_A_NETWORK ? "two moments" : "momentum",
            mebibytes(vector),
            mebibytes(activations)));
  }

  /** Whether a process has enough memory for some slots, see {@link #require}. */
  public boolean fits(int slots, ProcessMemory there) {
    return heap.of(slots) <= there.usableHeap()
        && (there.outside() == 0 || outside.of(slots) <= there.outside());
  }

  /**
   * Makes sure that a process has enough memory.
   *
   * @param slots how many slots of the process the job uses at the same time
   * @param there what the process has
   * @throws ResourceException if it has not; the message shows the arithmetic
   */
  public void require(int slots, ProcessMemory there) {
    if (heap.of(slots) > there.usableHeap()) {
      throw new ResourceException(
          "Not enough heap in %s: %s, of %s there are %s for that; give more %s, or take %s"
              .formatted(
                  there.place(),
                  inHeap(slots),
                  mebibytes(there.heap()),
                  mebibytes(there.usableHeap()),
                  there.heapOption(),
                  heapRemedy));
    }
    if (there.outside() > 0 && outside.of(slots) > there.outside()) {
      throw new ResourceException(
          "Not enough native memory in %s: %s, there are %s; set STOKER_NATIVE_MEMORY (spark.executor.memoryOverhead, and -Dorg.bytedeco.javacpp.maxbytes in spark.executor.extraJavaOptions), take a smaller --batch, or have fewer cores in an executor"
              .formatted(there.place(), outsideHeap(slots), mebibytes(there.outside())));
    }
  }

  /**
   * Makes sure that a graphics card has enough memory for the network of a task.
   *
   * @param gpu the GPU
   * @param place which GPU of which executor this is, for the message
   * @throws ResourceException if it has not; the message shows the arithmetic
   */
  void requireOnGpu(InstalledGpu gpu, String place) {
    long free = gpu.memoryBytes() - RESERVED_ON_A_GPU;
    if (gpu.memoryBytes() > 0 && outside.of(1) > free) {
      throw new ResourceException(
          "Not enough memory on %s, %s: %s, and CUDA leaves %s of %s; take a smaller --batch, or another GPU"
              .formatted(
                  place,
                  gpu.gpu(),
                  outsideHeap(1),
                  mebibytes(Math.max(0, free)),
                  mebibytes(gpu.memoryBytes())));
    }
  }

  /** The arithmetic of the heap. */
  public String inHeap(int slots) {
    return heap.text(slots);
  }

  /** The arithmetic of the memory outside the heap. */
  public String outsideHeap(int slots) {
    return outside.text(slots);
  }

  /** A product of sizes; the largest long if it is larger. */
  private static long product(long... sizes) {
    try {
      long product = 1;
      for (long size : sizes) {
        product = Math.multiplyExact(product, size);
      }
      return product;
    } catch (ArithmeticException larger) {
      return Long.MAX_VALUE;
    }
  }

  private static long sum(long one, long other) {
    return one > Long.MAX_VALUE - other ? Long.MAX_VALUE : one + other;
  }

  private static String mebibytes(long bytes) {
    return String.format(Locale.ROOT, "%,d MiB", Division.ceiling(bytes, 1L << 20));
  }
}
