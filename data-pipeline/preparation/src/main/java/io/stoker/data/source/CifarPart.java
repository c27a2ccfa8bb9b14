// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source;

import io.stoker.data.image.ImageShape;
import io.stoker.data.image.Pixels;
import io.stoker.data.storage.Storage;
import io.stoker.failure.Check;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.Path;

/**
 * Neighbouring records of one CIFAR file: label bytes, then 1024 values of red, green and blue
 * each.
 *
 * @param file the whole path
 * @param splitName of the file
 * @param first index of the first record
 * @param count how many records
 * @param labelBytes before the pixels; the last is the label
 * @param classes how many there are
 */
record CifarPart(String file, String splitName, int first, int count, int labelBytes, int classes)
    implements SourcePart {
  static final ImageShape SHAPE = new ImageShape(32, 32, 3);

  @Override
  public Optional<String> split() {
    return Optional.of(splitName);
  }

  @Override
  public Stream<SourceSample> samples(Configuration hadoop) throws IOException {
    Path path = new Path(file);
    FSDataInputStream in = Storage.of(path, hadoop).open(path);
    byte[] record = new byte[labelBytes + SHAPE.bytes()];
    try {
      in.seek((long) first * record.length);
    } catch (IOException e) {
      in.close();
      throw e;
    }
    return IntStream.range(first, first + count)
        .mapToObj(index -> read(in, path, index, record))
        .onClose(() -> Inputs.close(in));
  }

  private SourceSample read(FSDataInputStream in, Path path, int index, byte[] record) {
    try {
      in.readFully(record);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read " + file, e);
    }
    int label = record[labelBytes - 1] & 0xFF;
    Check.input(
        label < classes,
        "Cannot read %s: label %d in record %d (there are %d classes)",
        file,
        label,
        index,
        classes);
    byte[] values = new byte[SHAPE.bytes()];
    for (int i = 0; i < SHAPE.area(); i++) {
      for (int channel = 0; channel < 3; channel++) {
        values[3 * i + channel] = record[labelBytes + channel * SHAPE.area() + i];
      }
    }
    return new SourceSample(
        path.getName() + "#" + index, label, new SourceImage.Decoded(new Pixels(SHAPE, values)));
  }
}
