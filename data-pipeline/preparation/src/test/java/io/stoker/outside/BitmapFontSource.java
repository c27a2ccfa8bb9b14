// SPDX-License-Identifier: Apache-2.0
package io.stoker.outside;

import io.stoker.data.image.ImageShape;
import io.stoker.data.image.Pixels;
import io.stoker.data.source.ImageSource;
import io.stoker.data.source.SourceImage;
import io.stoker.data.source.SourceListing;
import io.stoker.data.source.SourcePart;
import io.stoker.data.source.SourceSample;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * A source as someone else would write it: a text file with one letter a line, then its 5 x 4
 * pixels, {@code #} or not.
 */
public final class BitmapFontSource implements ImageSource {
  private static final ImageShape SHAPE = new ImageShape(5, 4, 1);

  @Override
  public String name() {
    return "bitmap-font";
  }

  @Override
  public int defaultChannels() {
    return 1;
  }

  @Override
  public SourceListing list(Path input, Configuration hadoop) throws IOException {
    List<String> letters = lines(input, hadoop).map(line -> line.substring(0, 1)).toList();
    List<String> classes = letters.stream().distinct().sorted().toList();
    return new SourceListing(classes, List.of(new Part(input.toString(), classes)), List.of());
  }

  private static Stream<String> lines(Path file, Configuration hadoop) throws IOException {
    try (FileSystem fileSystem = FileSystem.newInstance(file.toUri(), hadoop);
        FSDataInputStream in = fileSystem.open(file)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines();
    }
  }

  private record Part(String file, List<String> classes) implements SourcePart {
    @Override
    public Optional<String> split() {
      return Optional.empty();
    }

    @Override
    public Stream<SourceSample> samples(Configuration hadoop) throws IOException {
      List<String> lines = lines(new Path(file), hadoop).toList();
      return IntStream.range(0, lines.size()).mapToObj(i -> sample(i, lines.get(i)));
    }

    private SourceSample sample(int index, String line) {
      byte[] values = new byte[SHAPE.bytes()];
      for (int i = 0; i < values.length; i++) {
        values[i] = (byte) (line.charAt(2 + i) == '#' ? 255 : 0);
      }
      return new SourceSample(
          "line-" + index,
          classes.indexOf(line.substring(0, 1)),
          new SourceImage.Decoded(new Pixels(SHAPE, values)));
    }
  }
}
