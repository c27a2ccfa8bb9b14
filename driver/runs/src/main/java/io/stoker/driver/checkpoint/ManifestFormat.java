// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.checkpoint;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.stoker.base.json.StrictJson;
import io.stoker.data.storage.SmallFile;
import io.stoker.data.storage.Storage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** The JSON files of a run folder: small, and written whole. */
public final class ManifestFormat {
  /** Those of large jobs take some kilobytes. */
  private static final int MAXIMUM_BYTES = 16 << 20;

  /** The version of run folders that this release writes and reads. */
  public static final int FORMAT_VERSION = 1;

  /** The field that has the version, where a file has one. */
  static final String VERSION = "format_version";

  public static final JsonMapper JSON =
      StrictJson.mapper()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .enable(SerializationFeature.INDENT_OUTPUT)
          .build();

  private static final JsonMapper OLDER =
      StrictJson.mapper()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .disable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
          .disable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .build();

  private ManifestFormat() {}

  /**
   * Reads a file of a run folder.
   *
   * @throws io.stoker.failure.DamagedException if it is there and not valid
   * @throws java.io.FileNotFoundException if there is none
   * @throws IOException if it cannot be read
   */
  public static <T> T read(Path file, Class<T> type, Configuration hadoop) throws IOException {
    byte[] bytes = SmallFile.read(file, MAXIMUM_BYTES, hadoop);
    StrictJson.requireKnownVersion(JSON, bytes, VERSION, FORMAT_VERSION, file.toString());
    return StrictJson.read(JSON, bytes, type, file.toString());
  }

  /**
   * Reads likewise a file to which a later release has added numbers.
   *
   * @param added the names of their fields, with the values that absent ones have
   */
  public static <T> T readOlder(
      Path file, Class<T> type, Map<String, ? extends Number> added, Configuration hadoop)
      throws IOException {
    byte[] bytes = SmallFile.read(file, MAXIMUM_BYTES, hadoop);
    StrictJson.requireKnownVersion(JSON, bytes, VERSION, FORMAT_VERSION, file.toString());
    return StrictJson.readOlder(JSON, bytes, type, added, file.toString());
  }

  /** Reads likewise a file of which an earlier release may have left out fields. */
  public static <T> T readOlder(Path file, Class<T> type, Configuration hadoop) throws IOException {
    byte[] bytes = SmallFile.read(file, MAXIMUM_BYTES, hadoop);
    StrictJson.requireKnownVersion(JSON, bytes, VERSION, FORMAT_VERSION, file.toString());
    return StrictJson.readOlder(OLDER, bytes, type, file.toString());
  }

  /** Writes a file whole, in place of an earlier one. */
  public static void write(Path file, Object content, Configuration hadoop) throws IOException {
    Storage.replace(file, bytes(content), hadoop);
  }

  /** A file's content. */
  public static byte[] bytes(Object content) throws IOException {
    return (JSON.writeValueAsString(content) + "\n").getBytes(StandardCharsets.UTF_8);
  }
}
