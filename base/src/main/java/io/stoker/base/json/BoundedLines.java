// SPDX-License-Identifier: Apache-2.0
package io.stoker.base.json;

import io.stoker.failure.DamagedException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Locale;
import java.util.Optional;

/**
 * Reads a file line by line, a JSON object a line, and takes no more of it into memory than the
 * longest line may have. A last line without its end was cut, or is being written.
 */
public final class BoundedLines {
  private final InputStream in;
  private final int longest;
  private final String place;
  private final ByteArrayOutputStream line = new ByteArrayOutputStream();
  private long number;

  /**
   * @param in the file from the beginning of a line, buffered; the caller closes it
   * @param longest how many bytes a line has at most
   * @param place where the file is, for messages
   * @param before how many lines of the file are before the first one that is read
   */
  public BoundedLines(InputStream in, int longest, String place, long before) {
    this.in = in;
    this.longest = longest;
    this.place = place;
    this.number = before;
  }

  /**
   * The next whole line without its line feed; none at the end.
   *
   * @throws DamagedException if it is longer than a line may be
   * @throws IOException if the file cannot be read
   */
  public Optional<byte[]> next() throws IOException {
    for (int next = in.read(); next >= 0; next = in.read()) {
      if (next == '\n') {
        byte[] whole = line.toByteArray();
        line.reset();
        number++;
        return Optional.of(whole);
      }
      line.write(next);
      if (line.size() > longest) {
        number++;
        throw new DamagedException(
            String.format(
                Locale.ROOT, "Cannot read %s: it is longer than %,d bytes", place(), longest));
      }
    }
    return Optional.empty();
  }

  /** Where the line is that {@link #next} returned last. */
  public String place() {
    return String.format(Locale.ROOT, "%s: line %d", place, number);
  }
}
