// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.checkpoint;

import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import io.stoker.failure.Check;

/**
 * A model file as a checkpoint's manifest describes it. The vectors in it are big-endian fp32, so
 * that a range of one is read with one seek.
 *
 * @param name its name next to the manifest: {@value #FILE}
 * @param bytes its length
 * @param sha256 the SHA-256 of its bytes
 * @param parameters the length of the parameter vector, and of the updater state
 * @param parametersOffset where in the file the first parameter is
 * @param updaterStateOffset where the first value of the updater state is; 0 if it is not in the
 *     file
 * @param outerMomentumOffset where the first value of the outer momentum is; 0 if it is not in the
 *     file
 */
@JsonPropertyOrder({
  "name",
  "bytes",
  "sha256",
  "parameters",
  "parameters_offset",
  "updater_state_offset",
  "outer_momentum_offset"
})
public record ModelBlob(
    String name,
    long bytes,
    String sha256,
    long parameters,
    long parametersOffset,
    long updaterStateOffset,
    long outerMomentumOffset) {
  /** The only name that there is. */
  public static final String FILE = "model.zip";

  public ModelBlob {
    Check.undamaged(FILE.equals(name), "Invalid model file: %s (must be %s)", name, FILE);
    Check.undamaged(
        sha256 != null && sha256.matches("[0-9a-f]{64}"), "Invalid SHA-256: %s", sha256);
    Check.undamaged(
        bytes > 0
            && parameters > 0
            && parametersOffset > 0
            && parametersOffset < bytes
            && updaterStateOffset >= 0
            && updaterStateOffset < bytes
            && outerMomentumOffset >= 0
            && outerMomentumOffset < bytes,
        "Invalid model file: %d bytes, %d parameters at %d, updater state at %d, outer momentum at"
            + " %d",
        bytes,
        parameters,
        parametersOffset,
        updaterStateOffset,
        outerMomentumOffset);
  }
}
