// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.report;

import io.stoker.data.storage.Storage;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.metrics.EarlyStop;
import io.stoker.driver.metrics.MetricsTail;
import io.stoker.driver.metrics.RoundMetrics;
import io.stoker.driver.metrics.ValidationMetrics;
import io.stoker.driver.run.BestValidation;
import io.stoker.driver.run.RunFolder;
import io.stoker.driver.run.RunLock;
import io.stoker.driver.run.RunRecord;
import io.stoker.driver.run.ValidationStore;
import io.stoker.failure.DamagedException;
import io.stoker.failure.InputException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * The state of a run, read from the run folder without reading all of its rounds. Of a damaged run
 * it has what can be read.
 *
 * @param folder the run folder
 * @param state the state
 * @param updated when one of its files was last written
 * @param record the content of its {@code run.json}; empty if that cannot be read
 * @param last its last round; empty before the first
 * @param validations its validations, in the order of their rounds
 * @param damage which files cannot be read, and why; empty if all can
 */
public record RunSummary(
    Path folder,
    RunState state,
    Instant updated,
    Optional<RunRecord> record,
    Optional<RoundMetrics> last,
    List<ValidationMetrics> validations,
    String damage) {
  /**
   * A driver writes its lock every few seconds. Where only the file's time tells whether it still
   * does, it is taken for dead after this time.
   */
  private static final Duration SILENCE = Duration.ofMinutes(2);

  public RunSummary {
    validations = List.copyOf(validations);
  }

  /**
   * Reads the runs in a folder, by name; or the run, if the folder is a run folder.
   *
   * @param uri a run folder or a folder of run folders
   * @param hadoop how to reach it
   * @param now the time
   * @throws InputException if there is no such folder
   */
  public static List<RunSummary> in(String uri, Configuration hadoop, Instant now) {
    return RunFolders.in(uri, hadoop).stream().map(found -> of(found, hadoop, now)).toList();
  }

  /**
   * Reads the run in a folder.
   *
   * @param folder a run folder
   * @param hadoop how to reach it
   * @param now the time
   */
  public static RunSummary of(Path folder, Configuration hadoop, Instant now) {
    return of(RunFolders.at(folder, hadoop), hadoop, now);
  }

  static RunSummary of(RunFolders.Found found, Configuration hadoop, Instant now) {
    RunFolder run = RunFolder.at(found.folder(), hadoop);
    List<String> damage = new ArrayList<>();
    Optional<RunRecord> record = read(damage, () -> Optional.of(run.recorded()));
    Optional<RoundMetrics> last = read(damage, () -> MetricsTail.last(found.folder(), hadoop));
    Optional<ValidationStore.Content> validations =
        read(damage, () -> Optional.of(run.validations().content()));
    Optional<RunLock.State> lock = read(damage, () -> Optional.of(run.lockState()));
    List<ValidationMetrics> valid =
        validations.map(ValidationStore.Content::valid).orElse(List.of());
    validations.ifPresent(content -> damage.addAll(content.damage()));
    Duration silence = Duration.between(found.updated(), now);
    return new RunSummary(
        found.folder(),
        record.isPresent() && damage.isEmpty()
            ? state(record.get(), last, valid, lock.orElse(RunLock.State.UNKNOWN), silence)
            : RunState.DAMAGED,
        found.updated(),
        record,
        last,
        valid,
        String.join("; ", damage));
  }

  /** One file that cannot be read does not keep the others from being shown. */
  private static <T> Optional<T> read(List<String> damage, Supplier<Optional<T>> file) {
    try {
      return file.get();
    } catch (DamagedException | InputException e) {
      damage.add(e.getMessage());
    } catch (UncheckedIOException e) {
      damage.add(e.getMessage() + ": " + Storage.reason(e.getCause()));
    }
    return Optional.empty();
  }

  /**
   * Finds the state of a run whose files can all be read.
   *
   * @param silence the time since a file was last written
   */
  static RunState state(
      RunRecord record,
      Optional<RoundMetrics> last,
      List<ValidationMetrics> validations,
      RunLock.State lock,
      Duration silence) {
    TrainingConfig config = record.job().config();
    boolean stoppedEarly = EarlyStop.of(config.validation(), validations).isPresent();
    if (isComplete(record, last) || stoppedEarly) {
      return RunState.FINISHED;
    }
    boolean running =
        switch (lock) {
          case ALIVE -> true;
          case FREE, DEAD -> false;
          case UNKNOWN -> silence.compareTo(SILENCE) <= 0;
        };
    return running ? RunState.RUNNING : RunState.INTERRUPTED;
  }

  /** Why it ended before its last epoch; empty if it did not. */
  public Optional<EarlyStop> earlyStop() {
    boolean complete = record.isPresent() && last.isPresent() && isComplete(record.get(), last);
    return complete
        ? Optional.empty()
        : record.flatMap(run -> EarlyStop.of(run.job().config().validation(), validations));
  }

  private static boolean isComplete(RunRecord record, Optional<RoundMetrics> last) {
    return record.rounds() > 0 && last.map(RoundMetrics::round).orElse(0) >= record.rounds();
  }

  /** Its best validation; empty if there was none. */
  public Optional<BestValidation> best() {
    return record
        .map(run -> BestValidation.of(validations, run.job().config()))
        .orElseGet(() -> BestValidation.mostAccurate(validations));
  }

  /** The accuracy of the best validation, else that of the last round on its own examples. */
  public Optional<Double> accuracy() {
    return best()
        .map(best -> best.validation().accuracy())
        .or(() -> last.map(RoundMetrics::accuracy));
  }

  /** The split that {@link #accuracy} was measured on, and the precision if it is not fp32. */
  public String split() {
    return best().map(BestValidation::splitText).orElse("train");
  }
}
