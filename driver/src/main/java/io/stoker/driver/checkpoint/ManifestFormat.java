package io.stoker.driver.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.stoker.data.storage.Storage;
import io.stoker.failure.Check;
import io.stoker.failure.DamagedException;
import io.stoker.failure.StokerException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** The JSON files of a run folder: small, and written whole. */
final class ManifestFormat {
  /** Beyond this it is no file of ours; it bounds what is taken into memory. */
  private static final int MAXIMUM_BYTES = 16 << 20;

  static final JsonMapper JSON =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .enable(SerializationFeature.INDENT_OUTPUT)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .build();

  private ManifestFormat() {}

  /**
   * Reads a file of ours.
   *
   * @throws DamagedException if it is not valid
   * @throws java.io.FileNotFoundException if there is none
   * @throws IOException if it cannot be read
   */
  static <T> T read(Path file, Class<T> type, Configuration hadoop) throws IOException {
    FileSystem fileSystem = Storage.of(file, hadoop);
    long length = fileSystem.getFileStatus(file).getLen();
    Check.undamaged(
        length > 0 && length <= MAXIMUM_BYTES,
        "Cannot read %s: its length is %d bytes",
        file,
        length);
    byte[] bytes = new byte[(int) length];
    try (FSDataInputStream in = fileSystem.open(file)) {
      in.readFully(bytes);
    }
    try {
      return JSON.readValue(bytes, type);
    } catch (JsonProcessingException e) {
      String reason =
          e.getCause() instanceof StokerException stoker
              ? stoker.getMessage()
              : e.getOriginalMessage();
      throw new DamagedException("Cannot read %s: %s".formatted(file, reason), e);
    }
  }

  /** Writes a file of ours whole, in place of an earlier one. */
  static void write(Path file, Object content, Configuration hadoop) throws IOException {
    Storage.replace(file, bytes(content), hadoop);
  }

  /** A file's content. */
  static byte[] bytes(Object content) throws IOException {
    return (JSON.writeValueAsString(content) + "\n").getBytes(StandardCharsets.UTF_8);
  }
}
