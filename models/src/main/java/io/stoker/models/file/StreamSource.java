package io.stoker.models.file;

import java.io.IOException;
import java.io.InputStream;

/** Opens a file from its beginning, as often as it is asked to, on whichever file system. */
@FunctionalInterface
public interface StreamSource {
  /** The file's bytes; who asks closes the stream. */
  InputStream open() throws IOException;
}
