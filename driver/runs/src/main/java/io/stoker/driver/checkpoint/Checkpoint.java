// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.checkpoint;

import org.apache.hadoop.fs.Path;

/**
 * A complete checkpoint.
 *
 * @param folder where it is
 * @param manifest what it is
 */
public record Checkpoint(Path folder, CheckpointManifest manifest) {
  /** The source of its parameters and updater state. */
  StoredVectors vectors() {
    return new StoredVectors(
        new Path(folder, ModelBlob.FILE).toString(),
        manifest.file().parametersOffset(),
        manifest.file().updaterStateOffset(),
        manifest.file().outerMomentumOffset(),
        manifest.emaOffset());
  }
}
