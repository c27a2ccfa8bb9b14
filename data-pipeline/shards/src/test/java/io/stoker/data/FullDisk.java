// SPDX-License-Identifier: Apache-2.0
package io.stoker.data;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.util.function.Predicate;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.util.Progressable;

/** The local disk as {@code full:/...}, on which some files find no room. */
public final class FullDisk extends RawLocalFileSystem {
  private static volatile Predicate<Path> refused = FullDisk::none;

  /** How many bytes of a refused file it has room for. */
  private static volatile long room;

  private static boolean none(Path file) {
    return false;
  }

  /** Has no room from now on for more files whose paths end so. */
  public static void refuse(String ending) {
    refuse(file -> file.toString().endsWith(ending));
  }

  /** Has no room for such files from now on; each of them is asked for once when it is opened. */
  public static void refuse(Predicate<Path> files) {
    room = 0;
    refused = files;
  }

  /** Has no room from now on for files that are longer. */
  public static void refuseAfter(long bytes) {
    room = bytes;
    refused = file -> true;
  }

  /** Has room for all again. */
  public static void free() {
    refused = FullDisk::none;
  }

  @Override
  public URI getUri() {
    return URI.create("full:///");
  }

  @Override
  public FSDataOutputStream create(
      Path file,
      boolean overwrite,
      int bufferSize,
      short replication,
      long blockSize,
      Progressable progress)
      throws IOException {
    return limited(
        file, super.create(file, overwrite, bufferSize, replication, blockSize, progress));
  }

  @Override
  public FSDataOutputStream create(
      Path file,
      FsPermission permission,
      boolean overwrite,
      int bufferSize,
      short replication,
      long blockSize,
      Progressable progress)
      throws IOException {
    return limited(
        file,
        super.create(file, permission, overwrite, bufferSize, replication, blockSize, progress));
  }

  @Override
  public FSDataOutputStream append(Path file, int bufferSize, Progressable progress)
      throws IOException {
    return limited(file, super.append(file, bufferSize, progress));
  }

  private static FSDataOutputStream limited(Path file, FSDataOutputStream out) throws IOException {
    if (!refused.test(file)) {
      return out;
    }
    OutputStream full =
        new FilterOutputStream(out) {
          private final long limit = room;
          private long written;

          @Override
          public void write(int value) throws IOException {
            if (++written > limit) {
              throw new IOException("No space left on device");
            }
            out.write(value);
          }
        };
    return new FSDataOutputStream(full, null);
  }
}
