package io.stoker.data.pack;

import io.stoker.data.image.ImageCodec;
import io.stoker.data.image.ImageShape;
import io.stoker.data.image.Pixels;
import io.stoker.data.image.Resizing;
import io.stoker.data.image.UnreadableImageException;
import io.stoker.data.shard.RejectedInput;
import io.stoker.data.shard.ShardEncoding;
import io.stoker.data.source.SourceImage;
import io.stoker.data.source.SourcePart;
import io.stoker.data.source.SourceSample;
import java.io.IOException;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;

/**
 * What the first stage does to its share of the input: reads, decodes, resizes and encodes image
 * after image, and counts. It holds one image at a time.
 *
 * @param splitNames the job's splits
 * @param classes how many classes there are
 * @param size height and width of every image, or 0 to keep its own
 * @param channels of every image
 * @param encoding how the shards hold an image, or null for what suits its shape
 * @param fractions the splits of an input that has none
 * @param seed of the splits and the order
 * @param maximumPixels the most pixels of an image
 */
record PackTask(
    List<String> splitNames,
    int classes,
    int size,
    int channels,
    ShardEncoding encoding,
    SplitFractions fractions,
    long seed,
    long maximumPixels)
    implements Serializable {

  /** Images of at most so many bytes are kept raw where the user does not say how. */
  private static final int SMALL_BYTES = 64 * 64 * 3;

  PackTask {
    splitNames = List.copyOf(splitNames);
  }

  /** How the shards hold images of a shape. */
  ShardEncoding encodingOf(ImageShape shape) {
    if (encoding != null) {
      return encoding;
    }
    return shape.bytes() <= SMALL_BYTES
        ? new ShardEncoding.Raw()
        : new ShardEncoding.Jpeg(ShardEncoding.Jpeg.DEFAULT_QUALITY);
  }

  /** The samples of some parts, and last what was counted. */
  Iterator<PackedItem> pack(Iterator<SourcePart> parts, Configuration hadoop) {
    return new Packing(parts, hadoop);
  }

  /** The sample's identity: the first 63 bits of the SHA-256 of its path. */
  static long sampleId(String path) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(path.getBytes(StandardCharsets.UTF_8));
      return ByteBuffer.wrap(hash).getLong() & Long.MAX_VALUE;
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private Pixels prepare(SourceImage image) throws UnreadableImageException {
    Pixels pixels;
    if (image instanceof SourceImage.Encoded encoded) {
      pixels = ImageCodec.decode(encoded.file(), maximumPixels);
    } else if (image instanceof SourceImage.Decoded decoded) {
      pixels = decoded.pixels();
    } else {
      throw new UnreadableImageException(((SourceImage.Unreadable) image).reason());
    }
    ImageShape own = pixels.shape();
    ImageShape target =
        size == 0
            ? new ImageShape(own.height(), own.width(), channels)
            : new ImageShape(size, size, channels);
    return Resizing.fit(pixels, target);
  }

  private int split(Optional<String> ofSource, long sampleId) {
    return ofSource.isPresent()
        ? splitNames.indexOf(ofSource.get())
        : splitNames.indexOf(fractions.names().get(fractions.indexOf(seed, sampleId)));
  }

  private final class Packing implements Iterator<PackedItem> {
    private final Iterator<SourcePart> parts;
    private final Configuration hadoop;
    private final PackStatistics statistics = new PackStatistics(splitNames.size(), classes);
    private Optional<String> split = Optional.empty();
    private Stream<SourceSample> stream = Stream.empty();
    private Iterator<SourceSample> samples = stream.iterator();
    private PackedItem next;
    private boolean counted;

    Packing(Iterator<SourcePart> parts, Configuration hadoop) {
      this.parts = parts;
      this.hadoop = hadoop;
    }

    @Override
    public boolean hasNext() {
      while (next == null && !counted) {
        if (samples.hasNext()) {
          next = packed(samples.next());
        } else if (parts.hasNext()) {
          open(parts.next());
        } else {
          stream.close();
          counted = true;
          next = statistics;
        }
      }
      return next != null;
    }

    @Override
    public PackedItem next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      PackedItem result = next;
      next = null;
      return result;
    }

    private void open(SourcePart part) {
      stream.close();
      split = part.split();
      try {
        stream = part.samples(hadoop);
      } catch (IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
      samples = stream.iterator();
    }

    /** The sample as it goes to its shard, or null if its image is rejected. */
    private PackedItem packed(SourceSample sample) {
      try {
        Pixels pixels = prepare(sample.image());
        long sampleId = sampleId(sample.path());
        PackedSample packed =
            new PackedSample(
                split(split, sampleId),
                PackedSample.order(seed, sampleId),
                sampleId,
                sample.label(),
                sample.path(),
                encodingOf(pixels.shape()).encode(pixels));
        statistics.add(
            packed,
            pixels,
            splitNames.get(packed.split()).equals("train")
                ? PackStatistics.Purpose.TRAINING
                : PackStatistics.Purpose.OTHER);
        return packed;
      } catch (UnreadableImageException e) {
        statistics.reject(new RejectedInput(sample.path(), e.getMessage()));
        return null;
      }
    }
  }
}
