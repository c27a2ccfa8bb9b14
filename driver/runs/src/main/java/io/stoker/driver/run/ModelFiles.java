// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.run;

import io.stoker.data.shard.ShardManifest;
import io.stoker.data.storage.Storage;
import io.stoker.driver.checkpoint.CheckpointFinding;
import io.stoker.driver.checkpoint.CheckpointManifest;
import io.stoker.driver.checkpoint.CheckpointStore;
import io.stoker.driver.checkpoint.Locations;
import io.stoker.driver.checkpoint.ModelBlob;
import io.stoker.driver.checkpoint.ParameterChoice;
import io.stoker.driver.checkpoint.StoredModel;
import io.stoker.failure.Check;
import io.stoker.failure.DamagedException;
import io.stoker.failure.InputException;
import io.stoker.failure.StokerException;
import java.io.IOException;
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
   * @param choice which of their parameters are meant
   * @param hadoop how to reach it
   * @return oldest first; damaged ones are skipped with a warning
   * @throws InputException if it is no run folder, or has fewer valid checkpoints
   * @throws DamagedException if all its checkpoints are damaged
   */
  public static List<StoredModel> newest(
      String run, int count, ParameterChoice choice, Configuration hadoop) {
    List<StoredModel> models = newestValid(run, count, hadoop);
    Check.input(
        models.size() == count,
        "Run folder %s has %d valid checkpoints, too few for a mean of %d",
        run,
        models.size(),
        count);
    return models.stream().map(model -> model.with(choice)).toList();
  }

  /**
   * Opens all valid checkpoints of a run.
   *
   * @param run a run folder
   * @param choice which of their parameters are meant
   * @param hadoop how to reach it
   * @return oldest first; damaged ones are skipped with a warning
   * @throws InputException if it is no run folder, or has no checkpoint
   * @throws DamagedException if all its checkpoints are damaged
   */
  public static List<StoredModel> all(String run, ParameterChoice choice, Configuration hadoop) {
    return newestValid(run, Integer.MAX_VALUE, hadoop).stream()
        .map(model -> model.with(choice))
        .toList();
  }

  private static List<StoredModel> newestValid(String run, int count, Configuration hadoop) {
    CheckpointStore checkpoints = new CheckpointStore(runFolder(run, hadoop), hadoop);
    List<StoredModel> models = checkpoints.newestValid(count);
    if (models.isEmpty()) {
      throw noneValid(run, checkpoints);
    }
    return models;
  }

  private static StokerException noneValid(String run, CheckpointStore checkpoints) {
    String message = "Run folder %s has no valid checkpoint".formatted(run);
    return checkpoints.hasComplete()
        ? new DamagedException(message + " (the warnings above say why)")
        : new InputException(message);
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

  /**
   * Verifies all checkpoints of a run, oldest first.
   *
   * @param run a run folder
   * @param hadoop how to reach it
   * @throws InputException if it is none
   */
  public static List<CheckpointFinding> verify(String run, Configuration hadoop) {
    return new CheckpointStore(runFolder(run, hadoop), hadoop).verify();
  }

  /** The folder of a run, which may not have a checkpoint yet. */
  private static Path runFolder(String run, Configuration hadoop) {
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

  /** Opens a checkpoint with the moving average of its parameters, where it has one. */
  public static StoredModel open(String uri, Configuration hadoop) {
    return open(uri, ParameterChoice.BEST, hadoop);
  }

  /**
   * Opens a checkpoint.
   *
   * @param uri a checkpoint folder, a model file, or a run folder, of which the checkpoint of the
   *     best validation is meant, else the newest valid one
   * @param choice which of its parameters are meant
   * @param hadoop how to reach it
   * @throws InputException if it is none of them, or has no such parameters
   * @throws DamagedException if it is not as it was written
   */
  public static StoredModel open(String uri, ParameterChoice choice, Configuration hadoop) {
    return verified(uri, hadoop).with(choice);
  }

  private static StoredModel verified(String uri, Configuration hadoop) {
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
        return RunFolder.at(path, hadoop)
            .bestValidation()
            .flatMap(best -> checkpoints.validAt(best.validation().round()))
            .or(checkpoints::newestValid)
            .orElseThrow(() -> noneValid(uri, checkpoints));
      }
      if (fileSystem.exists(new Path(path, ModelBlob.FILE))
          || CheckpointStore.isCheckpoint(path, hadoop)) {
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
        : StoredModel.verify(file, Optional.empty(), hadoop);
  }
}
