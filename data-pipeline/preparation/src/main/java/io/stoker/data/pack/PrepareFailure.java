// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.pack;

import io.stoker.data.frame.UnreadableTable;
import io.stoker.data.storage.NoSpace;
import io.stoker.failure.InputException;
import io.stoker.failure.ResourceException;
import io.stoker.failure.StokerException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;
import org.apache.hadoop.security.AccessControlException;

/** Finds what a user can do something about in what Spark and Hadoop throw. */
final class PrepareFailure {
  private PrepareFailure() {}

  /** The exception to throw for a failure of the job. */
  static RuntimeException of(Exception failure, PrepareOptions options) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof StokerException stoker) {
        return stoker;
      }
      if (cause instanceof AccessControlException) {
        return new InputException("Access is denied: " + cause.getMessage(), failure);
      }
      if (NoSpace.isSaidBy(cause)) {
        return new ResourceException(
            "No space left to prepare "
                + options.output()
                + " (Spark's local folders, that of temporary files and the output need about twice its"
                + " size)",
            failure);
      }
      Optional<String> noRoom = NoSpace.words(cause);
      if (noRoom.isPresent()) {
        String words = noRoom.get();
        return new ResourceException(
            "Cannot prepare "
                + options.output()
                + ": "
                + words
                + " ("
                + NoSpace.remedy(words)
                + ")",
            failure);
      }
    }
    Optional<String> unreadable = UnreadableTable.reason(failure);
    if (unreadable.isPresent()) {
      return new InputException(
          "Cannot read " + options.inputName() + ": " + unreadable.get(), failure);
    }
    if (failure instanceof RuntimeException runtime) {
      return runtime;
    }
    return failure instanceof IOException io
        ? new UncheckedIOException("Cannot prepare " + options.inputName(), io)
        : new IllegalStateException("Cannot prepare " + options.inputName(), failure);
  }
}
