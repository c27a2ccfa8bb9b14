// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.metrics;

import io.stoker.base.json.BoundedLines;
import io.stoker.data.storage.SmallFile;
import io.stoker.data.storage.Storage;
import io.stoker.failure.Check;
import io.stoker.failure.DamagedException;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.hdfs.client.HdfsDataInputStream;

/**
 * Follows a run's {@code metrics.jsonl} as it grows: each {@link #poll} reads the lines that were
 * added. A last line without a line feed is still being written, and is left for the next call. If
 * a resumed run has replaced the file, it is read again from the beginning.
 */
public final class MetricsTail {
  /** The last bytes of a file, in which there is at least one whole line. */
  private static final int END = 2 * MetricsLog.LONGEST_LINE;

  private final Path file;
  private final Configuration hadoop;
  private final List<RoundMetrics> rounds = new ArrayList<>();

  /** Where the first line begins that is not in {@link #rounds}. */
  private long offset;

  /**
   * @param run the run folder
   * @param hadoop how to reach it
   */
  public MetricsTail(Path run, Configuration hadoop) {
    this.file = new Path(run, MetricsLog.FILE);
    this.hadoop = hadoop;
  }

  /**
   * Reads the rounds so far.
   *
   * @return an unmodifiable view of all rounds, in order; the next call changes it
   * @throws DamagedException if a whole line is no round
   */
  public List<RoundMetrics> poll() {
    try {
      Storage.readAgain(
          () -> {
            try {
              return readOn() || readFromBeginning();
            } catch (IOException e) {
              forget();
              throw e;
            }
          });
    } catch (FileNotFoundException e) {
      forget();
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read " + file, e);
    }
    return Collections.unmodifiableList(rounds);
  }

  /**
   * Reads the last round of a run, without reading those before it.
   *
   * @param run the run folder
   * @param hadoop how to reach it
   * @throws DamagedException if the last whole line is no round
   */
  public static Optional<RoundMetrics> last(Path run, Configuration hadoop) {
    Path file = new Path(run, MetricsLog.FILE);
    try {
      SmallFile.requireRegular(Storage.of(file, hadoop), file);
      return lastLine(file, hadoop).map(line -> MetricsLog.parse(line, file + ": its last line"));
    } catch (FileNotFoundException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read " + file, e);
    }
  }

  private static Optional<byte[]> lastLine(Path file, Configuration hadoop) throws IOException {
    FileSystem fileSystem = Storage.of(file, hadoop);
    return Storage.readAgain(() -> lastLine(file, fileSystem));
  }

  private static Optional<byte[]> lastLine(Path file, FileSystem fileSystem) throws IOException {
    long known = fileSystem.getFileStatus(file).getLen();
    try (FSDataInputStream in = fileSystem.open(file)) {
      // Of a file that is being written, HDFS knows the length only where it is open.
      long length = in instanceof HdfsDataInputStream hdfs ? hdfs.getVisibleLength() : known;
      long start = Math.max(0, length - END);
      in.seek(start);
      byte[] end = in.readNBytes(END);
      int to = lastIndexOf('\n', end, end.length);
      int from = lastIndexOf('\n', end, Math.max(to, 0)) + 1;
      Check.undamaged(
          start == 0 || (to >= 0 && from > 0),
          "Cannot read %s: its last line is longer than that of a round",
          file);
      return to < 0 ? Optional.empty() : Optional.of(Arrays.copyOfRange(end, from, to));
    }
  }

  private static int lastIndexOf(char wanted, byte[] bytes, int before) {
    int at = before - 1;
    while (at >= 0 && bytes[at] != wanted) {
      at--;
    }
    return at;
  }

  private boolean readFromBeginning() throws IOException {
    forget();
    return readOn();
  }

  private void forget() {
    rounds.clear();
    offset = 0;
  }

  /** Reads what was added. Returns false if the file is another one than before. */
  private boolean readOn() throws IOException {
    SmallFile.requireRegular(Storage.of(file, hadoop), file);
    try (FSDataInputStream in = Storage.of(file, hadoop).open(file)) {
      if (offset > 0) {
        in.seek(offset - 1);
        if (in.read() != '\n') {
          return false;
        }
      }
      return readLines(new BufferedInputStream(in, MetricsLog.LONGEST_LINE));
    } catch (EOFException e) {
      return false; // The file is shorter than it was.
    }
  }

  private boolean readLines(InputStream in) throws IOException {
    boolean continued = offset > 0;
    BoundedLines lines =
        new BoundedLines(in, MetricsLog.LONGEST_LINE, file.toString(), rounds.size());
    try {
      for (Optional<byte[]> line = lines.next(); line.isPresent(); line = lines.next()) {
        RoundMetrics round = MetricsLog.parse(line.get(), lines.place());
        if (!rounds.isEmpty() && round.round() <= rounds.get(rounds.size() - 1).round()) {
          Check.undamaged(
              continued,
              "Cannot read %s: round %s comes after round %s",
              lines.place(),
              round.round(),
              rounds.get(rounds.size() - 1).round());
          return false;
        }
        rounds.add(round);
        offset += line.get().length + 1;
      }
      return true;
    } catch (DamagedException e) {
      if (continued) {
        return false; // Read from the beginning, it may be another file.
      }
      throw e;
    }
  }
}
