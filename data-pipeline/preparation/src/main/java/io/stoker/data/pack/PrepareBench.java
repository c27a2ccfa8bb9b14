// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.pack;

import io.stoker.data.image.BareCodec;
import io.stoker.data.image.DecodedImage;
import io.stoker.data.image.Pixels;
import io.stoker.data.image.UnreadableImageException;
import io.stoker.data.measure.StageClock;
import io.stoker.data.shard.ShardEncoding;
import io.stoker.data.shard.ShardSample;
import io.stoker.data.shard.ShardWriter;
import io.stoker.data.source.SourceImage;
import io.stoker.data.source.SourceListing;
import io.stoker.data.source.SourcePart;
import io.stoker.data.source.SourceSample;
import io.stoker.failure.Check;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Measures how fast images become shards, without Spark: each stage alone on one core, all but
 * reading together on one core and on several, and the bare JPEG codec for comparison.
 */
public final class PrepareBench {
  private static final Logger LOG = LoggerFactory.getLogger(PrepareBench.class);

  /** Images that all stages work on, again and again. */
  private static final int IMAGES = 64;

  private final Configuration hadoop;
  private final List<SourcePart> parts = new ArrayList<>();
  private final List<SourceImage> images = new ArrayList<>();

  /** The images that have to be decoded. */
  private final List<SourceImage.Encoded> files = new ArrayList<>();

  private final List<DecodedImage> decoded = new ArrayList<>();
  private final List<Pixels> resized = new ArrayList<>();
  private final List<ShardSample> samples = new ArrayList<>();
  private final PackTask task;

  /**
   * @param options as for the job; nothing is written to its output
   * @param hadoop how to reach the input
   * @throws io.stoker.failure.InputException if the input has no image files that can be read
   * @throws IOException if it cannot be read
   */
  public PrepareBench(PrepareOptions options, Configuration hadoop) throws IOException {
    this.hadoop = hadoop;
    SourceListing listing = options.source().list(options.input(), hadoop);
    this.task = PackTask.of(options, options.splits().names());
    for (SourcePart part : listing.parts()) {
      if (images.size() < IMAGES) {
        parts.add(part);
        take(part);
      }
    }
    Check.input(!images.isEmpty(), "Input %s has no images that can be read", options.input());
    for (DecodedImage image : decoded) {
      Pixels ready = task.fit(image);
      resized.add(ready);
      samples.add(new ShardSample(samples.size(), 0, "image", ready.shape(), encode(ready)));
    }
  }

  private void take(SourcePart part) throws IOException {
    try (Stream<SourceSample> all = part.samples(hadoop)) {
      Iterator<SourceSample> each = all.iterator();
      while (each.hasNext() && images.size() < IMAGES) {
        take(each.next().image());
      }
    }
  }

  /** An image that cannot be read is left out here; the job rejects and names it. */
  private void take(SourceImage image) {
    try {
      decoded.add(task.decode(image, found -> found));
      images.add(image);
      if (image instanceof SourceImage.Encoded encoded) {
        files.add(encoded);
      }
    } catch (UnreadableImageException e) {
      LOG.warn("Passed over an image: {}", e.getMessage());
    }
  }

  /**
   * Measures. {@code codec} is there if all images are JPEG of the kind that Java's own decoder
   * reads, {@code decode} if there are image files.
   *
   * @param threads of the last measurement; the others have one
   * @param seconds for each stage, after a warm-up
   * @throws IOException if the storage fails
   */
  public List<StageClock.Rate> run(int threads, double seconds) throws IOException {
    Check.input(threads >= 1, "Invalid threads: %d (must be >= 1)", threads);
    double pixelBytes = bytes(decoded.stream().map(DecodedImage::pixels).toList());
    double fileBytes = files.stream().mapToInt(f -> f.file().length).average().orElse(pixelBytes);
    double readyBytes = bytes(resized);
    double sampleBytes = samples.stream().mapToInt(s -> s.image().length).average().orElseThrow();
    Path scratch = Files.createTempFile("stoker-bench", ".parquet");
    try (BareCodec codec = new BareCodec("jpeg")) {
      StageClock clock = new StageClock();
      clock.add("read", 1, fileBytes, this::read);
      if (decodesBarely(codec)) {
        clock.add("codec", 1, pixelBytes, () -> decodeBarely(codec));
      }
      if (!files.isEmpty()) {
        clock.add("decode", 1, pixelBytes, this::decode);
      }
      clock.add("resize", 1, pixelBytes, () -> each(decoded, task::fit));
      clock.add("encode", 1, readyBytes, () -> each(resized, this::encode));
      clock.add("write", 1, sampleBytes, () -> write(scratch));
      clock.add("prepare", 1, fileBytes, () -> prepare(1));
      if (threads > 1) {
        clock.add("prepare", threads, fileBytes, () -> prepare(threads));
      }
      return clock.measure(seconds);
    } finally {
      Files.delete(scratch);
    }
  }

  private static double bytes(List<Pixels> images) {
    return images.stream().mapToInt(pixels -> pixels.shape().bytes()).average().orElseThrow();
  }

  private long read() throws IOException {
    long count = 0;
    for (SourcePart part : parts) {
      try (Stream<SourceSample> all = part.samples(hadoop)) {
        Iterator<SourceSample> each = all.iterator();
        while (each.hasNext()) {
          each.next();
          count++;
        }
      }
    }
    return count;
  }

  private boolean decodesBarely(BareCodec codec) {
    try {
      return decodeBarely(codec) == images.size();
    } catch (IOException | RuntimeException e) {
      return false;
    }
  }

  private long decodeBarely(BareCodec codec) throws IOException {
    for (SourceImage.Encoded file : files) {
      codec.decode(file.file(), 0, file.file().length);
    }
    return files.size();
  }

  private long decode() {
    return each(files, this::decoded);
  }

  private DecodedImage decoded(SourceImage image) {
    try {
      return task.decode(image, found -> found);
    } catch (UnreadableImageException e) {
      throw new IllegalStateException("it was readable before", e);
    }
  }

  private byte[] encode(Pixels pixels) {
    return task.encodingOf(pixels.shape().bytes()).encode(pixels);
  }

  private interface Work<T> {
    Object apply(T image);
  }

  private static <T> long each(List<T> all, Work<T> work) {
    all.forEach(work::apply);
    return all.size();
  }

  private long write(Path scratch) throws IOException {
    ShardEncoding encoding = task.encodingOf(resized.get(0).shape().bytes());
    try (ShardWriter writer =
        new ShardWriter(new org.apache.hadoop.fs.Path(scratch.toUri()), encoding, hadoop)) {
      for (ShardSample sample : samples) {
        writer.write(sample);
      }
      writer.finish();
    }
    return samples.size();
  }

  /** What a task of the job does with each image between reading and writing. */
  private long prepare(int threads) {
    List<Thread> pool =
        IntStream.range(0, threads).mapToObj(index -> new Thread(this::pack)).toList();
    pool.forEach(Thread::start);
    for (Thread thread : pool) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted", e);
      }
    }
    return (long) threads * images.size();
  }

  private void pack() {
    Iterator<PackTask.PlacedSample> placed =
        IntStream.range(0, images.size())
            .mapToObj(
                index ->
                    new PackTask.PlacedSample(
                        Optional.empty(),
                        new SourceSample("image#" + index, 0, images.get(index)),
                        1))
            .iterator();
    Iterator<PackedBlock> blocks = task.pack(placed);
    while (blocks.hasNext()) {
      blocks.next();
    }
  }
}
