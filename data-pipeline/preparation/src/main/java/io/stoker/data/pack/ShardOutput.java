// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.pack;

import io.stoker.data.shard.DuplicateInput;
import io.stoker.data.shard.ManifestFile;
import io.stoker.data.shard.ShardFile;
import io.stoker.data.shard.ShardManifest;
import io.stoker.data.shard.ShardSplit;
import io.stoker.data.storage.OutputFolder;
import io.stoker.data.storage.Storage;
import io.stoker.data.storage.WriteProbe;
import io.stoker.failure.Check;
import io.stoker.failure.DamagedException;
import io.stoker.failure.InputException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.ParentNotDirectoryException;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The folder that shards are written to. It deletes only what Stoker wrote: files that a manifest
 * names, or the note of a job that was killed.
 */
final class ShardOutput {
  /** Names the shards of a job while it runs, so that what is left of it can be told. */
  static final String UNFINISHED = "_unfinished";

  /** The rejected inputs again, a JSON object a line, for tools that read lines. */
  static final String REJECTED = "rejected.jsonl";

  /** The samples that are copies of others, a JSON object a line. */
  static final String DUPLICATES = "duplicates.jsonl";

  /** The files next to shards and manifest. */
  private static final List<String> COMPANIONS =
      List.of(
          REJECTED,
          DUPLICATES,
          InputRecord.FILE,
          ManifestFile.CHECKSUM,
          unfinished(ManifestFile.CHECKSUM),
          unfinished(ShardManifest.FILE),
          unfinished(UNFINISHED));

  private static final Pattern SHARD =
      Pattern.compile("[a-z0-9_]+-[0-9]{5,}-of-[0-9]{5,}\\.parquet");

  private static final Logger LOG = LoggerFactory.getLogger(ShardOutput.class);

  private static final int MAXIMUM_NOTE_BYTES = 64 << 20;

  private final Path path;
  private final Configuration hadoop;
  private final FileSystem fileSystem;

  ShardOutput(Path path, Configuration hadoop) throws IOException {
    this.path = path;
    this.hadoop = hadoop;
    this.fileSystem = Storage.of(path, hadoop);
  }

  /**
   * Checks that shards may and can be written here.
   *
   * @throws InputException if there is something that must not be replaced
   * @throws io.stoker.failure.ResourceException if nothing can be written
   */
  void check(PrepareOptions.ExistingOutput existing) throws IOException {
    checkContents(existing);
    OutputFolder.check("--output", path.toString(), hadoop);
  }

  /** What is below a file is not there; that it cannot be is found when it is tried. */
  private boolean exists() throws IOException {
    try {
      return fileSystem.exists(path);
    } catch (ParentNotDirectoryException e) {
      return false;
    }
  }

  /**
   * Checks that nothing is here that must not be replaced.
   *
   * @throws InputException if there is
   */
  void checkContents(PrepareOptions.ExistingOutput existing) throws IOException {
    if (!exists()) {
      return;
    }
    Check.input(fileSystem.getFileStatus(path).isDirectory(), "Invalid output: %s is a file", path);
    List<String> present =
        WriteProbe.entries(path, fileSystem).stream()
            .map(status -> status.getPath().getName())
            .toList();
    if (present.isEmpty()) {
      return;
    }
    boolean overwrite = existing == PrepareOptions.ExistingOutput.OVERWRITE;
    Check.input(
        overwrite || !present.contains(UNFINISHED),
        "Output %s has what is left of a preparation that was stopped (--overwrite replaces it)",
        path);
    Check.input(
        overwrite,
        "Output %s is not empty (choose another folder, or --overwrite if Stoker wrote it)",
        path);
    List<String> own = ownFiles();
    List<String> foreign = present.stream().filter(name -> !own.contains(name)).toList();
    Check.input(
        foreign.isEmpty(),
        "Output %s holds files that Stoker did not write: %s (choose another folder)",
        path,
        foreign.subList(0, Math.min(5, foreign.size())));
  }

