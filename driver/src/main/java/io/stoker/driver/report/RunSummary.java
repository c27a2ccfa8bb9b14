package io.stoker.driver.report;

import io.stoker.data.storage.Storage;
import io.stoker.driver.checkpoint.Locations;
import io.stoker.driver.checkpoint.RunFolder;
import io.stoker.driver.checkpoint.RunRecord;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.metrics.MetricsLog;
import io.stoker.driver.metrics.MetricsTail;
import io.stoker.driver.metrics.RoundMetrics;
import io.stoker.driver.metrics.ValidationMetrics;
import io.stoker.failure.Check;
import io.stoker.failure.DamagedException;
import io.stoker.failure.InputException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * A run in one line, from its folder alone and without reading all of its rounds.
 *
 * @param folder where it is
 * @param state how it stands
 * @param updated when something was last written to it
 * @param record what it is; none if it is damaged
 * @param last its last round; none before the first
 * @param best its best validation; none if there was none
 * @param damage why it cannot be read; empty if it can
 */
public record RunSummary(
    Path folder,
    RunState state,
    Instant updated,
    Optional<RunRecord> record,
    Optional<RoundMetrics> last,
    Optional<ValidationMetrics> best,
    String damage) {
  /** A run is not called interrupted before it was silent for so long. */
  private static final Duration SILENCE = Duration.ofMinutes(2);

  /** Nor before it was silent for so many times its last round. */
  private static final int SILENT_ROUNDS = 10;

  /**
   * The runs in a folder, by name; or the run that the folder is.
   *
   * @param uri a run folder or a folder of run folders
   * @param hadoop how to reach it
   * @param now the time
   * @throws InputException if there is no such folder
   */
  public static List<RunSummary> in(String uri, Configuration hadoop, Instant now) {
    List<RunSummary> runs = new ArrayList<>();
    for (Path folder : folders(uri, hadoop)) {
      runs.add(of(folder, hadoop, now));
    }
    return List.copyOf(runs);
  }

  /**
   * The run folders that a location means: itself, or those in it by name.
   *
   * @throws InputException if there is no such folder
   */
  public static List<Path> folders(String uri, Configuration hadoop) {
    Path path = Locations.absolute(uri, hadoop);
    try {
      FileSystem fileSystem = Storage.of(path, hadoop);
      if (isRun(fileSystem, path)) {
        return List.of(path);
      }
      List<Path> folders = new ArrayList<>();
      for (FileStatus status : fileSystem.listStatus(path)) {
        Check.input(!status.getPath().equals(path), "Not a folder: %s", uri);
        if (status.isDirectory() && isRun(fileSystem, status.getPath())) {
          folders.add(status.getPath());
        }
      }
      folders.sort(Path::compareTo);
      return List.copyOf(folders);
    } catch (FileNotFoundException e) {
      throw new InputException("Cannot find folder " + uri, e);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read " + uri, e);
    }
  }

  private static boolean isRun(FileSystem fileSystem, Path folder) throws IOException {
    return fileSystem.exists(new Path(folder, RunFolder.FILE))
        || fileSystem.exists(new Path(folder, MetricsLog.FILE));
  }

  /**
   * The run in a folder.
   *
   * @param folder a run folder
   * @param hadoop how to reach it
   * @param now the time
   */
  public static RunSummary of(Path folder, Configuration hadoop, Instant now) {
    Instant updated = updated(folder, hadoop);
    RunFolder run = RunFolder.at(folder, hadoop);
    try {
      RunRecord record = run.recorded();
      Optional<RoundMetrics> last = MetricsTail.last(folder, hadoop);
      List<ValidationMetrics> validations = run.validations().read();
      return new RunSummary(
          folder,
          state(record, last, validations, Duration.between(updated, now)),
          updated,
          Optional.of(record),
          last,
          ValidationMetrics.best(validations),
          "");
    } catch (DamagedException | InputException e) {
      return new RunSummary(
          folder,
          RunState.DAMAGED,
          updated,
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          e.getMessage());
    }
  }

  private static Instant updated(Path folder, Configuration hadoop) {
    try {
      return Instant.ofEpochMilli(
          Arrays.stream(Storage.of(folder, hadoop).listStatus(folder))
              .mapToLong(FileStatus::getModificationTime)
              .max()
              .orElse(0));
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read " + folder, e);
    }
  }

  /**
   * How a run stands.
   *
   * @param silence since when nothing was written
   */
  static RunState state(
      RunRecord record,
      Optional<RoundMetrics> last,
      List<ValidationMetrics> validations,
      Duration silence) {
    TrainingConfig config = record.job().config();
    int done = last.map(RoundMetrics::round).orElse(0);
    boolean complete = record.rounds() > 0 && done >= record.rounds();
    boolean impatient =
        config.validation().patience() > 0
            && ValidationMetrics.sinceBest(validations) >= config.validation().patience();
    if (complete || impatient) {
      return RunState.FINISHED;
    }
    double lastSeconds = last.map(round -> round.seconds().total()).orElse(0.0);
    Duration patience = Duration.ofMillis((long) (SILENT_ROUNDS * lastSeconds * 1000));
    boolean silent = silence.compareTo(SILENCE) > 0 && silence.compareTo(patience) > 0;
    return silent ? RunState.INTERRUPTED : RunState.RUNNING;
  }

  /** The best accuracy known: of its best validation, else of its last round's own examples. */
  public Optional<Double> accuracy() {
    return best.map(ValidationMetrics::accuracy).or(() -> last.map(RoundMetrics::accuracy));
  }

  /** Which split {@link #accuracy} is of. */
  public String split() {
    return best.map(ValidationMetrics::split).orElse("train");
  }
}
