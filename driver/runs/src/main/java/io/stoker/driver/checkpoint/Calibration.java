// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.checkpoint;

import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import io.stoker.data.storage.OwnFolder;
import io.stoker.data.storage.Storage;
import io.stoker.failure.Check;
import io.stoker.failure.DamagedException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How the probabilities of a model were calibrated: the contents of {@code model.calibration.json}
 * next to {@code model.zip}, see docs/checkpoint-format.md. The file is written whole and names the
 * parameters that it is of; the model file and its manifest stay as they are.
 *
 * @param formatVersion {@value ManifestFormat#FORMAT_VERSION}
 * @param temperature by which logits are divided before softmax
 * @param parametersSha256 the parameters that it is of
 * @param dataManifestSha256 the data that it was fitted on; empty for a model that was imported
 * @param split the split that it was fitted on; empty for a model that was imported
 * @param examples how many examples the split has
 * @param tta the test-time views that it was fitted with
 * @param logLossBefore the split's log loss at temperature 1
 * @param logLossAfter the split's log loss at this temperature
 * @param calibrationErrorBefore the split's expected calibration error at temperature 1
 * @param calibrationErrorAfter the split's expected calibration error at this temperature
 */
@JsonPropertyOrder({
  "format_version",
  "temperature",
  "parameters_sha256",
  "data_manifest_sha256",
  "split",
  "examples",
  "tta",
  "log_loss_before",
  "log_loss_after",
  "calibration_error_before",
  "calibration_error_after"
})
public record Calibration(
    int formatVersion,
    double temperature,
    String parametersSha256,
    String dataManifestSha256,
    String split,
    long examples,
    String tta,
    double logLossBefore,
    double logLossAfter,
    double calibrationErrorBefore,
    double calibrationErrorAfter) {
  private static final Logger LOG = LoggerFactory.getLogger(Calibration.class);

  public Calibration {
    Check.undamaged(
        formatVersion == ManifestFormat.FORMAT_VERSION,
        "Invalid format version: %d (this Stoker reads version %d)",
        formatVersion,
        ManifestFormat.FORMAT_VERSION);
    Check.undamaged(
        Double.isFinite(temperature) && temperature > 0,
        "Invalid temperature: %s (must be > 0)",
        temperature);
    Check.undamaged(
        parametersSha256 != null && dataManifestSha256 != null && split != null && tta != null,
        "A field is missing");
  }

  /** That of a model that was imported with a temperature. */
  public static Calibration imported(double temperature, String parametersSha256) {
    return new Calibration(
        ManifestFormat.FORMAT_VERSION,
        temperature,
        parametersSha256,
        "",
        "",
        0,
        "none",
        0,
        0,
        0,
        0);
  }

  /** Whether it was fitted here, and its losses are known. */
  public boolean hasFit() {
    return !split.isEmpty();
  }

  /** What it changed, in words. */
  public String text() {
    return hasFit()
        ? String.format(
            Locale.ROOT,
            "temperature %.4f, fitted on %s: log loss %.4f, was %.4f; calibration error %.2f %%,"
                + " was %.2f %%",
            temperature,
            split,
            logLossAfter,
            logLossBefore,
            100 * calibrationErrorAfter,
            100 * calibrationErrorBefore)
        : String.format(
            Locale.ROOT, "temperature %.4f, from the file that was imported", temperature);
  }

  /** Where the calibration of a model file is. */
  public static Path file(Path model) {
    return new Path(
        model.getParent(), model.getName().replaceFirst("\\.zip$", "") + ".calibration.json");
  }

  /**
   * Writes it next to a model file, in place of an earlier one.
   *
   * @param model the model file
   */
  public void write(Path model, Configuration hadoop) {
    try {
      ManifestFormat.write(file(model), this, hadoop);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot write " + file(model), e);
    }
  }

  /**
   * Writes a calibration next to a model file, in place of an earlier one; where there is none,
   * deletes an earlier one.
   *
   * @param model the model file
   * @throws io.stoker.failure.InputException if the earlier one is a symbolic link
   */
  public static void replace(Path model, Optional<Calibration> calibration, Configuration hadoop) {
    if (calibration.isPresent()) {
      calibration.get().write(model, hadoop);
      return;
    }
    try {
      Check.input(
          delete(model, OwnFolder.at(model.getParent(), hadoop)),
          "Cannot delete %s: it is a symbolic link",
          file(model));
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot delete " + file(model), e);
    }
  }

  /**
   * Reads the calibration of a model file. One that is damaged, or of other parameters, is skipped
   * with a warning.
   *
   * @param model the model file
   * @param parameters the SHA-256 of each of the model's vectors of parameters
   */
  static Optional<Calibration> read(Path model, Set<String> parameters, Configuration hadoop)
      throws IOException {
    Path file = file(model);
    try {
      Calibration calibration = ManifestFormat.read(file, Calibration.class, hadoop);
      Check.undamaged(
          parameters.contains(calibration.parametersSha256),
          "%s is of other parameters than those of %s",
          file,
          model);
      return Optional.of(calibration);
    } catch (FileNotFoundException e) {
      return Optional.empty();
    } catch (DamagedException e) {
      LOG.warn(
          "Predicting without a temperature: {} (stoker calibrate fits it again)", e.getMessage());
      return Optional.empty();
    }
  }

  /** Deletes the calibration of a model file, if there is one; see {@link OwnFolder#delete}. */
  static boolean delete(Path model, OwnFolder own) throws IOException {
    return own.delete(file(model)) && own.delete(Storage.replacement(file(model)));
  }
}
