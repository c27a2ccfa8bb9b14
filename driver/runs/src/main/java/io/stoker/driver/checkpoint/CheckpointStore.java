// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.checkpoint;

import io.stoker.data.storage.OwnFolder;
import io.stoker.data.storage.Storage;
import io.stoker.driver.averaging.SharedParameters;
import io.stoker.driver.config.JobIdentity;
import io.stoker.failure.Check;
import io.stoker.failure.DamagedException;
import io.stoker.failure.InputException;
import io.stoker.failure.NewerVersionException;
import io.stoker.failure.StokerException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
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
 * manifest.json}. A folder with a manifest is complete. Nothing is renamed, because object stores
 * cannot, and nothing is deleted but a checkpoint's own two files, see {@link OwnFolder}.
 */
public final class CheckpointStore {
  /** The folder's name in the run folder. */
  public static final String FOLDER = "checkpoints";

  private static final Logger LOG = LoggerFactory.getLogger(CheckpointStore.class);

  private static final Pattern NAME = Pattern.compile("[0-9]{6,10}");

  private final Path folder;
  private final Configuration hadoop;

  /** Symbolic links that a warning has named. */
  private final Set<Path> namedLinks = new HashSet<>();

  /**
   * @param run the run folder
   * @param hadoop how to reach it
   */
  public CheckpointStore(Path run, Configuration hadoop) {
    this.folder = new Path(run, FOLDER);
    this.hadoop = hadoop;
  }

  /**
   * Begins to write a checkpoint of the current parameters, from an executor.
   *
   * @param parameters what is written
   * @param job what it belongs to
   * @param guard is called before it is complete, and throws an exception if this process must not
   *     write any more
   */
  public CheckpointInProgress begin(
      SharedParameters parameters, CheckpointJob job, Runnable guard) {
    Path target = folder(job.clock().round());
    SharedParameters.Snapshot snapshot = parameters.snapshot();
    return CheckpointInProgress.begin(target, snapshot, () -> write(target, snapshot, job, guard));
  }

  private Checkpoint write(
      Path target, SharedParameters.Snapshot snapshot, CheckpointJob job, Runnable guard) {
    Path file = new Path(target, ModelBlob.FILE);
    try {
      requireReplaceable(target);
      delete(target); // what a killed writer left, or a damaged checkpoint of the same round
      Storage.of(target, hadoop).mkdirs(target);
      CheckpointWriting.Written written =
          snapshot.onOneExecutor(
              String.format(Locale.ROOT, "checkpoint after round %d", job.clock().round()),
              job.writing(file));
      requireWhole(file, written.bytes());
      CheckpointManifest manifest = job.manifest(written);
      guard.run();
      ManifestFormat.write(new Path(target, CheckpointManifest.FILE), manifest, hadoop);
      return new Checkpoint(target, manifest);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot write checkpoint " + target, e);
    }
  }

  private void requireReplaceable(Path target) throws IOException {
    Optional<Path> link = linkTo(target);
    Check.input(
        link.isEmpty() || isEmpty(target),
        "Cannot write checkpoint %s: there are files already, reached through the symbolic link %s;"
            + " remove the link",
        target,
        link.orElse(target));
  }

  /** The link in the run folder through which one of a checkpoint's files is reached. */
  private Optional<Path> linkTo(Path checkpoint) throws IOException {
    OwnFolder own = OwnFolder.at(folder.getParent(), hadoop);
    Optional<Path> link = own.linkTo(new Path(checkpoint, ModelBlob.FILE));
    return link.isPresent() ? link : own.linkTo(new Path(checkpoint, CheckpointManifest.FILE));
  }

  /** A second attempt of the task may have overwritten the file and failed in the middle. */
  private void requireWhole(Path file, long bytes) throws IOException {
    long present = Storage.of(file, hadoop).getFileStatus(file).getLen();
    if (present != bytes) {
      throw new IOException(
          String.format(
              Locale.ROOT, "%s has %d bytes, not the %d that were written", file, present, bytes));
    }
  }

  /** The folder of a round's checkpoint, whether there is one or not. */
  public Path folder(long round) {
    return new Path(folder, String.format(Locale.ROOT, "%06d", round));
  }

  /** The checkpoint of a round; none if there is none that is valid. */
  public Optional<StoredModel> validAt(long round) {
    return openValid(folder(round));
  }