  /**
   * Notes the shards that are about to be written, and then deletes those of an earlier job: what
   * is here stays known as Stoker's.
   *
   * @throws IOException if storage fails; shards of an earlier job are still whole where the note
   *     could not be written
   */
  void begin(List<String> shards) throws IOException {
    fileSystem.mkdirs(path);
    List<String> own = ownFiles();
    List<String> noted = new ArrayList<>(own);
    noted.addAll(shards);
    noted.addAll(COMPANIONS);
    try {
      Storage.replace(
          new Path(path, UNFINISHED),
          String.join("\n", noted).getBytes(StandardCharsets.UTF_8),
          hadoop);
    } catch (IOException e) {
      deleteIfEmpty();
      throw e;
    }
    delete(new Path(path, ShardManifest.FILE));
    for (String name : own) {
      if (!name.equals(UNFINISHED)) {
        delete(new Path(path, name));
      }
    }
  }

  /** The name of a file while it is written. */
  private static String unfinished(String name) {
    return Storage.replacement(new Path("/" + name)).getName();
  }

  /** Checks that every shard is there, writes the manifest, and with it ends the job. */
  ManifestFile.Stored finish(
      ShardManifest manifest, List<DuplicateInput> duplicates, Optional<InputRecord> record)
      throws IOException {
    for (ShardSplit split : manifest.splits().values()) {
      for (ShardFile shard : split.shards()) {
        Path file = new Path(path, shard.file());
        long bytes = fileSystem.getFileStatus(file).getLen();
        Check.undamaged(
            bytes == shard.bytes(),
            "Shard %s has %d bytes after %d were written",
            file,
            bytes,
            shard.bytes());
      }
    }
    writeList(REJECTED, manifest.rejected());
    writeList(DUPLICATES, duplicates);
    if (record.isPresent()) {
      record.get().write(path, hadoop);
    }
    ManifestFile.Stored stored = ManifestFile.write(manifest, path, hadoop);
    delete(new Path(path, UNFINISHED));
    return stored;
  }

  private void writeList(String name, List<? extends Record> records) throws IOException {
    if (!records.isEmpty()) {
      ManifestFile.writeLines(records, new Path(path, name), hadoop);
    }
  }

  /**
   * Deletes the shards of a job that failed, what it was about to replace, and the folder if
   * nothing is left in it.
   */
  void abandon(List<String> shards) throws IOException {
    delete(new Path(path, ShardManifest.FILE));
    for (String name : ownFiles()) {
      if (!name.equals(UNFINISHED)) {
        delete(new Path(path, name));
      }
    }
    for (String name : COMPANIONS) {
      delete(new Path(path, name));
    }
    for (String shard : shards) {
      delete(new Path(path, shard));
    }
    delete(new Path(path, UNFINISHED));
    deleteIfEmpty();
  }

  private void deleteIfEmpty() throws IOException {
    if (fileSystem.exists(path) && fileSystem.listStatus(path).length == 0) {
      delete(path);
    }
  }

  /** The files here that Stoker wrote, by its manifest or its note. */
  private List<String> ownFiles() throws IOException {
    List<String> own = new ArrayList<>();
    if (fileSystem.exists(new Path(path, ShardManifest.FILE))) {
      try {
        own.add(ShardManifest.FILE);
        own.addAll(COMPANIONS);
        ManifestFile.read(path, hadoop).manifest().splits().values().stream()
            .flatMap(split -> split.shards().stream())
            .map(ShardFile::file)
            .forEach(own::add);
      } catch (DamagedException e) {
        if (fileSystem.exists(new Path(path, UNFINISHED))) {
          LOG.debug("Its job was stopped, and its note names the shards", e);
        } else {
          throw new InputException(
              "Output " + path + " cannot be overwritten: " + e.getMessage(), e);
        }
      }
    }
    Path note = new Path(path, UNFINISHED);
    if (fileSystem.exists(note)) {
      own.add(UNFINISHED);
      readNote(note).lines().filter(ShardOutput::isOwn).forEach(own::add);
    }
    return own;
  }

  private static boolean isOwn(String name) {
    return SHARD.matcher(name).matches() || COMPANIONS.contains(name);
  }

  private String readNote(Path note) throws IOException {
    try (FSDataInputStream in = fileSystem.open(note)) {
      return new String(in.readNBytes(MAXIMUM_NOTE_BYTES), StandardCharsets.UTF_8);
    }
  }

  private void delete(Path file) throws IOException {
    // Not recursive: a folder goes only if it is empty.
    fileSystem.delete(file, false);
  }
}
