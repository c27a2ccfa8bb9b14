// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.synth;

import io.stoker.data.source.ImageSource;
import io.stoker.data.source.SourceImage;
import io.stoker.data.source.SourceListing;
import io.stoker.data.source.SourcePart;
import io.stoker.data.source.SourceSample;
import io.stoker.failure.Check;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** A collection that is drawn instead of read: for load tests and examples. */
public final class SyntheticSource implements ImageSource {
  /** Stands for the input: nothing is read. */
  public static final Path INPUT = new Path("(synthetic)");

  private static final int PART_IMAGES = 200;
  private static final long MAXIMUM_IMAGES = 1_000_000_000;

  private final SyntheticImages images;
  private final long count;

  /**
   * @param count images of all classes, which take turns
   * @param classes 2 to 10,000
   * @param size height and width in pixels, 8 to 4096
   * @param seed of all random choices
   */
  public SyntheticSource(long count, int classes, int size, long seed) {
    this.images = new SyntheticImages(seed, classes, size);
    this.count = count;
    Check.input(
        count >= classes && count <= MAXIMUM_IMAGES,
        "Invalid number of images: %d (must be %d, one for each class, to %d)",
        count,
        classes,
        MAXIMUM_IMAGES);
  }

  @Override
  public String name() {
    return "synthetic";
  }

  @Override
  public SourceListing list(Path input, Configuration hadoop) {
    List<String> classNames = images.classNames();
    List<SourcePart> parts = new ArrayList<>();
    for (long from = 0; from < count; from += PART_IMAGES) {
      parts.add(new Part(images, from, Math.min(count, from + PART_IMAGES)));
    }
    return new SourceListing(classNames, parts, OptionalLong.of(count), List.of(), List.of());
  }

  /** Some of the images, by number. */
  private record Part(SyntheticImages images, long from, long to) implements SourcePart {
    @Override
    public Optional<String> split() {
      return Optional.empty();
    }

    @Override
    public Stream<SourceSample> samples(Configuration hadoop) {
      List<String> classNames = images.classNames();
      return LongStream.range(from, to).mapToObj(number -> sample(classNames, number));
    }

    private SourceSample sample(List<String> classNames, long number) {
      int label = (int) (number % images.classes());
      long index = number / images.classes();
      return new SourceSample(
          String.format(Locale.ROOT, "%s/%07d", classNames.get(label), index),
          label,
          new SourceImage.Decoded(images.draw(label, index)));
    }
  }
}
