// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.checkpoint;

import java.util.Optional;
import org.apache.hadoop.fs.Path;

/**
 * The result of reading a checkpoint folder from end to end.
 *
 * @param folder the folder
 * @param state what it is
 * @param model the model, where it is valid
 * @param reason why it is not valid, in one line; empty where it is
 */
public record CheckpointFinding(
    Path folder, State state, Optional<StoredModel> model, String reason) {
  /** The states of a checkpoint folder. */
  public enum State {
    /** As it was written. */
    VALID,
    /** Without a manifest: it is being written, or its writer was killed. */
    UNFINISHED,
    /** With a manifest that says something else than what is there. */
    DAMAGED
  }
}
