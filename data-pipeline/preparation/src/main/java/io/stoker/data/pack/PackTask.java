// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.pack;

import io.stoker.base.Sha256;
import io.stoker.data.image.DecodedImage;
import io.stoker.data.image.Decoding;
import io.stoker.data.image.ImageCodec;
import io.stoker.data.image.ImageShape;
import io.stoker.data.image.LeastSize;
import io.stoker.data.image.Pixels;
import io.stoker.data.image.UnreadableImageException;
import io.stoker.data.shard.IntRange;
import io.stoker.data.shard.RejectedInput;
import io.stoker.data.shard.ShardEncoding;
import io.stoker.data.source.SourceImage;
import io.stoker.data.source.SourcePart;
import io.stoker.data.source.SourceSample;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.TaskContext;
import org.apache.spark.util.TaskCompletionListener;

/**
 * The first stage's work on its share of the input: reads, decodes, resizes and encodes one image
 * after the other. It holds one decoded image at a time, and a block of encoded ones.
 *
 * @param splitNames the job's splits
 * @param size height and width of every image, or 0 to keep its own
 * @param channels of every image
 * @param encoding how the shards hold an image, or null for what suits its shape
 * @param fractions the splits of an input that has none
 * @param ofTrain the splits that train is divided into
 * @param seed of the splits and the order
 * @param maximumPixels the most pixels of an image
 * @param decoding at which size files are decoded
 */
