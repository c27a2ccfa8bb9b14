// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.run;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.base.Sha256;
import io.stoker.data.shard.ShardManifest;
import io.stoker.data.storage.OwnFolder;
import io.stoker.data.storage.Storage;
import io.stoker.data.storage.WriteProbe;
import io.stoker.driver.checkpoint.CheckpointStore;
import io.stoker.driver.checkpoint.ManifestFormat;
import io.stoker.driver.checkpoint.StoredModel;
import io.stoker.driver.config.ConfigFormat;
import io.stoker.driver.config.JobIdentity;
import io.stoker.driver.metrics.ValidationMetrics;
import io.stoker.failure.Check;
import io.stoker.failure.DamagedException;
import io.stoker.failure.InputException;
import io.stoker.failure.ResourceException;
import io.stoker.models.engine.ComputeEnvironment;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A run folder and its {@code run.json}: the config with everything resolved, the model's
 * definition, the data's identity and the versions that ran.
 */
public final class RunFolder {
  /** The record's file name. */
  public static final String FILE = "run.json";

  /** The file name of the copy of the initial model. */
  public static final String INITIAL_MODEL = "initial-model.zip";

  private static final Logger LOG = LoggerFactory.getLogger(RunFolder.class);
  private static final int FORMAT_VERSION = ManifestFormat.FORMAT_VERSION;

  private final Path path;
  private final Configuration hadoop;
  private final CheckpointStore checkpoints;
  private Optional<RunLock> lock = Optional.empty();

  private RunFolder(Path path, Configuration hadoop) {
    this.path = path;
    this.hadoop = hadoop;
    this.checkpoints = new CheckpointStore(path, hadoop);
  }

  /**
   * The run folder at a place, whether there is one yet or not.
   *
   * @param path absolute
   * @param hadoop how to reach it
   */
  public static RunFolder at(Path path, Configuration hadoop) {
    return new RunFolder(path, hadoop);
  }

  /** Where it is. */
  public Path path() {
    return path;
  }

  /**
   * Keeps other drivers off it until the lock is closed.
   *
   * @throws InputException if another driver has it
   * @throws ResourceException if it cannot be written
   */
  public RunLock lock() {
    lock = Optional.of(RunLock.acquire(path, hadoop));
    return lock.get();
  }

  /**
   * Makes sure that no other driver has taken the lock.
   *
   * @throws ResourceException if one has
   */
  public void requireLocked() {
    lock.ifPresent(RunLock::requireOurs);
  }

  /**
   * Makes sure that no other driver can have taken the lock. It is quick, and can be called before
   * each write.
   *
   * @throws ResourceException if one has
   */
  public void requireHeld() {
    lock.ifPresent(RunLock::requireHeld);
  }

  /**
   * Makes sure that no process of this machine trains in it: what it writes now may be unfinished.
   *
   * @throws InputException if one does
   */
  public void refuseInUseHere() {
    try {
      RunLock.refuseInUseHere(path, hadoop);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read the lock of run folder " + path, e);
    }
  }

  /** Whether a driver trains in it, as far as this machine can tell. */
  public RunLock.State lockState() {
    try {
      return RunLock.look(path, hadoop);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read the lock of run folder " + path, e);
    }
  }

  /** Its checkpoints. */
  public CheckpointStore checkpoints() {
    return checkpoints;
  }

  /** How its checkpoints did on data that is not trained on. */
  public ValidationStore validations() {
    return new ValidationStore(path, hadoop);
  }

  /**
   * The best of its validations that can be read: the most accurate one, with a warning, if the
   * record cannot be read. Empty if there is none.
   */
  public Optional<BestValidation> bestValidation() {
    List<ValidationMetrics> validations = validations().read();
    if (validations.isEmpty()) {
      return Optional.empty();
    }
    try {
      return BestValidation.of(validations, recorded().job().config());
    } catch (DamagedException | InputException e) {
      LOG.warn("Choosing the best checkpoint by accuracy: {}", e.getMessage());
      return BestValidation.mostAccurate(validations);
    }
  }

