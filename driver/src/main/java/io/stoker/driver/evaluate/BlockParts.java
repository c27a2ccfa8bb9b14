package io.stoker.driver.evaluate;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/** Shares out the blocks of a split: neighbouring ones, so that a task reads few shards. */
public final class BlockParts {
  /** Blocks {@code [from, to)} of a split. */
  public record Part(int from, int to) implements Serializable {}

  private BlockParts() {}

  /**
   * As many parts as there are slots, or blocks.
   *
   * @param blocks how many blocks there are
   * @param slots how many tasks run at a time
   */
  public static List<Part> of(int blocks, int slots) {
    int count = Math.max(1, Math.min(blocks, slots));
    List<Part> parts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      parts.add(
          new Part((int) ((long) blocks * i / count), (int) ((long) blocks * (i + 1) / count)));
    }
    return List.copyOf(parts);
  }
}
