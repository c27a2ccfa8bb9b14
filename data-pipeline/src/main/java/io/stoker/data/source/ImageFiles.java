package io.stoker.data.source;

import java.io.FileNotFoundException;
import java.io.IOException;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** Reads image files whole. */
final class ImageFiles {
  /** No image file of a size that is accepted is longer. */
  static final long MAXIMUM_BYTES = 1L << 29;

  private ImageFiles() {}

  /** A file's bytes, or why there are none. */
  static SourceImage read(FileSystem fileSystem, Path file, long length) {
    if (length > MAXIMUM_BYTES) {
      return tooLarge(length);
    }
    byte[] bytes = new byte[(int) length];
    try (FSDataInputStream in = fileSystem.open(file)) {
      in.readFully(bytes);
      return new SourceImage.Encoded(bytes);
    } catch (FileNotFoundException e) {
      return new SourceImage.Unreadable("missing");
    } catch (IOException e) {
      return new SourceImage.Unreadable("cannot be read: " + e.getMessage());
    }
  }

  static SourceImage tooLarge(long length) {
    return new SourceImage.Unreadable(
        "too large: %d bytes, the limit is %d".formatted(length, MAXIMUM_BYTES));
  }
}
