package io.stoker.driver.metrics;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.stoker.data.storage.Storage;
import io.stoker.failure.DamagedException;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.Path;

/**
 * Follows a run's {@code metrics.jsonl} as it grows: each {@link #poll} reads what is new. A last
 * line without its end is not there yet. Where the file is another one than it was, because a
 * resumed run has dropped rounds, it is read from its beginning.
 */
public final class MetricsTail {
  /** Ours take a few hundred; it bounds what is taken into memory. */
  private static final int LONGEST_LINE = 1 << 16;

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
   * The rounds so far.
   *
   * @return a view of all of them, in their order; the next call changes it
   * @throws DamagedException if a whole line is no round
   */
  public List<RoundMetrics> poll() {
    try {
      if (!readOn()) {
        forget();
        readOn();
      }
    } catch (FileNotFoundException e) {
      forget();
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read " + file, e);
    }
    return Collections.unmodifiableList(rounds);
  }

  /**
   * The last round of a run so far, without reading those before it.
   *
   * @param run the run folder
   * @param hadoop how to reach it
   * @throws DamagedException if the last whole line is no round
   */
  public static Optional<RoundMetrics> last(Path run, Configuration hadoop) {
    Path file = new Path(run, MetricsLog.FILE);
    try (FSDataInputStream in = Storage.of(file, hadoop).open(file)) {
      // Of a file that is being written, HDFS knows the length only here.
      long length = in.available();
      in.seek(Math.max(0, length - 2 * LONGEST_LINE));
      String end = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      int to = end.lastIndexOf('\n');
      if (to < 0) {
        return Optional.empty();
      }
      String line = end.substring(end.lastIndexOf('\n', to - 1) + 1, to);
      return Optional.of(MetricsLog.JSON.readValue(line, RoundMetrics.class));
    } catch (FileNotFoundException e) {
      return Optional.empty();
    } catch (JsonProcessingException e) {
      throw new DamagedException("Cannot read %s: its last line is no round".formatted(file), e);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read " + file, e);
    }
  }

  private void forget() {
    rounds.clear();
    offset = 0;
  }

  /** Returns whether what is behind the offset continues what is before it. */
  private boolean readOn() throws IOException {
    try (FSDataInputStream in = Storage.of(file, hadoop).open(file)) {
      if (offset > 0) {
        in.seek(offset - 1);
        if (in.read() != '\n') {
          return false;
        }
      }
      return readLines(new BufferedInputStream(in, 1 << 16));
    } catch (EOFException e) {
      return false; // The file is shorter than it was.
    }
  }

  private boolean readLines(InputStream in) throws IOException {
    boolean continued = offset > 0;
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int next = in.read(); next >= 0; next = in.read()) {
      if (next != '\n') {
        line.write(next);
        if (line.size() > LONGEST_LINE) {
          throw damaged("is longer than any round", null);
        }
        continue;
      }
      try {
        RoundMetrics round = MetricsLog.JSON.readValue(line.toByteArray(), RoundMetrics.class);
        if (continued && round.round() <= rounds.get(rounds.size() - 1).round()) {
          return false;
        }
        rounds.add(round);
      } catch (JsonProcessingException e) {
        if (continued) {
          return false;
        }
        throw damaged("is no round", e);
      }
      offset += line.size() + 1;
      line.reset();
    }
    return true;
  }

  private DamagedException damaged(String how, IOException cause) {
    return new DamagedException(
        "Cannot read %s: line %d %s".formatted(file, rounds.size() + 1, how), cause);
  }
}
