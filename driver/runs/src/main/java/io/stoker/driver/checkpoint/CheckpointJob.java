// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.checkpoint;

import io.stoker.driver.config.JobIdentity;
import io.stoker.driver.slice.SliceSource;
import io.stoker.models.engine.StepSettings;
import io.stoker.models.file.TrainingClock;
import io.stoker.models.spec.ModelSpec;
import org.apache.hadoop.fs.Path;

/**
 * The content of a checkpoint apart from its vectors.
 *
 * @param model the model
 * @param frozen where the parameters are that are in no slice
 * @param data what prediction needs to know of the training data
 * @param settings the settings of the next step
 * @param clock how far the job is
 * @param identity what the job's result depends on
 */
public record CheckpointJob(
    ModelSpec model,
    SliceSource frozen,
    DataDescription data,
    StepSettings settings,
    TrainingClock clock,
    JobIdentity identity) {
  CheckpointWriting writing(Path file) {
    return new CheckpointWriting(file.toString(), model, frozen, data, settings, clock);
  }

  CheckpointManifest manifest(CheckpointWriting.Written written) {
    return new CheckpointManifest(
        CheckpointManifest.FORMAT_VERSION,
        Versions.stoker(),
        model.name(),
        clock,
        identity.config().seed(),
        identity.sha256(),
        identity.dataSha256(),
        new ModelBlob(
            ModelBlob.FILE,
            written.bytes(),
            written.sha256(),
            written.parameters(),
            written.parametersOffset(),
            written.updaterStateOffset(),
            written.outerMomentumOffset()),
        written.parametersSha256(),
        written.emaOffset());
  }
}
