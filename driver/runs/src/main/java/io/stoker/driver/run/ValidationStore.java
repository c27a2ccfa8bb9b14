// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.run;

import io.stoker.data.storage.OwnFolder;
import io.stoker.data.storage.Storage;
import io.stoker.driver.checkpoint.ManifestFormat;
import io.stoker.driver.metrics.ValidationMetrics;
import io.stoker.failure.Check;
import io.stoker.failure.DamagedException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
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

  /**
   * What is in the folder.
   *
   * @param valid the validations that can be read, in the order of their rounds
   * @param damage why others cannot, a line for each
   */
  public record Content(List<ValidationMetrics> valid, List<String> damage) {
    public Content {
      valid = List.copyOf(valid);
      damage = List.copyOf(damage);
    }
  }

  /** Those that can be read, in the order of their rounds; others are skipped with a warning. */
  public List<ValidationMetrics> read() {
    Content content = content();
    content.damage().forEach(damage -> LOG.warn("Skipping validation: {}", damage));
    return content.valid();
  }

  /** What is in the folder, damaged files included. */
  public Content content() {
    List<ValidationMetrics> valid = new ArrayList<>();
    List<String> damage = new ArrayList<>();
    for (Path file : files()) {
      try {
        ValidationMetrics validation =
            ManifestFormat.readOlder(
                file, ValidationMetrics.class, ValidationMetrics.ADDED, hadoop);
        Check.undamaged(
            validation.round() == round(file),
            "Cannot read %s: it is of round %s",
            file,
            validation.round());
        valid.add(validation);
      } catch (DamagedException e) {
        damage.add(e.getMessage());
      } catch (FileNotFoundException e) {
        LOG.debug("{} has been deleted meanwhile", file);
      } catch (IOException e) {
        throw new UncheckedIOException("Cannot read " + file, e);
      }
    }
    valid.sort(Comparator.comparingLong(ValidationMetrics::round));
    return new Content(valid, damage);
  }

  private static long round(Path file) {
    String name = file.getName();
    return Long.parseLong(name.substring(0, name.indexOf('.')));
  }

  /** Adds one. */
  public void write(ValidationMetrics validation) {
    Path file = new Path(folder, String.format(Locale.ROOT, "%06d.json", validation.round()));
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
        if (round(file) > round) {
          OwnFolder.at(folder.getParent(), hadoop).delete(file);
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
