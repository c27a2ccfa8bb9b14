// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source;

import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * Some of the images that a CSV file lists.
 *
 * @param folder of the CSV file
 * @param splitName of the images, or blank
 * @param paths of the images, as they are listed
 * @param labels of the images
 */
record CsvPart(String folder, String splitName, List<String> paths, List<Integer> labels)
    implements SourcePart {
  CsvPart {
    paths = List.copyOf(paths);
    labels = List.copyOf(labels);
  }

  @Override
  public Optional<String> split() {
    return splitName.isBlank() ? Optional.empty() : Optional.of(splitName);
  }

  @Override
  public Stream<SourceSample> samples(Configuration hadoop) {
    return IntStream.range(0, paths.size())
        .mapToObj(i -> new SourceSample(paths.get(i), labels.get(i), read(paths.get(i), hadoop)));
  }

  private SourceImage read(String path, Configuration hadoop) {
    boolean whole = path.startsWith("/") || path.matches("[a-zA-Z][a-zA-Z0-9+.-]*:/.*");
    try {
      return ImageFiles.read(new Path(whole ? path : folder + Path.SEPARATOR + path), hadoop);
    } catch (IllegalArgumentException e) { // What Hadoop throws for text that is not a path.
      return new SourceImage.Unreadable("cannot be read: " + e.getMessage());
    }
  }
}