  /**
   * Makes sure that nothing of a run, and no data set, is here yet.
   *
   * @throws InputException if something is
   */
  public void refuseExisting() {
    try {
      FileSystem fileSystem = Storage.of(path, hadoop);
      Check.input(
          !fileSystem.exists(path) || fileSystem.getFileStatus(path).isDirectory(),
          "Invalid run folder: %s is a file",
          path);
      RunLock.refuseInUseHere(path, hadoop);
      for (String name : List.of(FILE, CheckpointStore.FOLDER, INITIAL_MODEL)) {
        Check.input(
            !fileSystem.exists(new Path(path, name)),
            "Run folder %s holds a run already: say --resume to go on with it, or another --run",
            path);
      }
      Check.input(
          !fileSystem.exists(new Path(path, ShardManifest.FILE)),
          "Invalid run folder: %s holds a data set (--data takes that; --run takes a new folder)",
          path);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot reach run folder " + path, e);
    }
  }

  /**
   * The job of the run that is here.
   *
   * @throws InputException if there is none
   * @throws DamagedException if its record is damaged
   */
  public JobIdentity job() {
    return resumable().job();
  }

  /**
   * The record of the run that is here, to resume it.
   *
   * @throws InputException if there is none
   * @throws DamagedException if its record is damaged
   */
  public RunRecord resumable() {
    try {
      return readRecord();
    } catch (FileNotFoundException e) {
      requireNoCheckpoints(e);
      throw new InputException(
          "Cannot resume: %s holds no run; leave out --resume to begin one".formatted(path), e);
    }
  }

  private void requireNoCheckpoints(FileNotFoundException noRecord) {
    if (Storage.isThere(new Path(path, CheckpointStore.FOLDER), hadoop)) {
      throw new DamagedException(
          "Cannot resume run %s: its %s is gone; put it back, or begin another run with --init %s"
              .formatted(path, FILE, path),
          noRecord);
    }
  }

  /**
   * What is recorded of the run that is here.
   *
   * @throws InputException if there is none
   * @throws DamagedException if its record is damaged
   */
  public RunRecord recorded() {
    try {
      return readRecord();
    } catch (FileNotFoundException e) {
      throw new InputException("Not a run folder: %s (it has no %s)".formatted(path, FILE), e);
    }
  }

  /** {@code run.json}; later releases may add fields. */
  @JsonIgnoreProperties(ignoreUnknown = true)
  @SuppressWarnings("UnusedMethod") // Jackson calls the constructor.
  private record RunFile(
      int formatVersion,
      ObjectNode config,
      String modelDefinition,
      String dataManifestSha256,
      int rounds,
      Map<String, String> versions,
      String initialModelSha256,
      SortedMap<String, String> environment) {
    private RunFile {
      Check.undamaged(
          formatVersion == FORMAT_VERSION,
          "its format_version is %s; this Stoker reads %s",
          formatVersion,
          FORMAT_VERSION);
      Check.undamaged(config != null, "the field config is missing");
      Check.undamaged(modelDefinition != null, "the field model_definition is missing");
      Check.undamaged(dataManifestSha256 != null, "the field data_manifest_sha256 is missing");
      Check.undamaged(rounds >= 0, "Invalid number of rounds: %s", rounds);
      versions = versions == null ? Map.of() : versions;
      initialModelSha256 = initialModelSha256 == null ? "" : initialModelSha256;
      environment = environment == null ? Collections.emptySortedMap() : environment;
    }
  }

  private RunRecord readRecord() throws FileNotFoundException {
    Path file = recordFile();
    try {
      RunFile run = ManifestFormat.readOlder(file, RunFile.class, hadoop);
      return new RunRecord(
          new JobIdentity(
              ConfigFormat.fromJson(run.config(), file.toString()),
              run.modelDefinition(),
              run.dataManifestSha256(),
              run.initialModelSha256()),
          run.rounds(),
          run.versions(),
          new ComputeEnvironment(run.environment()));
    } catch (FileNotFoundException e) {
      throw e;
    } catch (InputException e) {
      throw new DamagedException(
          "Cannot read %s: %s (damaged, or written by another release)"
              .formatted(file, e.getMessage()),
          e);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read " + file, e);
    }
  }

