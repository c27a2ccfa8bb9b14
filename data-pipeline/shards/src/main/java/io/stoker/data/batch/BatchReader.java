// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.batch;

import io.stoker.data.augment.AugmentationChain;
import io.stoker.data.augment.Mixing;
import io.stoker.data.augment.PixelChange;
import io.stoker.data.augment.Views;
import io.stoker.data.block.SplitBlocks;
import io.stoker.data.image.ImageShape;
import io.stoker.data.image.Scaling;
import io.stoker.data.plan.EpochPlan;
import io.stoker.data.shard.ShardBlock;
import io.stoker.data.shard.ShardEncoding;
import io.stoker.data.shard.ShardManifest;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Yields the batches of a worker, in the order of the plan. Threads of its own read, decode,
 * augment and normalise ahead of the consumer, by at least {@value #FEWEST_BUFFERS} batches, and
 * small ones by up to {@value #MOST_BUFFERS}, which are reused: one thread for raw images, and for
 * encoded ones up to {@value #MOST_THREADS}. What a batch holds depends on the plan and the data
 * alone.
 *
 * <p>It belongs to one consumer thread, which closes it. A failure of the reading thread reaches
 * the consumer in {@link #next()}, as the exception that it was.
 */
public final class BatchReader implements AutoCloseable {
  /** One with the consumer, one ready, one being filled. */
  static final int FEWEST_BUFFERS = 3;

  /** Small batches are made while the consumer waits for others between two rounds. */
  static final int MOST_BUFFERS = 64;

  /** What batches may take beyond the fewest. */
  private static final long BUFFER_BYTES = 16 << 20;

  private static final int MOST_THREADS = 4;

  private final SplitBlocks data;
  private final SampleOrder order;
  private final DecodingPool decoding;
  private final Consumer<ImageBatch> finish;

  /** The block of each sample of the batch before, and its index: mostly the next is the same. */
  private final ShardBlock[] blocks;

  private final int[] blockIndices;

  /** The block that was read last; null before the first. Of the thread that leads. */
  private ShardBlock last;

  private int lastIndex;

  private final int[] rows;

  /** An empty element ends the reading thread. */
  private final BlockingQueue<Optional<ImageBatch>> free =
      new ArrayBlockingQueue<>(MOST_BUFFERS + 1);

  /** An empty element says that the reading thread failed. */
  private final BlockingQueue<Optional<ImageBatch>> ready =
      new ArrayBlockingQueue<>(MOST_BUFFERS + 1);

  private final Thread thread;
  private volatile Throwable failure;
  private volatile boolean closed;

  /** What was handed out, the last one included, and is not yet to be filled again. */
  private final Deque<Optional<ImageBatch>> used = new ArrayDeque<>();

  /** How many used batches are filled again at once. */
  private final int burst;

  private int delivered;

  /**
   * @param data the split
   * @param order which sample is where in which batch
   * @param threads that decode
   * @param views examples of each sample
   * @param imageValues numbers of an example
   * @param form how batches hold images
   * @param values for each channel, the normalised value of each of the 256 pixels
   * @param renderings makes what each thread renders with
   * @param finish what is done to a batch in the end
   */
  private BatchReader(
      SplitBlocks data,
      SampleOrder order,
      int threads,
      int views,
      int imageValues,
      ImageForm form,
      float[][] values,
      Supplier<SampleDecoder.Rendering> renderings,
      Consumer<ImageBatch> finish) {
    this.data = data;
    this.order = order;
    this.finish = finish;
    ImageShape image = data.folder().manifest().image();
    String name = "stoker-batches-" + data.split();
    this.decoding =
        new DecodingPool(
            Stream.generate(() -> new SampleDecoder(image, renderings.get()))
                .limit(threads)
                .toList(),
            name);
    this.blocks = new ShardBlock[order.capacity()];
    this.blockIndices = new int[order.capacity()];
    this.rows = new int[order.capacity()];
    int bytes = form == ImageForm.BYTES ? 1 : Float.BYTES;
    int buffers = buffers((long) order.capacity() * views * imageValues * bytes);
    for (int i = 0; i < buffers; i++) {
      free.add(Optional.of(new ImageBatch(order.capacity(), views, imageValues, form, values)));
    }
    this.burst = buffers - Math.max(2, buffers / 4);
    this.thread = new Thread(this::produce, name);
    thread.setDaemon(true);
    thread.start();
  }

  /** How many batches there are, given the bytes of one. */
  static int buffers(long batchBytes) {
    return (int) Math.min(MOST_BUFFERS, Math.max(FEWEST_BUFFERS, BUFFER_BYTES / batchBytes));
  }

  /**
   * Reads a worker's share of consecutive steps of an epoch, normalised by the statistics of the
   * data unless the input says otherwise.
   *
   * @param data the train split
   * @param plan of the epoch, made of {@link SplitBlocks#rows()}
   * @param worker which
   * @param fromStep the first step
   * @param toStep the step after the last, at most {@link EpochPlan#steps()}
   * @param input how the images are augmented
   * @throws io.stoker.failure.InputException if the images are smaller than the input
   */
  public static BatchReader training(
      SplitBlocks data, EpochPlan plan, int worker, int fromStep, int toStep, TrainingInput input) {
    return training(data, plan, worker, fromStep, toStep, input, threads(data));
  }

  /** Opens the batches of a worker, read by a number of threads. */
  public static BatchReader training(
      SplitBlocks data,
      EpochPlan plan,
      int worker,
      int fromStep,
      int toStep,
      TrainingInput input,
      int threads) {
    ShardManifest manifest = data.folder().manifest();
    ImageShape scaled = input.sizes().scaled(manifest.image(), plan.epoch());
    ImageShape image = input.sizes().input(input.image(), plan.epoch());
    float[][] values =
        input.normalization().orElseGet(() -> Normalization.of(manifest.statistics())).values();
    return new BatchReader(
        data,
        new PlannedSteps(plan, worker, fromStep, toStep),
        threads,
        1,
        image.bytes(),
        input.batchForm(),
        values,
        () -> {
          AugmentationChain chain =
              new AugmentationChain(input.augmentations(), scaled, image, manifest.statistics());
          SampleDecoder.Rendering rendering =
              input.batchForm() == ImageForm.BYTES
                  ? bytes(chain, plan, image)
                  : (id, pixels, target, offset) ->
                      chain.apply(
                          plan.seed(), plan.epoch(), id, pixels, values, target.images(), offset);
          return scaled.equals(manifest.image())
              ? rendering
              : scaling(manifest.image(), scaled, rendering);
        },
        rendered -> mix(rendered, input.mixing(), plan, image));
  }

  private static SampleDecoder.Rendering scaling(
      ImageShape from, ImageShape to, SampleDecoder.Rendering rendering) {
    Scaling scaling = new Scaling(from, to);
    byte[] scaled = new byte[to.bytes()];
    return (id, pixels, target, offset) -> {
      scaling.apply(pixels, scaled);
      rendering.render(id, scaled, target, offset);
    };
  }

  private static SampleDecoder.Rendering bytes(
      AugmentationChain chain, EpochPlan plan, ImageShape image) {
    byte[] augmented = new byte[image.bytes()];
    return (id, pixels, target, offset) -> {
      chain.apply(plan.seed(), plan.epoch(), id, pixels, augmented);
      System.arraycopy(augmented, 0, target.pixels(), offset, augmented.length);
    };
  }

  private static void mix(ImageBatch batch, Mixing mixing, EpochPlan plan, ImageShape image) {
    if (mixing.isOn()) {
      batch.mixNeighbours(id -> mixing.draw(plan.seed(), plan.epoch(), id, image), image);
    }
  }

  /** Raw images are copied faster than a second thread could be woken up. */
  private static int threads(SplitBlocks data) {
    return data.folder().manifest().encoding() instanceof ShardEncoding.Raw
        ? 1
        : Math.min(MOST_THREADS, Runtime.getRuntime().availableProcessors());
  }

  /**
   * Reads every sample of consecutive blocks once, in order: for evaluation. Each sample gives as
   * many examples as there are views, next to each other.
   *
   * @param data the split
   * @param fromBlock the first block
   * @param toBlock the block after the last
   * @param batch samples of a batch; the last one may be smaller
   * @param views what is shown of each image
   * @param normalization that of the network
   * @param changes makes what changes the images before they are shown, one a thread
   */
  public static BatchReader sequential(
      SplitBlocks data,
      int fromBlock,
      int toBlock,
      int batch,
      Views views,
      Normalization normalization,
      Supplier<PixelChange> changes) {
    return new BatchReader(
        data,
        new BlockRange(data.rows(), fromBlock, toBlock, batch),
        threads(data),
        views.count(),
        views.input().bytes(),
        ImageForm.NORMALIZED,
        normalization.values(),
        () -> {
          PixelChange change = changes.get();
          return (id, pixels, target, offset) ->
              normalization.apply(change.apply(id, pixels), views, target.images(), offset);
        },
        rendered -> {});
  }

  /** Opens the blocks of a split in their order, with the images as they are. */
  public static BatchReader sequential(
      SplitBlocks data,
      int fromBlock,
      int toBlock,
      int batch,
      Views views,
      Normalization normalization) {
    return sequential(
        data, fromBlock, toBlock, batch, views, normalization, () -> PixelChange.NONE);
  }

  /** Whether there is a batch that {@link #next()} has not handed out. */
  public boolean hasNext() {
    return delivered < order.batches();
  }

  /**
   * The next batch. It is valid until the next call, or until this reader is closed.
   *
   * @throws NoSuchElementException if there is none
   * @throws io.stoker.failure.DamagedException if a shard is missing or not what the manifest says
   * @throws UncheckedIOException if the storage fails, or if the thread is interrupted
   */
  public ImageBatch next() {
    if (!hasNext()) {
      throw new NoSuchElementException("All " + delivered + " batches are read");
    }
    if (closed) {
      throw new IllegalStateException("The reader is closed");
    }
    try {
      if (used.size() >= burst) {
        pause();
      }
      used.add(ready.take());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UncheckedIOException(new InterruptedIOException("interrupted while reading"));
    }
    delivered++;
    return used.getLast().orElseThrow(this::readingFailure);
  }

  /**
   * Has all used batches filled again now, the last one included, because the consumer has
   * something else to do for a while. A thread that fills one batch after each step would interrupt
   * each step.
   */
  public void pause() {
    free.addAll(used);
    used.clear();
  }

  private RuntimeException readingFailure() {
    delivered = order.batches();
    Throwable cause = failure;
    if (cause instanceof RuntimeException runtime) {
      return runtime;
    }
    if (cause instanceof IOException io) {
      return new UncheckedIOException("Cannot read " + data.folder().path(), io);
    }
    return new IllegalStateException(cause);
  }

  /** Ends the reading threads, and waits until the one that leads them has. */
  @Override
  public void close() {
    closed = true;
    free.offer(Optional.empty());
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true; // The thread ends after the batch that it is at; it is waited for.
      }
    }
    decoding.close();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void produce() {
    try {
      for (int batch = 0; batch < order.batches(); batch++) {
        Optional<ImageBatch> buffer = free.take();
        if (closed || buffer.isEmpty()) {
          return;
        }
        fill(batch, buffer.get());
        ready.put(buffer);
      }
    } catch (InterruptedException | IOException | RuntimeException | Error e) {
      failure = e;
      ready.add(Optional.empty());
    }
  }

  private void fill(int batch, ImageBatch target) throws IOException, InterruptedException {
    int samples = order.examples(batch);
    target.samples(samples);
    for (int sample = 0; sample < samples && !closed; sample++) {
      hold(sample, order.block(batch, sample));
      rows[sample] = order.row(batch, sample);
      target.copy(sample, order.copy(batch, sample));
    }
    if (!closed) {
      decoding.decode(blocks, rows, target);
      finish.accept(target);
    }
  }

  /**
   * Holds on to each sample's block, and to the last one, so that a small cache costs no second
   * read of it: in training neighbours in the epoch are at the same place of successive batches, in
   * evaluation next to each other.
   */
  private void hold(int sample, int index) throws IOException {
    if (blocks[sample] != null && blockIndices[sample] == index) {
      return;
    }
    if (last == null || lastIndex != index) {
      last = data.block(index);
      lastIndex = index;
    }
    blocks[sample] = last;
    blockIndices[sample] = index;
  }
}
