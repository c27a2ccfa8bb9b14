// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import io.stoker.driver.averaging.WorkerMessage.Sender;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** The speculative copies of tasks that have begun while the other task ran. */
final class TaskCopies {
  /**
   * A copy of a task that runs, which waits for its first round.
   *
   * @param isAlone whether the other task has ended: if it has finished its work, Spark is about to
   *     end the copy, too
   */
  record Copy(long ticket, Sender sender, boolean isAlone) {}

  private final List<Copy> copies;

  TaskCopies(List<Copy> copies) {
    this.copies = new ArrayList<>(copies);
  }

  /** A copy: changes of one do not change the other. */
  TaskCopies copy() {
    return new TaskCopies(copies);
  }

  /** All of them, in the order in which they began. */
  List<Copy> all() {
    return List.copyOf(copies);
  }

  Stream<Sender> senders() {
    return copies.stream().map(Copy::sender);
  }

  void add(long ticket, Sender sender) {
    copies.add(new Copy(ticket, sender, false));
  }

  void remove(Copy copy) {
    copies.remove(copy);
  }

  /** The other task of a copy's worker has ended. */
  void leaveAlone(Copy copy) {
    copies.set(copies.indexOf(copy), new Copy(copy.ticket(), copy.sender(), true));
  }

  /** Removes some. */
  List<Copy> removeIf(Predicate<Copy> which) {
    List<Copy> removed = copies.stream().filter(which).toList();
    copies.removeAll(removed);
    return removed;
  }
}
