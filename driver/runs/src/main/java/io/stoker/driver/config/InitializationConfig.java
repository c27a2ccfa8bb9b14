// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.config;

import io.stoker.failure.Check;

/**
 * What a job begins with.
 *
 * @param checkpoint a checkpoint whose parameters the job begins with; empty for fresh ones
 * @param freeze the last layer that does not learn, as {@code stoker models} prints it, or its
 *     number; nor do those before it. Empty if all learn
 * @param normalization whose mean and deviation images are normalised by
 */
public record InitializationConfig(
    String checkpoint, String freeze, NormalizationSource normalization) {
  public InitializationConfig {
    Check.input(
        freeze.isBlank() || !checkpoint.isBlank(),
        "Cannot freeze layer %s: without --init CHECKPOINT it has learnt nothing",
        freeze);
    Check.input(
        normalization == NormalizationSource.DATA || !checkpoint.isBlank(),
        "Cannot normalise as the initial model does: there is none without --init CHECKPOINT");
  }
}