record PackTask(
    List<String> splitNames,
    int size,
    int channels,
    ShardEncoding encoding,
    SplitFractions fractions,
    SplitFractions ofTrain,
    long seed,
    long maximumPixels,
    Decoding decoding)
    implements Serializable {

  /** Images up to this many bytes are kept raw where the user does not choose an encoding. */
  private static final int SMALL_BYTES = 64 * 64 * 3;

  PackTask {
    splitNames = List.copyOf(splitNames);
  }

  /** The task of a job. */
  static PackTask of(PrepareOptions options, List<String> splitNames) {
    return new PackTask(
        splitNames,
        options.size().orElse(0),
        options.channels(),
        options.encoding().orElse(null),
        options.splits(),
        options.trainSplits(),
        options.seed(),
        options.maximumPixels(),
        options.decoding());
  }

  /**
   * How the shards hold images of all these sizes.
   *
   * @param pixelBytes what the pixels of an image take
   * @throws InputException if that is to be chosen, and some are small
   */
  ShardEncoding encodingOf(IntRange pixelBytes) {
    ShardEncoding ofSmallest = encodingOf(pixelBytes.least());
    Check.input(
        ofSmallest.equals(encodingOf(pixelBytes.most())),
        "The images have %s bytes of pixels, too few for JPEG and too many to be raw (choose with"
            + " --encoding raw, jpeg or png)",
        pixelBytes);
    return ofSmallest;
  }

  /** How the shards hold an image, given the bytes of its pixels. */
  ShardEncoding encodingOf(int pixelBytes) {
    if (encoding != null) {
      return encoding;
    }
    return pixelBytes <= SMALL_BYTES
        ? new ShardEncoding.Raw()
        : new ShardEncoding.Jpeg(ShardEncoding.Jpeg.DEFAULT_QUALITY);
  }

  /** The samples of some parts. */
  Iterator<PackedBlock> pack(Iterator<SourcePart> parts, Configuration hadoop) {
    return pack(new SamplesOfParts(parts, hadoop));
  }

  /** The samples, packed. */
  Iterator<PackedBlock> pack(Iterator<PlacedSample> samples) {
    return new Packing(samples);
  }

  /**
   * A sample and the split that the input puts it in.
   *
   * @param split empty if the input has no splits
   * @param sample not decoded yet
   * @param weight how much it counts in the loss
   */
  record PlacedSample(Optional<String> split, SourceSample sample, float weight) {}

  /** The sample's identity: the first 63 bits of the SHA-256 of its path. */
  static long sampleId(String path) {
    return ByteBuffer.wrap(Sha256.of(path.getBytes(StandardCharsets.UTF_8))).getLong()
        & Long.MAX_VALUE;
  }

  /**
   * Decodes an image as far as the size of the job needs it, and does something with it.
   *
   * @throws UnreadableImageException if there is no image, or none that can be read
   */
  <T> T decode(SourceImage image, ImageCodec.Use<T> use) throws UnreadableImageException {
    LeastSize least =
        size == 0 ? LeastSize.ALL : decoding.leastFor(new ImageShape(size, size, channels));
    return image.decode(maximumPixels, least, use);
  }

  /** Brings an image to the size and channels of the job. */
  Pixels fit(DecodedImage image) {
    ImageShape own = image.pixels().shape();
    int height = size == 0 ? own.height() : size;
    int width = size == 0 ? own.width() : size;
    return image.fit(new ImageShape(height, width, channels));
  }

  private int split(Optional<String> ofSource, long sampleId) {
    String name = ofSource.orElseGet(() -> fractions.of(seed, sampleId));
    return splitNames.indexOf(name.equals("train") ? ofTrain.ofTrain(seed, sampleId) : name);
  }

  /** The samples of parts, one part after the other. */
  private static final class SamplesOfParts implements Iterator<PlacedSample> {
    private final Iterator<SourcePart> parts;
    private final Configuration hadoop;
    private Optional<String> split = Optional.empty();
    private Stream<SourceSample> stream = Stream.empty();
    private Iterator<SourceSample> samples = stream.iterator();

    SamplesOfParts(Iterator<SourcePart> parts, Configuration hadoop) {
      this.parts = parts;
      this.hadoop = hadoop;
      TaskContext task = TaskContext.get();
      if (task != null) { // A task that fails, or is killed, does not come to the end of its part.
        task.addTaskCompletionListener((TaskCompletionListener) ended -> stream.close());
      }
    }

    @Override
    public boolean hasNext() {
      while (!samples.hasNext()) {
        stream.close();
        if (!parts.hasNext()) {
          return false;
        }
        open(parts.next());
      }
      return true;
    }

    private void open(SourcePart part) {
      split = part.split();
      try {
        stream = part.samples(hadoop);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      samples = stream.iterator();
    }

    @Override
    public PlacedSample next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      return new PlacedSample(split, samples.next(), 1);
    }
  }

  private final class Packing implements Iterator<PackedBlock> {
    private final Iterator<PlacedSample> samples;
    private PackedBlock.Builder block = new PackedBlock.Builder();

    Packing(Iterator<PlacedSample> samples) {
      this.samples = samples;
    }

    @Override
    public boolean hasNext() {
      while (!block.isFull() && samples.hasNext()) {
        pack(samples.next());
      }
      return !block.isEmpty();
    }

    @Override
    public PackedBlock next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      PackedBlock result = block.build();
      block = new PackedBlock.Builder();
      return result;
    }

    /** Adds a sample to the block, or the reason why it is none. */
    private void pack(PlacedSample placed) {
      SourceSample sample = placed.sample();
      try {
        decode(sample.image(), image -> accept(placed, image));
      } catch (UnreadableImageException e) {
        block.add(new RejectedInput(sample.path(), e.getMessage()));
      }
    }

    private Pixels fitted(DecodedImage decoded) throws UnreadableImageException {
      try {
        return fit(decoded);
      } catch (InputException e) { // More bytes in the channels of the job than an image may have.
        throw new UnreadableImageException(e.getMessage(), e);
      }
    }

    /** Resizes and encodes while the memory for the decoded image is set aside. */
    private Void accept(PlacedSample placed, DecodedImage decoded) throws UnreadableImageException {
      SourceSample sample = placed.sample();
      Pixels pixels = fitted(decoded);
      ShardEncoding used = encodingOf(pixels.shape().bytes());
      if (!used.holds(pixels.shape())) {
        throw new UnreadableImageException(
            "too long for " + used.name() + ": " + pixels.shape() + " pixels");
      }
      long sampleId = sampleId(sample.path());
      PackedSample packed =
          new PackedSample(
              split(placed.split(), sampleId),
              PackedSample.order(seed, sampleId),
              sampleId,
              sample.label(),
              sample.path(),
              pixels.shape(),
              used.encode(pixels),
              placed.weight());
      ChannelSums sums = new ChannelSums();
      if (splitNames.get(packed.split()).equals("train")) {
        sums.add(pixels);
      }
      block.add(MeasuredSample.of(packed, sums));
      return null;
    }
  }
}
