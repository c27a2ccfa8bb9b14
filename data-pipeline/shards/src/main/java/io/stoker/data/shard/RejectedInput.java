// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.shard;

import io.stoker.failure.Check;
import java.io.Serializable;

/**
 * An input that is not in the shards.
 *
 * @param path where it is, relative to the input
 * @param reason why it was set aside
 */
public record RejectedInput(String path, String reason) implements Serializable {
  public RejectedInput {
    Check.undamaged(path != null && reason != null, "A rejected input without path or reason");
  }
}
