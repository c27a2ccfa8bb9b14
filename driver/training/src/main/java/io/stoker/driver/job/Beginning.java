// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.job;

import io.stoker.driver.checkpoint.StoredModel;
import io.stoker.driver.config.JobIdentity;
import io.stoker.driver.config.NormalizationSource;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.run.ModelFiles;
import io.stoker.driver.run.RunFolder;
import io.stoker.driver.run.RunRecord;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;

/**
 * What a job begins with, by content: the file that a user names may be another one when the run is
 * resumed, or gone. So the run folder has a copy of the initial model, and its SHA-256 is part of
 * the job's identity.
 *
 * @param resumed the checkpoint that the job goes on from
 * @param values the model from which values are taken that the job does not learn or replaces: the
 *     initial model; of a job that goes on, its own checkpoint, which has the same frozen layers,
 *     mean and deviation. Empty where there are no values to take
 * @param original the initial model, if it is to be copied into the run folder
 */
public record Beginning(
    Optional<StoredModel> resumed, Optional<StoredModel> values, Optional<StoredModel> original) {

  /** That of a job that begins. */
  static Beginning ofNewJob(Optional<StoredModel> initial, RunFolder folder) {
    return new Beginning(
        Optional.empty(),
        initial.map(original -> original.copiedTo(folder.initialModelFile())),
        initial);
  }

  /** That of a job without a run folder: the values are those of the initial model itself. */
  static Beginning ofJobWithoutRun(Optional<StoredModel> initial) {
    return new Beginning(Optional.empty(), initial, Optional.empty());
  }

  /** The initial model that a job names, if any. */
  static Optional<StoredModel> initial(TrainingConfig config, Configuration hadoop) {
    String checkpoint = config.initialization().checkpoint();
    return checkpoint.isBlank()
        ? Optional.empty()
        : Optional.of(ModelFiles.open(checkpoint, hadoop));
  }

  /**
   * The SHA-256 of the initial model of a job that is resumed. The file is not read if it is named
   * as in the run: what the run has recorded counts.
   *
   * @param config what is asked for
   * @param run what is recorded
   */
  static String sha256(TrainingConfig config, RunRecord run, Configuration hadoop) {
    JobIdentity recorded = run.job();
    boolean same =
        config
            .initialization()
            .checkpoint()
            .equals(recorded.config().initialization().checkpoint());
    return same || recorded.initialSha256().isBlank()
        ? recorded.initialSha256()
        : initial(config, hadoop).map(model -> model.sha256(hadoop)).orElse("");
  }

  /**
   * That of a job that goes on.
   *
   * @param job the job, which is the one that is recorded in the run folder
   * @param frozen whether it has layers that do not learn
   */
  static Beginning resumed(
      JobIdentity job, boolean frozen, RunFolder folder, Configuration hadoop) {
    Optional<StoredModel> newest = folder.checkpoints().newestValid(job);
    TrainingConfig config = job.config();
    if (config.initialization().checkpoint().isBlank()) {
      return new Beginning(newest, Optional.empty(), Optional.empty());
    }
    if (newest.isPresent()) {
      boolean taken = frozen || config.initialization().normalization() == NormalizationSource.INIT;
      return new Beginning(newest, newest.filter(own -> taken), Optional.empty());
    }
    Optional<StoredModel> copy = folder.initialModel(job.initialSha256());
    return copy.isPresent()
        ? new Beginning(newest, copy, Optional.empty())
        : ofNewJob(Optional.of(original(job, folder, hadoop)), folder);
  }

  private static StoredModel original(JobIdentity job, RunFolder folder, Configuration hadoop) {
    StoredModel original;
    try {
      original = initial(job.config(), hadoop).orElseThrow();
    } catch (InputException e) {
      throw new InputException(
          "Cannot resume run %s, which has no valid checkpoint, from its initial model: %s"
              .formatted(folder.path(), e.getMessage()),
          e);
    }
    String sha256 = original.sha256(hadoop);
    Check.input(
        job.initialSha256().isBlank() || job.initialSha256().equals(sha256),
        "Cannot resume run %s, which has no valid checkpoint, from its initial model %s: SHA-256 is"
            + " %s, that of the model that it began with was %s (put that one back, or begin"
            + " another run)",
        folder.path(),
        original.path(),
        sha256,
        job.initialSha256());
    return original;
  }
}
