// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.image;

import io.stoker.data.storage.Storage;
import java.io.FileNotFoundException;
import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** Reads single image files, as {@code prepare} does those of a data set. */
public final class ImageFile {
  /** No image file that fits the limit of pixels is longer. */
  private static final long MAXIMUM_BYTES = 1L << 30;

  private ImageFile() {}

  /**
   * Reads an image.
   *
   * @param file on any Hadoop filesystem
   * @param least the least size of its decoded pixels
   * @param hadoop how to reach it
   * @throws UnreadableImageException if it is not an image that Stoker reads
   * @throws FileNotFoundException if the file is not there
   * @throws IOException if it cannot be read
   */
  public static DecodedImage decode(Path file, LeastSize least, Configuration hadoop)
      throws UnreadableImageException, IOException {
    return ImageCodec.decode(
        bytes(file, hadoop), ImageCodec.DEFAULT_MAXIMUM_PIXELS, least, image -> image);
  }

  private static byte[] bytes(Path file, Configuration hadoop)
      throws UnreadableImageException, IOException {
    FileSystem fileSystem = Storage.of(file, hadoop);
    FileStatus status = fileSystem.getFileStatus(file);
    if (!status.isFile()) {
      throw new UnreadableImageException("it is a folder");
    }
    if (Storage.isSpecial(fileSystem, file)) {
      throw new UnreadableImageException("it is a named pipe, socket or device, not a file");
    }
    if (status.getLen() < 0) { // Hadoop has filesystems of web servers.
      throw new UnreadableImageException("its storage does not say how long it is");
    }
    if (status.getLen() > MAXIMUM_BYTES) {
      throw UnreadableImageException.of(
          "it has %d bytes, the limit is %d", status.getLen(), MAXIMUM_BYTES);
    }
    byte[] bytes = new byte[(int) status.getLen()];
    try (FSDataInputStream in = fileSystem.open(file)) {
      in.readFully(bytes);
    }
    return bytes;
  }
}
