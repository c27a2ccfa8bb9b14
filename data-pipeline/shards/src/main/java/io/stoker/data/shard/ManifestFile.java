// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.shard;

import com.fasterxml.jackson.databind.InjectableValues;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.stoker.base.Sha256;
import io.stoker.base.json.StrictJson;
import io.stoker.data.storage.SmallFile;
import io.stoker.data.storage.Storage;
import io.stoker.failure.Check;
import io.stoker.failure.DamagedException;
import io.stoker.failure.InputException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads and writes {@code manifest.json}, and next to it a file with its SHA-256, as {@code
 * sha256sum} prints it.
 */
public final class ManifestFile {
  /** The file that holds the manifest's SHA-256. */
  public static final String CHECKSUM = "manifest.sha256";

  /** Bounds what is read into memory; a manifest takes about 100 bytes for each MB of shards. */
  private static final int MAXIMUM_BYTES = 256 << 20;

  private static final Logger LOG = LoggerFactory.getLogger(ManifestFile.class);

  private static final JsonMapper JSON =
      StrictJson.mapper()
          .enable(SerializationFeature.INDENT_OUTPUT)
          .injectableValues(
              new InjectableValues.Std()
                  .addValue(ShardManifest.NO_TABLES, List.of())
                  .addValue(ShardManifest.NOT_EXACT, false))
          .build();

  private ManifestFile() {}

  /**
   * A manifest and the SHA-256 of its file.
   *
   * @param manifest what the file says
   * @param sha256 of the file's bytes, in lower-case hexadecimal digits: the identity of the data
   *     set, because the manifest holds the hash of every shard
   */
  public record Stored(ShardManifest manifest, String sha256) {}

  /**
   * Reads the manifest of a folder of shards.
   *
   * @param folder where the shards are
   * @param hadoop how to reach its filesystem
   * @throws InputException if there is no manifest
   * @throws DamagedException if it is not a valid one
   * @throws UncheckedIOException if it cannot be read
   */
  public static Stored read(Path folder, Configuration hadoop) {
    return parse(bytes(folder, hadoop), folder, hadoop);
  }

  static byte[] bytes(Path folder, Configuration hadoop) {
    Path file = new Path(folder, ShardManifest.FILE);
    try {
      return SmallFile.read(file, MAXIMUM_BYTES, hadoop);
    } catch (FileNotFoundException e) {
      throw new InputException(
          Storage.missing("manifest", file, hadoop) + " (" + whatIsThere(folder, hadoop) + ")", e);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read manifest " + file, e);
    }
  }

  static Stored parse(byte[] bytes, Path folder, Configuration hadoop) {
    Path file = new Path(folder, ShardManifest.FILE);
    try {
      String sha256 = Sha256.hex(bytes);
      verify(Storage.of(folder, hadoop), file, sha256);
      String place = "manifest " + file;
      StrictJson.requireKnownVersion(
          JSON, bytes, "formatVersion", ShardManifest.FORMAT_VERSION, place);
      return new Stored(StrictJson.read(JSON, bytes, ShardManifest.class, place), sha256);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read manifest " + file, e);
    }
  }

  private static String whatIsThere(Path folder, Configuration hadoop) {
    try {
      if (Storage.of(folder, hadoop).exists(new Path(folder, "run.json"))) {
        return "it is the folder of a run: --data takes one that 'stoker prepare' made";
      }
    } catch (IOException e) { // The missing manifest is what the user is told of.
      LOG.debug("Cannot look at {}", folder, e);
    }
    return "not a folder that 'stoker prepare' made";
  }

  /**
   * Writes the manifest of a folder of shards, its checksum first. It is written last of all: a
   * folder with a manifest is complete.
   *
   * @throws IOException if it cannot be written
   */
  public static Stored write(ShardManifest manifest, Path folder, Configuration hadoop)
      throws IOException {
    byte[] bytes = JSON.writeValueAsBytes(manifest);
    String sha256 = Sha256.hex(bytes);
    Storage.replace(new Path(folder, CHECKSUM), checksumLine(sha256), hadoop);
    Storage.replace(new Path(folder, ShardManifest.FILE), bytes, hadoop);
    return new Stored(manifest, sha256);
  }

  private static byte[] checksumLine(String sha256) {
    return (sha256 + "  " + ShardManifest.FILE + "\n").getBytes(StandardCharsets.UTF_8);
  }

  /** The checksum may be missing: a user who edits a manifest by hand deletes it. */
  private static void verify(FileSystem fileSystem, Path file, String sha256) throws IOException {
    Path checksum = new Path(file.getParent(), CHECKSUM);
    byte[] expected = checksumLine(sha256);
    try (FSDataInputStream in = fileSystem.open(checksum)) {
      byte[] found = in.readNBytes(expected.length + 1);
      Check.undamaged(
          Arrays.equals(found, expected),
          "Cannot read manifest %s: its SHA-256 is %s, %s says another (prepare the data again)",
          file,
          sha256,
          CHECKSUM);
    } catch (FileNotFoundException e) {
      LOG.debug("{} is not there", checksum);
    }
  }

  /**
   * Writes records into a file, a JSON object a line.
   *
   * @throws IOException if it cannot be written
   */
  public static void writeLines(List<? extends Record> records, Path file, Configuration hadoop)
      throws IOException {
    ObjectWriter line = JSON.writer().without(SerializationFeature.INDENT_OUTPUT);
    try (FSDataOutputStream out = Storage.of(file, hadoop).create(file, true)) {
      for (Record each : records) {
        out.write(line.writeValueAsBytes(each));
        out.write('\n');
      }
    }
  }
}
