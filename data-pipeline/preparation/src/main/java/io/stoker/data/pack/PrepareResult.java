// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.pack;

import io.stoker.data.shard.ShardManifest;
import java.time.Duration;

/**
 * What {@link PrepareJob} made.
 *
 * @param manifest of the shards
 * @param manifestHash the SHA-256 of the manifest file
 * @param duration of the whole job
 */
public record PrepareResult(ShardManifest manifest, String manifestHash, Duration duration) {
  /** How many samples there are in all splits. */
  public long samples() {
    return manifest.samples();
  }
}