  /**
   * Makes sure that the run here is the same job.
   *
   * @param job the job that is to go on
   * @param recorded the job of the run that is here
   * @return the job, with the locations of model and initial model as they are recorded: what is
   *     there counts, and not where it is
   * @throws InputException if it is another job; it names every difference
   */
  public JobIdentity requireSameJob(JobIdentity job, JobIdentity recorded) {
    JobIdentity same = job.withLocationsOf(recorded);
    List<String> differences = same.differences(recorded);
    Check.input(
        differences.isEmpty(),
        "Cannot resume run %s with another configuration: %s",
        path,
        String.join("; ", differences));
    return same;
  }

  /**
   * Writes {@code run.json}, and with it makes the folder.
   *
   * @param run what runs
   * @throws ResourceException if the folder cannot be written
   */
  public void record(RunRecord run) {
    JobIdentity job = run.job();
    ObjectNode record = ManifestFormat.JSON.createObjectNode();
    record.put("format_version", FORMAT_VERSION);
    record.set("config", ConfigFormat.toJson(job.config()));
    record.put("config_sha256", job.sha256());
    record.put("model_definition", job.model());
    record.put("data_manifest_sha256", job.dataSha256());
    record.put("rounds", run.rounds());
    record.set("versions", ManifestFormat.JSON.valueToTree(run.versions()));
    if (!job.initialSha256().isBlank()) {
      record.put("initial_model_sha256", job.initialSha256());
    }
    if (run.environment().isRecorded()) {
      record.set("environment", ManifestFormat.JSON.valueToTree(run.environment().values()));
    }
    try {
      Storage.of(path, hadoop).mkdirs(path);
      ManifestFormat.write(new Path(path, FILE), record, hadoop);
    } catch (IOException e) {
      throw new ResourceException(
          "Cannot write run folder %s: %s".formatted(path, WriteProbe.reason(e)), e);
    }
  }

  /** Where the copy of the initial model is, of a run that has one. */
  public Path initialModelFile() {
    return new Path(path, INITIAL_MODEL);
  }

  /**
   * Copies the initial model into the run folder. The run reads the values of layers that do not
   * learn again and again, and a resume without a valid checkpoint begins with all of them, while
   * the original may be replaced, or deleted by the run that it is a checkpoint of.
   *
   * @param original the initial model
   * @param sha256 the SHA-256 that it had when the job was planned; blank if an earlier release
   *     planned it
   * @throws InputException if the file was replaced since
   * @throws ResourceException if it cannot be written
   */
  public void copyInitialModel(StoredModel original, String sha256) {
    Path copy = initialModelFile();
    MessageDigest digest = Sha256.digest();
    try (InputStream in = Storage.of(original.path(), hadoop).open(original.path());
        OutputStream out = Storage.of(copy, hadoop).create(copy, true)) {
      new DigestInputStream(in, digest).transferTo(out);
    } catch (IOException e) {
      throw new ResourceException(
          "Cannot copy the initial model to %s: %s".formatted(copy, Storage.reason(e)), e);
    }
    String copied = Sha256.hex(digest);
    Check.input(
        sha256.isBlank() || sha256.equals(copied),
        "Cannot begin with %s: its SHA-256 was %s, and is %s now: it was replaced (begin again)",
        original.path(),
        sha256,
        copied);
  }

  /**
   * The copy of the initial model.
   *
   * @param sha256 the SHA-256 that it must have
   * @return empty if it is not there, or not as it was copied
   */
  public Optional<StoredModel> initialModel(String sha256) {
    try {
      return Storage.isThere(initialModelFile(), hadoop)
          ? Optional.of(ModelFiles.open(initialModelFile().toString(), hadoop))
              .filter(copy -> copy.sha256(hadoop).equals(sha256))
          : Optional.empty();
    } catch (DamagedException | InputException e) {
      LOG.warn("Skipping the copy of the initial model: {}", e.getMessage());
      return Optional.empty();
    }
  }

  /** Where the record is. */
  public Path recordFile() {
    return new Path(path, FILE);
  }

  /**
   * Deletes the record, and the copy of the initial model, of a run that could not begin, so that
   * the folder is as if it had never been tried; what cannot be deleted stays.
   */
  public void forget() {
    try {
      OwnFolder own = OwnFolder.at(path, hadoop);
      own.delete(initialModelFile());
      own.delete(recordFile());
    } catch (IOException e) {
      LOG.warn("Cannot delete {}: {}", recordFile(), e.getMessage());
    }
  }
}
