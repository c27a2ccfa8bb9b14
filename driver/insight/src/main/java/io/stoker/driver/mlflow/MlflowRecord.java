// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.mlflow;

import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.stoker.base.json.StrictJson;
import io.stoker.data.storage.SmallFile;
import io.stoker.data.storage.Storage;
import io.stoker.failure.DamagedException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which MLflow run a run folder is logged to: its file {@code mlflow.json}.
 *
 * @param formatVersion 1
 * @param trackingUri the server
 * @param experimentId the experiment
 * @param runId the run
 */
record MlflowRecord(int formatVersion, String trackingUri, String experimentId, String runId) {
  static final String FILE = "mlflow.json";

  private static final Logger LOG = LoggerFactory.getLogger(MlflowRecord.class);
  private static final int FORMAT_VERSION = 1;
  private static final int MAXIMUM_BYTES = 1 << 16;
  private static final Pattern ID = Pattern.compile("[A-Za-z0-9_-]{1,128}");

  private static final JsonMapper JSON =
      StrictJson.mapper().propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE).build();

  /** Whether it may be the id of a run. */
  static boolean isId(String text) {
    return ID.matcher(text).matches();
  }

  /**
   * Reads the record of a run folder.
   *
   * @return empty if there is none, or it is of another server or damaged
   */
  static Optional<MlflowRecord> read(Path folder, String server, Configuration hadoop) {
    Path file = new Path(folder, FILE);
    try {
      byte[] content = SmallFile.read(file, MAXIMUM_BYTES, hadoop);
      StrictJson.requireKnownVersion(
          JSON, content, "format_version", FORMAT_VERSION, file.toString());
      MlflowRecord record = StrictJson.read(JSON, content, MlflowRecord.class, file.toString());
      return Optional.of(record)
          .filter(found -> found.trackingUri.equals(server) && isId(found.runId));
    } catch (FileNotFoundException e) {
      return Optional.empty();
    } catch (DamagedException e) {
      LOG.warn("{}; MLflow gets another run", e.getMessage());
      return Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read " + file, e);
    }
  }

  /** Writes the record of a run folder. */
  static void write(
      Path folder, String server, String experimentId, String runId, Configuration hadoop) {
    Path file = new Path(folder, FILE);
    try {
      byte[] content =
          JSON.writeValueAsBytes(new MlflowRecord(FORMAT_VERSION, server, experimentId, runId));
      Storage.replace(file, content, hadoop);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot write " + file, e);
    }
  }
}
