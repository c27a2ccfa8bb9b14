// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source;

import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;

/**
 * Some of the images that a CSV file lists.
 *
 * @param files where the paths may lead
 * @param splitName of the images, or blank
 * @param paths of the images, as they are listed
 * @param labels of the images
 */
record CsvPart(ImagePaths files, String splitName, List<String> paths, List<Integer> labels)
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
        .mapToObj(
            i -> new SourceSample(paths.get(i), labels.get(i), files.read(paths.get(i), hadoop)));
  }
}
