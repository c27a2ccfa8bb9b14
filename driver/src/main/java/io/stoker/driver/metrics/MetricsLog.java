package io.stoker.driver.metrics;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.stoker.data.storage.Storage;
import java.io.BufferedReader;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStreamReader;
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

/**
 * The run's {@code metrics.jsonl}: a line a round. Where the filesystem can append, a line is
 * readable as soon as its round is over. Where it cannot (an object store), the whole file is
 * written again, at most every {@link #REWRITE_INTERVAL} and when a checkpoint or the job is
 * complete; a line takes about 300 bytes.
 */
public final class MetricsLog implements AutoCloseable {
  /** The file's name in the run folder. */
  public static final String FILE = "metrics.jsonl";

  static final Duration REWRITE_INTERVAL = Duration.ofSeconds(10);

  static final JsonMapper JSON =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .build();

  private final Path file;
  private final Configuration hadoop;

  /** Present where the filesystem can append. */
  private final Optional<FSDataOutputStream> appending;

  /** All lines of the file, where it must be rewritten; else empty. */
  private final List<String> lines = new ArrayList<>();

  private long written = System.nanoTime();
  private boolean pending;

  private MetricsLog(Path file, List<String> kept, Configuration hadoop) throws IOException {
    this.file = file;
    this.hadoop = hadoop;
    this.appending = append();
    if (appending.isEmpty()) {
      lines.addAll(kept);
    }
  }

  private Optional<FSDataOutputStream> append() throws IOException {
    try {
      return Optional.of(Storage.of(file, hadoop).append(file));
    } catch (UnsupportedOperationException e) {
      return Optional.empty();
    }
  }

  /**
   * Opens the log of a run, and drops the lines of rounds that will be done again.
   *
   * @param folder the run folder
   * @param round the rounds that count as done: 0 for a new run
   * @param hadoop how to reach the folder
   */
  public static MetricsLog open(Path folder, int round, Configuration hadoop) {
    Path file = new Path(folder, FILE);
    try {
      FileSystem fileSystem = Storage.of(folder, hadoop);
      List<String> present = readLines(fileSystem, file);
      List<String> kept = present.stream().filter(line -> isUpTo(round, line)).toList();
      if (!isExactly(fileSystem, file, kept)) {
        write(file, kept, hadoop);
      }
      return new MetricsLog(file, kept, hadoop);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot write " + file, e);
    }
  }

  private static List<String> readLines(FileSystem fileSystem, Path file) throws IOException {
    try (BufferedReader reader =
        new BufferedReader(new InputStreamReader(fileSystem.open(file), StandardCharsets.UTF_8))) {
      return reader.lines().toList();
    } catch (FileNotFoundException e) {
      return List.of();
    }
  }

  /** A line that cannot be read was cut when its writer was killed: its round is done again. */
  private static boolean isUpTo(int round, String line) {
    try {
      return JSON.readValue(line, RoundMetrics.class).round() <= round;
    } catch (JsonProcessingException e) {
      return false;
    }
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
   * @throws io.stoker.failure.DamagedException if a whole line is no round
   */
  public static List<RoundMetrics> read(Path folder, Configuration hadoop) {
    return List.copyOf(new MetricsTail(folder, hadoop).poll());
  }

  /** Adds a round. */
  public void append(RoundMetrics round) {
    try {
      String line = JSON.writeValueAsString(round);
      if (appending.isPresent()) {
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
