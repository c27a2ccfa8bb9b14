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
  private static final int BUFFER = 1 << 16;

  private final InputStream in;
  private final int longest;
  private final String place;
  private final byte[] buffer = new byte[BUFFER];
  private int next;
  private int end;

  /** The beginning of a line that goes on after the buffer's end. */
  private final ByteArrayOutputStream line = new ByteArrayOutputStream();

  private long number;

  /**
   * @param in the file from the beginning of a line, which is read ahead; the caller closes it
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
    while (next < end || fill()) {
      int from = next;
      while (next < end && buffer[next] != '\n') {
        next++;
      }
      line.write(buffer, from, next - from);
      if (line.size() > longest) {
        number++;
        throw new DamagedException(
            String.format(
                Locale.ROOT, "Cannot read %s: it is longer than %,d bytes", place(), longest));
      }
      if (next < end) {
        next++; // the line feed
        byte[] whole = line.toByteArray();
        line.reset();
        number++;
        return Optional.of(whole);
      }
    }
    return Optional.empty();
  }

  private boolean fill() throws IOException {
    next = 0;
    end = Math.max(0, in.read(buffer));
    return end > 0;
  }

  /** Where the line is that {@link #next} returned last. */
  public String place() {
    return place + ": line " + number;
  }
}
