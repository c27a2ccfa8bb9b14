// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.frame;

import java.util.Arrays;
import java.util.Optional;
import org.apache.parquet.crypto.ParquetCryptoRuntimeException;

/** Finds in what Spark throws why it could not read the files of a table. */
public final class UnreadableTable {
  /** So do all lines of Spark say, whatever the format. */
  private static final String READING_FILE = "Encountered error while reading file";

  /** So does Spark 3.5 say of a file in which it looks for the columns. */
  private static final String READING_FOOTER = "Could not read footer for file";

  /** What opens the files of Parquet, ORC and the like, and lets some failures through unnamed. */
  private static final String FILE_SCAN = "org.apache.spark.sql.execution.datasources.FileScanRDD";

  private UnreadableTable() {}

  /**
   * Why a table could not be read.
   *
   * @param failure of a query, or of opening the table
   * @return one line, or empty if its files are not the reason
   */
  public static Optional<String> reason(Throwable failure) {
    Optional<String> file = Optional.empty();
    boolean footer = false;
    Throwable root = failure;
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof ParquetCryptoRuntimeException) {
        return Optional.of("it is encrypted, and Spark's configuration has no keys for it");
      }
      String line = firstLine(cause);
      if (line.startsWith(READING_FILE) || line.contains("] " + READING_FILE)) {
        file = Optional.of(line.replaceFirst("[.\\s]*Details:?\\s*$", ""));
      }
      footer |= line.contains(READING_FOOTER);
      root = cause;
    }
    String reason = firstLine(root);
    if (file.isEmpty() && (footer || isOfFileScan(root))) {
      return Optional.of(reason);
    }
    return file.map(line -> line + " (" + reason + ")");
  }

  /** An error, such as a heap that is full, says nothing about the file. */
  private static boolean isOfFileScan(Throwable root) {
    return root instanceof Exception
        && Arrays.stream(root.getStackTrace())
            .anyMatch(frame -> frame.getClassName().startsWith(FILE_SCAN));
  }

  private static String firstLine(Throwable failure) {
    return String.valueOf(failure.getMessage()).lines().findFirst().orElse("").strip();
  }
}
