// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.engine;

import java.io.Serializable;
import java.util.Locale;

/**
 * An NVIDIA graphics card. Whether it can be used, the engine says: see {@link Engine#gpus()}.
 *
 * @param name the GPU's name
 * @param computeCapability the version of its architecture, such as 8.9
 */
public record Gpu(String name, double computeCapability) implements Serializable {
  @Override
  public String toString() {
    return String.format(Locale.ROOT, "%s (compute capability %.1f)", name, computeCapability);
  }
}
