// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.checkpoint;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import io.stoker.failure.Check;
import io.stoker.models.file.TrainingClock;
import java.util.Map;

/**
 * The description of a checkpoint: the contents of the {@code manifest.json} next to its model
 * file, see docs/checkpoint-format.md. It is written last, so that a checkpoint with a manifest is
 * a complete one.
 *
 * @param formatVersion {@value #FORMAT_VERSION}
 * @param stokerVersion what wrote it
 * @param model the model's name
 * @param clock how far the job was
 * @param seed the job's root seed
 * @param configSha256 the identity of the job, see {@link
 *     io.stoker.driver.config.JobIdentity#sha256}
 * @param dataManifestSha256 the identity of the training data
 * @param file the model file
 * @param parametersSha256 of the parameters as little-endian fp32 in canonical order
 * @param emaOffset where in the model file the first value of the moving average of the parameters
 *     is; 0, which is not written, if there is no average
 */
@JsonPropertyOrder({
  "format_version",
  "stoker_version",
  "model",
  "clock",
  "seed",
  "config_sha256",
  "data_manifest_sha256",
  "file",
  "parameters_sha256",
  "ema_offset"
})
public record CheckpointManifest(
    int formatVersion,
    String stokerVersion,
    String model,
    TrainingClock clock,
    long seed,
    String configSha256,
    String dataManifestSha256,
    ModelBlob file,
    String parametersSha256,
    @JsonInclude(JsonInclude.Include.NON_DEFAULT) long emaOffset) {
  /** The version of the format that this code writes and reads. */
  public static final int FORMAT_VERSION = ManifestFormat.FORMAT_VERSION;

  /** The fields that a later release has added, with the values that absent ones have. */
  static final Map<String, Long> ADDED = Map.of("ema_offset", 0L);

  /** The manifest's file name. */
  public static final String FILE = "manifest.json";

  public CheckpointManifest {
    Check.undamaged(
        formatVersion == FORMAT_VERSION,
        "Invalid format version: %d (this Stoker reads version %d)",
        formatVersion,
        FORMAT_VERSION);
    Check.undamaged(
        model != null
            && clock != null
            && configSha256 != null
            && dataManifestSha256 != null
            && file != null
            && parametersSha256 != null,
        "A field is missing");
    Check.undamaged(
        emaOffset >= 0 && emaOffset < file.bytes(),
        "Invalid model file: %d bytes, moving average at %d",
        file.bytes(),
        emaOffset);
  }
}
