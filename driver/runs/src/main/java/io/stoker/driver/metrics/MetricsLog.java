// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.metrics;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.stoker.base.json.BoundedLines;
import io.stoker.base.json.StrictJson;
import io.stoker.data.storage.SmallFile;
import io.stoker.data.storage.Storage;
import io.stoker.failure.DamagedException;
import java.io.BufferedInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes a run's {@code metrics.jsonl}, which has a line for each round. On a filesystem that can
 * append, a line is readable as soon as its round is over. An object store cannot append: there the
 * whole file is written again, at most once in {@link #REWRITE_INTERVAL}, and when a checkpoint or
 * the job is complete. A line has about 300 bytes.
 */
public final class MetricsLog implements AutoCloseable {
  /** The file's name in the run folder. */
  public static final String FILE = "metrics.jsonl";

  private static final Logger LOG = LoggerFactory.getLogger(MetricsLog.class);

  static final Duration REWRITE_INTERVAL = Duration.ofSeconds(10);

  /** Those of Stoker have about 300 bytes. */
  static final int LONGEST_LINE = 1 << 16;

  /** Releases differ in the fields of a line. */
  private static final JsonMapper JSON =
      StrictJson.mapper()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .disable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
          .disable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .build();

  private final Path file;
  private final Configuration hadoop;
  private final Runnable guard;

  /** Present where the filesystem can append. */
  private final Optional<FSDataOutputStream> appending;

  /** All lines of the file, where it must be rewritten; else empty. */
  private final List<String> lines = new ArrayList<>();

  private long written = System.nanoTime();
  private boolean pending;

  private MetricsLog(Path file, List<String> kept, Configuration hadoop, Runnable guard)
      throws IOException {
    this.file = file;
    this.hadoop = hadoop;
    this.guard = guard;
    this.appending = append(kept);
    if (appending.isEmpty()) {
      lines.addAll(kept);
    }
  }

  private Optional<FSDataOutputStream> append(List<String> kept) throws IOException {
    FileSystem fileSystem = Storage.of(file, hadoop);
    try {
      return Optional.of(fileSystem.append(file));
    } catch (UnsupportedOperationException e) {
      return Optional.empty();
    } catch (IOException e) {
      if (!Storage.isOpenElsewhere(e)) {
        throw e;
      }
      // By the driver that was killed: the run's lock is ours.
      write(file, kept, hadoop);
      return Optional.of(fileSystem.append(file));
    }
  }

  /**
   * Opens the log of a run, and drops the lines of rounds that will be trained again.
   *
   * @param folder the run folder
   * @param round the number of rounds that are complete: 0 for a new run
   * @param hadoop how to reach the folder
   * @param guard is called before each write, and throws an exception if this process must not
   *     write any more
   * @throws DamagedException if a line other than the last one is no round
   */
  public static MetricsLog open(Path folder, int round, Configuration hadoop, Runnable guard) {
    Path file = new Path(folder, FILE);
    try {
      FileSystem fileSystem = Storage.of(folder, hadoop);
      List<String> kept = keep(fileSystem, file, round);
      if (!isExactly(fileSystem, file, kept)) {
        write(file, kept, hadoop);
      }
      return new MetricsLog(file, kept, hadoop, guard);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot write " + file, e);
    }
  }

  /**
   * Reads the lines of rounds that are complete. If the last line cannot be read, it was cut when
   * its writer was killed, and its round is trained again.
   */
  private static List<String> keep(FileSystem fileSystem, Path file, int round) throws IOException {
    List<String> kept = new ArrayList<>();
    Optional<DamagedException> damage = Optional.empty();
    try (InputStream in = open(fileSystem, file)) {
      BoundedLines lines = new BoundedLines(in, LONGEST_LINE, file.toString(), 0);
      for (Optional<byte[]> line = lines.next(); line.isPresent(); line = lines.next()) {
        if (damage.isPresent()) {
          throw damage.get();
        }
        try {
          if (parse(line.get(), lines.place()).round() <= round) {
            kept.add(new String(line.get(), StandardCharsets.UTF_8));
          }
        } catch (DamagedException e) {
          damage = Optional.of(e);
        }
      }
    } catch (FileNotFoundException e) {
      return List.of();
    }
    damage.ifPresent(last -> LOG.warn("Dropping the last line of {}: {}", file, last.getMessage()));
    return kept;
  }

  static InputStream open(FileSystem fileSystem, Path file) throws IOException {
    SmallFile.requireRegular(fileSystem, file);
    return new BufferedInputStream(fileSystem.open(file), LONGEST_LINE);
  }

  /**
   * Reads a line.
   *
   * @param place where it is, for messages
   * @throws DamagedException if it is no round
   */
  static RoundMetrics parse(byte[] line, String place) {
    return StrictJson.readOlder(JSON, line, RoundMetrics.class, place);
  }

  private static boolean isExactly(FileSystem fileSystem, Path file, List<String> lines)
      throws IOException {
    long bytes = 0;
    for (String line : lines) {
      bytes += line.getBytes(StandardCharsets.UTF_8).length + 1;
    }
    return fileSystem.exists(file) && fileSystem.getFileStatus(file).getLen() == bytes;
  }

  /**
   * The rounds of a run folder so far. A last line that was cut does not count.
   *
   * @param folder the run folder
   * @param hadoop how to reach it
   * @throws DamagedException if a whole line is no round
   */
  public static List<RoundMetrics> read(Path folder, Configuration hadoop) {
    return List.copyOf(new MetricsTail(folder, hadoop).poll());
  }

  /** Adds a round. */
  public void append(RoundMetrics round) {
    try {
      String line = JSON.writeValueAsString(round);
      if (appending.isPresent()) {
        guard.run();
        appending.get().write((line + "\n").getBytes(StandardCharsets.UTF_8));
        appending.get().hflush();
        return;
      }
      lines.add(line);
      pending = true;
      if (System.nanoTime() - written >= REWRITE_INTERVAL.toNanos()) {
        flush();
      }
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot write " + file, e);
    }
  }

  /** Makes all rounds so far readable. */
  public void flush() {
    if (!pending) {
      return;
    }
    guard.run();
    try {
      write(file, lines, hadoop);
      written = System.nanoTime();
      pending = false;
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot write " + file, e);
    }
  }

  private static void write(Path file, List<String> lines, Configuration hadoop)
      throws IOException {
    StringBuilder content = new StringBuilder();
    lines.forEach(line -> content.append(line).append('\n'));
    Storage.replace(file, content.toString().getBytes(StandardCharsets.UTF_8), hadoop);
  }

  @Override
  public void close() {
    flush();
    try {
      if (appending.isPresent()) {
        appending.get().close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot write " + file, e);
    }
  }
}
