// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.score;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.base.json.StrictJson;
import io.stoker.data.storage.SmallFile;
import io.stoker.data.storage.Storage;
import io.stoker.failure.DamagedException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * The file that says which files of a folder are predictions of ours. Parquet readers pass over it,
 * because its name begins with an underscore.
 *
 * @param files the files' names and their lengths in bytes
 */
record PredictionMarker(Map<String, Long> files) {
  static final String FILE = "_stoker_predictions.json";

  private static final String FORMAT = "stoker-predictions";
  private static final int VERSION = 1;

  /** Far more than the names of all files of a folder take. */
  private static final int MAXIMUM_BYTES = 64 << 20;

  /** The length of no file. */
  private static final long UNKNOWN = -1;

  private static final JsonMapper READER = StrictJson.mapper().build();

  PredictionMarker {
    files = Collections.unmodifiableMap(new TreeMap<>(files));
  }

  /**
   * Reads the marker of a folder.
   *
   * @return the marker; none if there is no such file, or if it is not one that we wrote
   */
  static Optional<PredictionMarker> read(Path folder, Configuration hadoop) throws IOException {
    Path file = new Path(folder, FILE);
    JsonNode json;
    try {
      byte[] bytes = SmallFile.read(file, MAXIMUM_BYTES, hadoop);
      json = StrictJson.read(READER, bytes, JsonNode.class, file.toString());
    } catch (FileNotFoundException | DamagedException e) {
      return Optional.empty();
    }
    if (!json.path("format").asText().equals(FORMAT)
        || json.path("format_version").asInt() != VERSION
        || !json.path("files").isObject()) {
      return Optional.empty();
    }
    Map<String, Long> files = new TreeMap<>();
    json.get("files")
        .properties()
        .forEach(each -> files.put(each.getKey(), each.getValue().asLong(UNKNOWN)));
    return Optional.of(new PredictionMarker(files));
  }

  /** Writes the marker into a folder, in place of an earlier one. */
  void write(Path folder, Configuration hadoop) throws IOException {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("format", FORMAT).put("format_version", VERSION);
    ObjectNode lengths = json.putObject("files");
    files.forEach(lengths::put);
    Storage.replace(
        new Path(folder, FILE), json.toPrettyString().getBytes(StandardCharsets.UTF_8), hadoop);
  }
}
