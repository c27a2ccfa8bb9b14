package io.stoker.data.source;

import io.stoker.data.storage.Storage;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** Some files of one class. */
final class FolderPart implements SourcePart {
  private static final long serialVersionUID = 1L;

  /** No image file of a size that is accepted is longer. */
  private static final long MAXIMUM_BYTES = 1L << 29;

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

  static FolderPart of(Path root, List<FileStatus> files, Optional<String> split, int label) {
    return new FolderPart(
        root.toString(),
        split.orElse(null),
        label,
        files.stream().map(file -> relative(root, file.getPath())).toArray(String[]::new),
        files.stream().mapToLong(FileStatus::getLen).toArray());
  }

  /** A path below the root, as text. */
  static String relative(Path root, Path path) {
    String whole = path.toUri().getPath();
    String above = root.toUri().getPath();
    return whole.substring(above.endsWith("/") ? above.length() : above.length() + 1);
  }

  @Override
  public Optional<String> split() {
    return Optional.ofNullable(split);
  }

  @Override
  public Stream<SourceSample> samples(Configuration hadoop) throws IOException {
    FileSystem fileSystem = Storage.of(new Path(root), hadoop);
    return IntStream.range(0, files.length)
        .mapToObj(i -> new SourceSample(files[i], label, read(fileSystem, i)));
  }

  private SourceImage read(FileSystem fileSystem, int index) {
    if (lengths[index] > MAXIMUM_BYTES) {
      return new SourceImage.Unreadable(
          "too large: %d bytes, the limit is %d".formatted(lengths[index], MAXIMUM_BYTES));
    }
    Path file = new Path(root + Path.SEPARATOR + files[index]);
    byte[] bytes = new byte[(int) lengths[index]];
    try (FSDataInputStream in = fileSystem.open(file)) {
      in.readFully(bytes);
      return new SourceImage.Encoded(bytes);
    } catch (IOException e) {
      return new SourceImage.Unreadable("cannot be read: " + e.getMessage());
    }
  }
}
