package io.stoker.driver.checkpoint;

import io.stoker.data.storage.Storage;
import io.stoker.driver.averaging.SharedParameters;
import io.stoker.driver.metrics.ValidationMetrics;
import io.stoker.failure.Check;
import io.stoker.failure.DamagedException;
import io.stoker.failure.StokerException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The checkpoints of a run: {@code RUN/checkpoints/000120/} with {@code model.zip}, and then {@code
 * manifest.json}. A folder with a manifest is complete. Nothing is renamed, since object stores
 * cannot, and nothing is deleted but a complete checkpoint's own two files.
 */
public final class CheckpointStore {
  /** The folder's name in the run folder. */
  static final String FOLDER = "checkpoints";

  private static final Logger LOG = LoggerFactory.getLogger(CheckpointStore.class);

  private static final Pattern NAME = Pattern.compile("[0-9]{6,10}");

  private final Path folder;
  private final Configuration hadoop;

  /**
   * @param run the run folder
   * @param hadoop how to reach it
   */
  public CheckpointStore(Path run, Configuration hadoop) {
    this.folder = new Path(run, FOLDER);
    this.hadoop = hadoop;
  }

  /**
   * Writes a checkpoint of the current parameters, from an executor, and has their lineage end
   * there.
   *
   * @param parameters what is written
   * @param job what it belongs to
   */
  public Checkpoint write(SharedParameters parameters, CheckpointJob job) {
    Path target = folder(job.clock().round());
    Path manifestFile = new Path(target, CheckpointManifest.FILE);
    try {
      FileSystem fileSystem = Storage.of(target, hadoop);
      fileSystem.mkdirs(target);
      fileSystem.delete(manifestFile, false); // of a damaged one, whose place this takes
      CheckpointWriting.Written written =
          parameters.onOneExecutor(job.writing(new Path(target, ModelBlob.FILE)));
      CheckpointManifest manifest = job.manifest(written);
      ManifestFormat.write(manifestFile, manifest, hadoop);
      Checkpoint checkpoint = new Checkpoint(target, manifest);
      parameters.reroot(checkpoint.vectors());
      return checkpoint;
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot write checkpoint " + target, e);
    }
  }

  /** The checkpoint of the run's best validation; none if there is none that is valid. */
  Optional<StoredModel> best() {
    return ValidationMetrics.best(new ValidationStore(folder.getParent(), hadoop).read())
        .map(best -> folder(best.round()))
        .flatMap(this::openValid);
  }

  /** Where the checkpoint of a round is, if there is one. */
  public Path folder(long round) {
    return new Path(folder, "%06d".formatted(round));
  }

  private Optional<StoredModel> openValid(Path candidate) {
    try {
      return Optional.of(open(candidate, hadoop));
    } catch (StokerException e) {
      LOG.warn("Skipping checkpoint {}: {}", candidate, e.getMessage());
      return Optional.empty();
    }
  }

  /**
   * The newest checkpoint that is as it was written. Those that are damaged or unfinished are
   * skipped, each with a warning that names it.
   */
  public Optional<StoredModel> newestValid() {
    return newestValid(1).stream().findFirst();
  }

  /** As {@link #newestValid()}, but up to so many, oldest first. */
  List<StoredModel> newestValid(int count) {
    Deque<StoredModel> models = new ArrayDeque<>();
    for (Path candidate : foldersNewestFirst()) {
      if (models.size() == count) {
        break;
      }
      openValid(candidate).ifPresent(models::addFirst);
    }
    return List.copyOf(models);
  }

  /**
   * Verifies a checkpoint folder.
   *
   * @throws DamagedException if it is unfinished, or not as it was written
   */
  static StoredModel open(Path checkpoint, Configuration hadoop) {
    Path file = new Path(checkpoint, ModelBlob.FILE);
    CheckpointManifest manifest;
    try {
      manifest =
          ManifestFormat.read(
              new Path(checkpoint, CheckpointManifest.FILE), CheckpointManifest.class, hadoop);
    } catch (FileNotFoundException e) {
      throw new DamagedException(
          "Cannot read checkpoint %s: it has no manifest.json, so its writer did not finish"
              .formatted(checkpoint),
          e);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read checkpoint " + checkpoint, e);
    }
    StoredModel model =
        ModelFiles.verify(file, Optional.of(new Checkpoint(checkpoint, manifest)), hadoop);
    Check.undamaged(
        model.parametersSha256().equals(manifest.parametersSha256()),
        "Cannot read checkpoint %s: its parameters' SHA-256 is %s, the manifest says %s",
        checkpoint,
        model.parametersSha256(),
        manifest.parametersSha256());
    return model;
  }

  /**
   * Deletes complete checkpoints that are older than some others. Anything else in the folder
   * stays, and so do checkpoints of later rounds: those are damaged ones that a resumed run has
   * skipped and will replace.
   *
   * @param newest the checkpoint that was written last, which remains
   * @param count how many remain with it, itself included
   * @param spared rounds whose checkpoints remain beside those
   */
  public void keep(Checkpoint newest, int count, Set<Long> spared) {
    try {
      List<Path> complete = new ArrayList<>();
      for (Path candidate : foldersNewestFirst()) {
        if (round(candidate) <= round(newest.folder()) && hasManifest(candidate)) {
          complete.add(candidate);
        }
      }
      for (Path old : complete.subList(Math.min(count, complete.size()), complete.size())) {
        if (!spared.contains(round(old))) {
          delete(old);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot delete old checkpoints in " + folder, e);
    }
  }

  private static long round(Path checkpoint) {
    return Long.parseLong(checkpoint.getName());
  }

  private boolean hasManifest(Path checkpoint) throws IOException {
    return Storage.of(checkpoint, hadoop).exists(new Path(checkpoint, CheckpointManifest.FILE));
  }

  /** Manifest first: a checkpoint that is half deleted must not look complete. */
  private void delete(Path checkpoint) throws IOException {
    FileSystem fileSystem = Storage.of(checkpoint, hadoop);
    fileSystem.delete(new Path(checkpoint, CheckpointManifest.FILE), false);
    fileSystem.delete(new Path(checkpoint, ModelBlob.FILE), false);
    if (fileSystem.exists(checkpoint) && fileSystem.listStatus(checkpoint).length == 0) {
      fileSystem.delete(checkpoint, false);
    }
  }

  private List<Path> foldersNewestFirst() {
    try {
      List<Path> folders = new ArrayList<>();
      for (FileStatus status : Storage.of(folder, hadoop).listStatus(folder)) {
        if (status.isDirectory() && NAME.matcher(status.getPath().getName()).matches()) {
          folders.add(status.getPath());
        }
      }
      folders.sort(Comparator.comparingLong(CheckpointStore::round).reversed());
      return folders;
    } catch (FileNotFoundException e) {
      return List.of();
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot list " + folder, e);
    }
  }
}
