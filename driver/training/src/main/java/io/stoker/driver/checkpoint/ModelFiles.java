// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.checkpoint;

import io.stoker.base.Sha256;
import io.stoker.data.shard.ShardManifest;
import io.stoker.data.storage.Storage;
import io.stoker.failure.Check;
import io.stoker.failure.DamagedException;
import io.stoker.failure.InputException;
import io.stoker.models.file.ModelFile;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** Finds the model file that {@code --checkpoint} names, and verifies it. */
public final class ModelFiles {
  private ModelFiles() {}

  /**
   * Opens the newest valid checkpoints of a run.
   *
   * @param run a run folder
   * @param count how many
   * @param hadoop how to reach it
   * @return oldest first; damaged ones are skipped with a warning
   * @throws InputException if it is no run folder, or has fewer valid checkpoints
   */
  public static List<StoredModel> newest(String run, int count, Configuration hadoop) {
    List<StoredModel> models =
        new CheckpointStore(runFolder(run, hadoop), hadoop).newestValid(count);
    Check.input(
        models.size() == count,
        "Run folder %s has %d valid checkpoints, too few for a mean of %d",
        run,
        models.size(),
        count);
    return models;
  }

  /**
   * Opens all valid checkpoints of a run.
   *
   * @param run a run folder
   * @param hadoop how to reach it
   * @return oldest first; damaged ones are skipped with a warning
   * @throws InputException if it is no run folder, or has no valid checkpoint
   */
  public static List<StoredModel> all(String run, Configuration hadoop) {
    List<StoredModel> models =
        new CheckpointStore(runFolder(run, hadoop), hadoop).newestValid(Integer.MAX_VALUE);
    Check.input(!models.isEmpty(), "Run folder %s has no valid checkpoint", run);
    return models;
  }

  /**
   * The best validation of a run.
   *
   * @param uri a location of a checkpoint
   * @return empty if it is no run folder, or there is none
   */
  public static Optional<BestValidation> bestValidation(String uri, Configuration hadoop) {
    return RunFolder.at(Locations.absolute(uri, hadoop), hadoop).bestValidation();
  }

  /** The folder of a run, which may not have a checkpoint yet. */
  static Path runFolder(String run, Configuration hadoop) {
    Path path = Locations.absolute(run, hadoop);
    try {
      FileSystem fileSystem = Storage.of(path, hadoop);
      Check.input(
          fileSystem.exists(new Path(path, CheckpointStore.FOLDER))
              || fileSystem.exists(new Path(path, RunFolder.FILE)),
          "Not a run folder: %s (it has neither %s nor a folder %s)",
          run,
          RunFolder.FILE,
          CheckpointStore.FOLDER);
      return path;
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read " + run, e);
    }
  }

  /**
   * Opens a checkpoint.
   *
   * @param uri a checkpoint folder, a model file, or a run folder, of which the checkpoint of the
   *     best validation is meant, else the newest valid one
   * @param hadoop how to reach it
   * @throws InputException if it is none of them
   * @throws DamagedException if it is not as it was written
   */
  public static StoredModel open(String uri, Configuration hadoop) {
    Path path = Locations.absolute(uri, hadoop);
    try {
      FileSystem fileSystem = Storage.of(path, hadoop);
      if (!fileSystem.exists(path)) {
        throw new InputException("Cannot find checkpoint " + uri);
      }
      if (fileSystem.getFileStatus(path).isFile()) {
        return openFile(path, hadoop);
      }
      if (fileSystem.exists(new Path(path, CheckpointStore.FOLDER))) {
        CheckpointStore checkpoints = new CheckpointStore(path, hadoop);
        return checkpoints
            .best()
            .or(checkpoints::newestValid)
            .orElseThrow(
                () -> new InputException("Run folder %s has no valid checkpoint".formatted(uri)));
      }
      if (fileSystem.exists(new Path(path, ModelBlob.FILE))) {
        return CheckpointStore.open(path, hadoop);
      }
      Check.input(
          !fileSystem.exists(new Path(path, ShardManifest.FILE)),
          "Not a checkpoint: %s (there is a manifest.json and no model.zip; is it a data set?)",
          uri);
      throw new InputException(
          "Not a checkpoint: %s (neither a folder with model.zip and manifest.json, nor a run folder)"
              .formatted(uri));
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read checkpoint " + uri, e);
    }
  }

  /** A model file in a checkpoint folder is compared with its manifest. */
  private static StoredModel openFile(Path file, Configuration hadoop) throws IOException {
    Path manifest = new Path(file.getParent(), CheckpointManifest.FILE);
    boolean inCheckpoint =
        file.getName().equals(ModelBlob.FILE) && Storage.of(file, hadoop).exists(manifest);
    return inCheckpoint
        ? CheckpointStore.open(file.getParent(), hadoop)
        : verify(file, Optional.empty(), hadoop);
  }

  static StoredModel verify(Path file, Optional<Checkpoint> checkpoint, Configuration hadoop) {
    try {
      FileSystem fileSystem = Storage.of(file, hadoop);
      if (checkpoint.isPresent()) {
        compare(file, checkpoint.get().manifest().file(), fileSystem);
      }
      ModelFile model = ModelFile.verify(file.toString(), () -> fileSystem.open(file));
      return new StoredModel(file, model, checkpoint);
    } catch (FileNotFoundException e) {
      throw new DamagedException("Cannot read %s: it is missing".formatted(file), e);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read " + file, e);
    }
  }

  private static void compare(Path file, ModelBlob expected, FileSystem fileSystem)
      throws IOException {
    long bytes = fileSystem.getFileStatus(file).getLen();
    Check.undamaged(
        bytes == expected.bytes(),
        "Cannot read %s: it has %d bytes, the manifest says %d",
        file,
        bytes,
        expected.bytes());
    try (InputStream in = fileSystem.open(file)) {
      String sha256 = Sha256.hex(in);
      Check.undamaged(
          sha256.equals(expected.sha256()),
          "Cannot read %s: SHA-256 is %s, the manifest says %s",
          file,
          sha256,
          expected.sha256());
    }
  }
}
