// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.memory;

import java.util.ArrayList;
import java.util.List;

/**
 * The memory of transient values of all compiled forms of a network: for training and for
 * inference, for the full batch and for smaller ones. They never run at the same time, and leave
 * nothing in it between two passes. The network owns it.
 */
public final class Arena implements AutoCloseable {
  private final List<TransientMemory> users = new ArrayList<>();
  private AlignedMemory memory = AlignedMemory.of(1);

  /** Places a plan's values, in memory that is enlarged if need be. */
  void place(TransientMemory user) {
    if (!users.contains(user)) {
      users.add(user);
    }
    if (user.values() > memory.values().capacity()) {
      memory.close();
      memory = AlignedMemory.of(user.values());
      users.forEach(each -> each.moveTo(memory.values()));
    } else {
      user.moveTo(memory.values());
    }
  }

  /** Forgets a plan that is no longer used. */
  void remove(TransientMemory user) {
    users.remove(user);
  }

  @Override
  public void close() {
    memory.close();
  }
}
