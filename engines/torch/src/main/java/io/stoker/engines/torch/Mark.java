// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

/** A point in the work that is queued on a GPU, which the host can wait for. */
interface Mark {
  /** On the processor each call has ended when it returns. */
  Mark IN_PLACE =
      new Mark() {
        @Override
        public void set() {}

        @Override
        public void await() {}
      };

  /** Sets the mark after all work that the calling thread has queued. */
  void set();

  /** Waits for the work before the mark, and not for work that was queued after it. */
  void await();
}