  private Optional<StoredModel> openValid(Path candidate) {
    try {
      return openReplaceable(candidate);
    } catch (NewerVersionException e) {
      LOG.warn("Skipping checkpoint {}: {}", candidate, e.getMessage());
      return Optional.empty();
    }
  }

  private Optional<StoredModel> openReplaceable(Path candidate) {
    try {
      return Optional.of(open(candidate, hadoop));
    } catch (NewerVersionException e) {
      throw e;
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

  /**
   * The newest checkpoint of a job that is as it was written. Others, and those of other jobs, are
   * skipped with a warning that names them.
   *
   * @param job the job that it must be of
   * @throws NewerVersionException if a newer Stoker wrote one of those that would be skipped: a run
   *     that went on from an older one would write over it
   */
  public Optional<StoredModel> newestValid(JobIdentity job) {
    return foldersNewestFirst().stream()
        .map(this::openReplaceable)
        .flatMap(Optional::stream)
        .filter(stored -> belongsTo(job, stored.checkpoint().orElseThrow()))
        .findFirst();
  }

  private static boolean belongsTo(JobIdentity job, Checkpoint checkpoint) {
    CheckpointManifest manifest = checkpoint.manifest();
    boolean belongs =
        manifest.configSha256().equals(job.sha256())
            && manifest.dataManifestSha256().equals(job.dataSha256())
            && manifest.seed() == job.config().seed()
            && manifest.clock().round() == round(checkpoint.folder());
    if (!belongs) {
      LOG.warn("Skipping checkpoint {}: it belongs to another job or place", checkpoint.folder());
    }
    return belongs;
  }

  /**
   * Deletes what killed writers have left: model files without a manifest in their folder. Anything
   * else in their folders stays.
   */
  public void deleteUnfinished() {
    try {
      for (Path candidate : foldersNewestFirst()) {
        if (!hasManifest(candidate) && !isEmpty(candidate)) {
          LOG.warn("Deleting checkpoint {}: its writer did not finish", candidate);
          delete(candidate);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot delete unfinished checkpoints in " + folder, e);
    }
  }

  /**
   * The newest checkpoints that are as they were written; others are skipped with a warning.
   *
   * @param count how many at most
   * @return oldest first
   */
  public List<StoredModel> newestValid(int count) {
    Deque<StoredModel> models = new ArrayDeque<>();
    for (Path candidate : foldersNewestFirst()) {
      if (models.size() == count) {
        break;
      }
      openValid(candidate).ifPresent(models::addFirst);
    }
    return List.copyOf(models);
  }

  /** Whether there is a checkpoint that its writer has finished, valid or not. */
  public boolean hasComplete() {
    try {
      for (Path candidate : foldersNewestFirst()) {
        if (hasManifest(candidate)) {
          return true;
        }
      }
      return false;
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read checkpoints of " + folder.getParent(), e);
    }
  }

  /** Verifies all checkpoints of the run, oldest first. */
  public List<CheckpointFinding> verify() {
    List<CheckpointFinding> findings = new ArrayList<>();
    try {
      for (Path candidate : foldersNewestFirst()) {
        if (!isEmpty(candidate)) {
          findings.add(verify(candidate));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read checkpoints of " + folder.getParent(), e);
    }
    Collections.reverse(findings);
    return List.copyOf(findings);
  }

  private CheckpointFinding verify(Path candidate) throws IOException {
    try {
      StoredModel model = open(candidate, hadoop);
      return new CheckpointFinding(
          candidate, CheckpointFinding.State.VALID, Optional.of(model), "");
    } catch (DamagedException | InputException e) {
      return new CheckpointFinding(
          candidate,
          hasManifest(candidate)
              ? CheckpointFinding.State.DAMAGED
              : CheckpointFinding.State.UNFINISHED,
          Optional.empty(),
          e.getMessage());
    }
  }

  /** Some object stores still list the folder of a checkpoint that was deleted. */
  private boolean isEmpty(Path candidate) throws IOException {
    try {
      return Storage.of(candidate, hadoop).listStatus(candidate).length == 0;
    } catch (FileNotFoundException e) {
      return true;
    }
  }

  /** Whether a folder is a checkpoint, valid or not: it has a manifest, and the name or a model. */
  public static boolean isCheckpoint(Path folder, Configuration hadoop) throws IOException {
    FileSystem fileSystem = Storage.of(folder, hadoop);
    return fileSystem.exists(new Path(folder, CheckpointManifest.FILE))
        && (isInPlace(folder) || fileSystem.exists(new Path(folder, ModelBlob.FILE)));
  }

  private static boolean isInPlace(Path checkpoint) {
    return NAME.matcher(checkpoint.getName()).matches()
        && checkpoint.getParent().getName().equals(FOLDER);
  }

  /**
   * Verifies a checkpoint folder.
   *
   * @throws DamagedException if it is unfinished, or not as it was written
   */
  public static StoredModel open(Path checkpoint, Configuration hadoop) {
    Path file = new Path(checkpoint, ModelBlob.FILE);
    CheckpointManifest manifest;
    try {
      manifest =
          ManifestFormat.readOlder(
              new Path(checkpoint, CheckpointManifest.FILE),
              CheckpointManifest.class,
              CheckpointManifest.ADDED,
              hadoop);
    } catch (FileNotFoundException e) {
      throw new DamagedException(
          "Cannot read checkpoint %s: it has no manifest.json, so its writer did not finish"
              .formatted(checkpoint),
          e);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read checkpoint " + checkpoint, e);
    }
    StoredModel model =
        StoredModel.verify(file, Optional.of(new Checkpoint(checkpoint, manifest)), hadoop);
    requireSame(
        checkpoint, "parameters' SHA-256", model.parametersSha256(), manifest.parametersSha256());
    requireSame(checkpoint, "clock", model.metadata().clock(), manifest.clock());
    requireSame(checkpoint, "model", model.metadata().model().name(), manifest.model());
    requireSame(
        checkpoint, "vectors' places", model.vectors(), model.checkpoint().orElseThrow().vectors());
    requireSame(
        checkpoint,
        "number of parameters",
        model.metadata().model().parameterCount(),
        manifest.file().parameters());
    return model;
  }

  private static void requireSame(Path checkpoint, String what, Object found, Object said) {
    Check.undamaged(
        found.equals(said),
        "Cannot read checkpoint %s: its %s is %s, the manifest says %s",
        checkpoint,
        what,
        found,
        said);
  }

  /**
   * Deletes complete checkpoints that are older than some others. Anything else in the folder
   * stays, and so do checkpoints of later rounds: those are damaged ones that a resumed run has
   * skipped and will replace. Checkpoints that are reached through symbolic links are not counted.
   *
   * @param newest the checkpoint that was written last, which remains
   * @param count how many remain with it, itself included
   * @param pinned rounds whose checkpoints remain too
   */
  public void keep(Checkpoint newest, int count, Set<Long> pinned) {
    try {
      List<Path> complete = new ArrayList<>();
      for (Path candidate : foldersNewestFirst()) {
        if (round(candidate) <= round(newest.folder())
            && hasManifest(candidate)
            && !isLinked(candidate)) {
          complete.add(candidate);
        }
      }
      for (Path old : complete.subList(Math.min(count, complete.size()), complete.size())) {
        if (!pinned.contains(round(old))) {
          delete(old);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot delete old checkpoints in " + folder, e);
    }
  }

  private boolean isLinked(Path checkpoint) throws IOException {
    Optional<Path> link = linkTo(checkpoint);
    if (link.isPresent() && namedLinks.add(link.get())) {
      LOG.warn(
          "{} is a symbolic link: checkpoints that are reached through it are not deleted",
          link.get());
    }
    return link.isPresent();
  }

  private static long round(Path checkpoint) {
    return Long.parseLong(checkpoint.getName());
  }

  private boolean hasManifest(Path checkpoint) throws IOException {
    return Storage.of(checkpoint, hadoop).exists(new Path(checkpoint, CheckpointManifest.FILE));
  }

  /** Manifest first: a checkpoint that is half deleted must not look complete. */
  private void delete(Path checkpoint) throws IOException {
    OwnFolder own = OwnFolder.at(folder.getParent(), hadoop);
    Path manifest = new Path(checkpoint, CheckpointManifest.FILE);
    boolean deleted =
        own.delete(manifest)
            && own.delete(Storage.replacement(manifest))
            && Calibration.delete(new Path(checkpoint, ModelBlob.FILE), own)
            && own.delete(new Path(checkpoint, ModelBlob.FILE));
    if (deleted && isEmpty(checkpoint)) {
      own.delete(checkpoint);
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
