// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source;

import io.stoker.data.image.ImageShape;
import io.stoker.data.image.Pixels;
import io.stoker.data.storage.Storage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** Neighbouring images of one idx file, with their labels. */
final class IdxPart implements SourcePart {
  private static final long serialVersionUID = 1L;

  private final String images;
  private final String name;
  private final String split;
  private final int first;
  private final byte[] labels;

  /**
   * @param images the file of images
   * @param name it goes by in paths, the same whether compressed or not
   * @param split of the images, or null
   * @param first index of the first image
   * @param labels of the images from there on
   */
  IdxPart(Path images, String name, Optional<String> split, int first, byte[] labels) {
    this.images = images.toString();
    this.name = name;
    this.split = split.orElse(null);
    this.first = first;
    this.labels = labels;
  }

  @Override
  public Optional<String> split() {
    return Optional.ofNullable(split);
  }

  @Override
  public Stream<SourceSample> samples(Configuration hadoop) throws IOException {
    Path path = new Path(images);
    IdxFile file = new IdxFile(Storage.of(path, hadoop), path, 3);
    try {
      file.skip(first);
    } catch (IOException | RuntimeException e) {
      file.close();
      throw e;
    }
    ImageShape shape = new ImageShape(file.dimension(1), file.dimension(2), 1);
    return IntStream.range(0, labels.length)
        .mapToObj(i -> sample(file, shape, i))
        .onClose(() -> Inputs.close(file));
  }

  private SourceSample sample(IdxFile file, ImageShape shape, int index) {
    byte[] pixels = new byte[shape.bytes()];
    try {
      file.read(pixels);
      if (first + index + 1 == file.items()) {
        file.checkEnd();
      }
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read " + images, e);
    }
    return new SourceSample(
        name + "#" + (first + index),
        labels[index] & 0xFF,
        new SourceImage.Decoded(new Pixels(shape, pixels)));
  }
}
