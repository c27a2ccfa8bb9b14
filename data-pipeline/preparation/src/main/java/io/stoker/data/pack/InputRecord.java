// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.pack;

import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.stoker.base.Sha256;
import io.stoker.base.json.StrictJson;
import io.stoker.data.source.ImageTree;
import io.stoker.data.storage.FolderEntry;
import io.stoker.data.storage.SmallFile;
import io.stoker.data.storage.Storage;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * What shards were prepared from, and how. It is kept next to shards that are to be found again.
 *
 * @param formatVersion {@value #FORMAT_VERSION}
 * @param options of {@code prepare} that decide what the shards hold, by name
 * @param filesSha256 the SHA-256 of the names, sizes and modification times of the input's files
 * @param contentSha256 the SHA-256 of the names and contents of the input's files
 */
@JsonPropertyOrder({"formatVersion", "options", "filesSha256", "contentSha256"})
public record InputRecord(
    int formatVersion, Map<String, String> options, String filesSha256, String contentSha256) {
  /** The file, in the folder of the shards. */
  public static final String FILE = "input.json";

  private static final int FORMAT_VERSION = 1;
  private static final int MAXIMUM_BYTES = 1 << 20;
  private static final int DIGITS = 12;
  private static final JsonMapper JSON = StrictJson.mapper().build();

  public InputRecord {
    Check.undamaged(
        options != null && filesSha256 != null && contentSha256 != null,
        "A record of an input without options or hashes");
    options = Map.copyOf(options);
  }

  /**
   * Describes an input, of which it reads each file that is not hidden.
   *
   * @param input a folder or a file
   * @param options of {@code prepare} that decide what the shards hold, by name
   * @throws InputException if there is no input
   */
  public static InputRecord of(Path input, Map<String, String> options, Configuration hadoop) {
    Files files = Files.of(input, hadoop);
    return new InputRecord(FORMAT_VERSION, options, files.statusHash(), files.contentHash());
  }

  /**
   * Reads the record of shards.
   *
   * @param shards their folder
   * @return empty if they have none
   * @throws io.stoker.failure.DamagedException if it is not a valid one
   */
  public static Optional<InputRecord> read(Path shards, Configuration hadoop) {
    Path file = new Path(shards, FILE);
    try {
      byte[] bytes = SmallFile.read(file, MAXIMUM_BYTES, hadoop);
      String place = "record " + file;
      StrictJson.requireKnownVersion(JSON, bytes, "formatVersion", FORMAT_VERSION, place);
      return Optional.of(StrictJson.read(JSON, bytes, InputRecord.class, place));
    } catch (FileNotFoundException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read " + file, e);
    }
  }

  void write(Path shards, Configuration hadoop) throws IOException {
    Storage.replace(new Path(shards, FILE), JSON.writeValueAsBytes(this), hadoop);
  }

  /** A name for content and options: some hexadecimal digits. */
  public String shortName() {
    String all = contentSha256 + new TreeMap<>(options);
    return Sha256.hex(all.getBytes(StandardCharsets.UTF_8)).substring(0, DIGITS);
  }

  /**
   * Makes sure that shards are those of an input. Its files are read if their names, sizes or
   * modification times are not the recorded ones.
   *
   * @param shards which have this record
   * @param input a folder or a file
   * @param wanted options of {@code prepare}
   * @throws InputException if an option or the content differs
   */
  public void require(Path shards, Path input, Map<String, String> wanted, Configuration hadoop) {
    for (Map.Entry<String, String> option : new TreeMap<>(wanted).entrySet()) {
      String recorded = options.getOrDefault(option.getKey(), "");
      Check.input(
          recorded.equals(option.getValue()),
          "The shards in %s were prepared with %s '%s', and not '%s' (choose another --data)",
          shards,
          option.getKey(),
          recorded,
          option.getValue());
    }
    Files files = Files.of(input, hadoop);
    Check.input(
        files.statusHash().equals(filesSha256) || files.contentHash().equals(contentSha256),
        "The shards in %s were prepared from other content than that of %s (choose another --data,"
            + " or leave --input out)",
        shards,
        input);
  }

  /**
   * The files of an input.
   *
   * @param root the input
   * @param paths of its files, in a fixed order
   */
  private record Files(FileSystem fileSystem, Path root, List<Path> paths) {
    static Files of(Path input, Configuration hadoop) {
      try {
        FileSystem fileSystem = Storage.of(input, hadoop);
        FileStatus status = fileSystem.getFileStatus(input);
        List<Path> paths =
            status.isDirectory()
                ? ImageTree.of(fileSystem, input, ImageTree.Links.INSIDE, name -> true)
                    .images()
                    .stream()
                    .map(FolderEntry.File::path)
                    .toList()
                : List.of(status.getPath());
        return new Files(fileSystem, status.getPath(), paths);
      } catch (FileNotFoundException e) {
        throw Storage.notFound("input", input, hadoop);
      } catch (IOException e) {
        throw new UncheckedIOException("Cannot read " + input, e);
      }
    }

    private interface Description {
      String of(Path file) throws IOException;
    }

    String statusHash() {
      return hash(
          file -> {
            FileStatus status = fileSystem.getFileStatus(file);
            return status.getLen() + " " + status.getModificationTime();
          });
    }

    String contentHash() {
      return hash(
          file -> {
            Check.input(!Storage.isSpecial(fileSystem, file), "Invalid input: %s is no file", file);
            try (InputStream in = fileSystem.open(file)) {
              return Sha256.hex(in);
            }
          });
    }

    /** The hash of each file's name and description. Files are described on all cores. */
    private String hash(Description description) {
      String all =
          paths.parallelStream()
              .map(file -> name(file) + '\0' + described(file, description) + '\n')
              .collect(Collectors.joining());
      return Sha256.hex(all.getBytes(StandardCharsets.UTF_8));
    }

    private static String described(Path file, Description description) {
      try {
        return description.of(file);
      } catch (IOException e) {
        throw new UncheckedIOException("Cannot read " + file, e);
      }
    }

    /** A file's path from the root, so that an input is the same where it was moved. */
    private String name(Path file) {
      return file.equals(root) ? file.getName() : root.toUri().relativize(file.toUri()).getPath();
    }
  }
}
