// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.augment;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * One operation of a policy, always of the same strength: what the policy is measured by.
 *
 * @param operation which
 * @param strengths of the policy
 */
record SingleOperation(PolicyOperation operation, PolicyMagnitudes strengths)
    implements Augmentation.Policy {
  private static final int BIN = 20;

  /** All operations of a policy. */
  static List<Augmentation> of(PolicyMagnitudes strengths) {
    return Arrays.stream(PolicyOperation.values())
        .<Augmentation>map(operation -> new SingleOperation(operation, strengths))
        .toList();
  }

  @Override
  public void apply(PolicyCanvas canvas, byte[] pixels, long key) {
    operation.apply(canvas, pixels, strengths.at(operation, BIN, canvas.shape()));
  }

  @Override
  public String label() {
    return operation.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
