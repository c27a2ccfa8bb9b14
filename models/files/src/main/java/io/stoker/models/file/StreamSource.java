// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.file;

import java.io.IOException;
import java.io.InputStream;

/** Opens a file from its beginning, any number of times, on any file system. */
@FunctionalInterface
public interface StreamSource {
  /** The file's bytes; the caller closes the stream. */
  InputStream open() throws IOException;
}
