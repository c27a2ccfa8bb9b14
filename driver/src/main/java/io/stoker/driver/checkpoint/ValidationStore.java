package io.stoker.driver.checkpoint;

import io.stoker.data.storage.Storage;
import io.stoker.driver.metrics.ValidationMetrics;
import io.stoker.failure.DamagedException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The validations of a run: {@code RUN/validations/000120.json} for the checkpoint of that round.
 * They mark the run's best checkpoint: that of the best validation, see {@link
 * ValidationMetrics#best}. A file is written once; one that cannot be read counts as not there.
 */
public final class ValidationStore {
  private static final Logger LOG = LoggerFactory.getLogger(ValidationStore.class);

  private static final String FOLDER = "validations";
  private static final Pattern NAME = Pattern.compile("([0-9]{6,10})\\.json");

  private final Path folder;
  private final Configuration hadoop;

  /**
   * @param run the run folder
   * @param hadoop how to reach it
   */
  public ValidationStore(Path run, Configuration hadoop) {
    this.folder = new Path(run, FOLDER);
    this.hadoop = hadoop;
  }

  /** All of them, in the order of their rounds. */
  public List<ValidationMetrics> read() {
    List<ValidationMetrics> validations = new ArrayList<>();
    for (Path file : files()) {
      try {
        validations.add(ManifestFormat.read(file, ValidationMetrics.class, hadoop));
      } catch (DamagedException e) {
        LOG.warn("Skipping validation: {}", e.getMessage());
      } catch (IOException e) {
        throw new UncheckedIOException("Cannot read " + file, e);
      }
    }
    validations.sort(Comparator.comparingLong(ValidationMetrics::round));
    return List.copyOf(validations);
  }

  /** Adds one. */
  public void write(ValidationMetrics validation) {
    Path file = new Path(folder, "%06d.json".formatted(validation.round()));
    try {
      Storage.of(folder, hadoop).mkdirs(folder);
      ManifestFormat.write(file, validation, hadoop);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot write " + file, e);
    }
  }

  /** Deletes those of later rounds, which will be done again. */
  public void dropAfter(long round) {
    try {
      for (Path file : files()) {
        String name = file.getName();
        if (Long.parseLong(name.substring(0, name.indexOf('.'))) > round) {
          Storage.of(file, hadoop).delete(file, false);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot delete old validations in " + folder, e);
    }
  }

  private List<Path> files() {
    try {
      List<Path> files = new ArrayList<>();
      for (FileStatus status : Storage.of(folder, hadoop).listStatus(folder)) {
        if (status.isFile() && NAME.matcher(status.getPath().getName()).matches()) {
          files.add(status.getPath());
        }
      }
      return files;
    } catch (FileNotFoundException e) {
      return List.of();
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot list " + folder, e);
    }
  }
}
