// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source;

import io.stoker.data.storage.FolderEntry;
import io.stoker.data.storage.Storage;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** Some files of one class. */
final class FolderPart implements SourcePart {
  private static final long serialVersionUID = 1L;

  private final String root;
  private final String split;
  private final int label;
  private final String[] files;
  private final long[] lengths;

  private FolderPart(String root, String split, int label, String[] files, long[] lengths) {
    this.root = root;
    this.split = split;
    this.label = label;
    this.files = files;
    this.lengths = lengths;
  }

  static FolderPart of(Path root, List<FolderEntry.File> files, Optional<String> split, int label) {
    return new FolderPart(
        root.toString(),
        split.orElse(null),
        label,
        files.stream().map(file -> ImageTree.relative(root, file.path())).toArray(String[]::new),
        files.stream().mapToLong(FolderEntry.File::length).toArray());
  }

  @Override
  public Optional<String> split() {
    return Optional.ofNullable(split);
  }

  @Override
  public Stream<SourceSample> samples(Configuration hadoop) throws IOException {
    FileSystem fileSystem = Storage.of(new Path(root), hadoop);
    return IntStream.range(0, files.length)
        .mapToObj(
            i -> {
              Path file = new Path(root + Path.SEPARATOR + files[i]);
              SourceImage image = ImageFiles.readListed(fileSystem, file, lengths[i]);
              return new SourceSample(files[i], label, image);
            });
  }
}
