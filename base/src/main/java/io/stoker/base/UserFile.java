// SPDX-License-Identifier: Apache-2.0
package io.stoker.base;

import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * Reads a small file on the local disk that a user names, such as a recipe. Every option of that
 * kind reads its file here: opening a named pipe waits for ever, and a device may have no end.
 */
public final class UserFile {
  private UserFile() {}

  /**
   * Reads a file whole.
   *
   * @param failure how a message begins, such as "Cannot read recipe r.yaml"
   * @param file where it is
   * @param maximumBytes the most that a file of its kind has; no more is taken into memory, even if
   *     the file grows while it is read
   * @throws InputException if it is missing, no regular file, too large, or cannot be read
   */
  public static byte[] read(String failure, Path file, int maximumBytes) {
    try {
      Check.input(!Files.isDirectory(file), "%s: it is a folder (name a file)", failure);
      long length = Files.size(file);
      Check.input(
          Files.isRegularFile(file),
          "%s: it is a named pipe, socket or device (copy it to a file first)",
          failure);
      // Files of /proc say that they are empty, and some of them wait for what is to come.
      byte[] bytes = length == 0 ? new byte[0] : readAtMost(file, length, maximumBytes);
      Check.input(
          length <= maximumBytes && bytes.length <= maximumBytes,
          "%s: larger than %d bytes",
          failure,
          maximumBytes);
      return bytes;
    } catch (NoSuchFileException e) {
      throw new InputException(failure + ": there is no such file", e);
    } catch (AccessDeniedException e) {
      throw new InputException(failure + ": no permission to read it", e);
    } catch (IOException e) {
      throw new InputException(failure + ": " + e.getMessage(), e);
    }
  }

  private static byte[] readAtMost(Path file, long length, int maximumBytes) throws IOException {
    if (length > maximumBytes) {
      return new byte[0];
    }
    try (InputStream in = Files.newInputStream(file)) {
      return in.readNBytes(maximumBytes + 1);
    }
  }
}
