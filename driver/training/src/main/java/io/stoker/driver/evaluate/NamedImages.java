// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.evaluate;

import io.stoker.data.image.DecodedImage;
import io.stoker.data.image.ImageFile;
import io.stoker.data.image.LeastSize;
import io.stoker.data.image.UnreadableImageException;
import io.stoker.driver.checkpoint.Locations;
import io.stoker.failure.InputException;
import io.stoker.failure.ResourceException;
import io.stoker.failure.StokerException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.security.AccessControlException;

/** Reads the image files that a user names, so that one that cannot be read stops no other. */
public final class NamedImages {
  /** How Java ends the message of a {@link FileNotFoundException} that means this. */
  private static final String DENIED = "(Permission denied)";

  private NamedImages() {}

  /**
   * Reads an image.
   *
   * @param uri a local path, absolute or not, or a URI with a scheme
   * @param least the least size of its decoded pixels
   * @param hadoop how to reach it
   * @param failures is told why the image cannot be read, if it cannot
   * @return the image, if it can be read
   */
  public static Optional<DecodedImage> read(
      String uri, LeastSize least, Configuration hadoop, Consumer<ImageFailure> failures) {
    try {
      Path file = Locations.absolute(uri, hadoop);
      try {
        return Optional.of(ImageFile.decode(file, least, hadoop));
      } catch (UnreadableImageException e) {
        failures.accept(new ImageFailure(uri, e.getMessage(), InputException.EXIT_CODE));
      } catch (IOException e) {
        failures.accept(failure(uri, file, e));
      }
    } catch (StokerException e) {
      failures.accept(new ImageFailure(uri, firstLine(e), e.exitCode()));
    } catch (UncheckedIOException e) {
      failures.accept(new ImageFailure(uri, firstLine(e), ResourceException.EXIT_CODE));
    }
    return Optional.empty();
  }

  private static ImageFailure failure(String uri, Path file, IOException failure) {
    if (failure instanceof AccessDeniedException
        || failure instanceof AccessControlException
        || firstLine(failure).endsWith(DENIED)) {
      return new ImageFailure(uri, "permission denied", ResourceException.EXIT_CODE);
    }
    return failure instanceof FileNotFoundException
        ? new ImageFailure(
            uri, "there is no file " + file + undecoded(file), InputException.EXIT_CODE)
        : new ImageFailure(uri, firstLine(failure), ResourceException.EXIT_CODE);
  }

  /** Java has this character in place of what is not valid UTF-8. */
  private static String undecoded(Path file) {
    return file.toString().indexOf('\uFFFD') < 0
        ? ""
        : " (or its name is not valid UTF-8: rename it)";
  }

  private static String firstLine(Exception failure) {
    return String.valueOf(failure.getMessage()).lines().findFirst().orElse("");
  }
}
