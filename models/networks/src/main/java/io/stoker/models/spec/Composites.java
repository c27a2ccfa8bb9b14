// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.spec;

import io.stoker.failure.Check;
import java.util.List;

/** What the layers that consist of layers have in common. */
final class Composites {
  /** How deep layers may lie in each other. */
  static final int MAXIMUM_DEPTH = 16;

  private Composites() {}

  /** The name of a layer of layers: it must not look like a number, and fit into a table. */
  static void checkName(String name) {
    Check.input(
        name.matches("|[A-Za-z][A-Za-z0-9_-]{0,39}"),
        "Invalid layer name: '%s' (must begin with a letter, and have at most 40 letters, digits,"
            + " '-' and '_')",
        name);
  }

  /** The parts of a block are known by the block's name, so they have none of their own. */
  static void checkUnnamed(String block, CompositeSpec.Sequence part) {
    Check.input(
        part.name().isEmpty(),
        "Invalid layer name: '%s' (a part of block '%s' has none)",
        part.name(),
        block);
  }

  /** An empty sequence inside of another would be a layer that is none. */
  static void checkInner(List<LayerSpec> layers) {
    for (LayerSpec layer : layers) {
      Check.input(
          !(layer instanceof CompositeSpec.Sequence inner) || !inner.layers().isEmpty(),
          "Invalid %s: it has no layers",
          layer.label());
    }
  }

  static String label(String kind, String name) {
    return name.isEmpty() ? kind : kind + " " + name;
  }
}
