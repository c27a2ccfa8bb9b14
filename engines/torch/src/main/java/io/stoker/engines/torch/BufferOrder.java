// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

/**
 * The order of copies to one buffer and of the computation that reads it. On the processor each
 * call has ended when it returns, so there is nothing to order.
 */
interface BufferOrder {
  /** The order on the processor. */
  BufferOrder IN_PLACE =
      new BufferOrder() {
        @Override
        public void awaitCopied() {}

        @Override
        public void copy(Runnable copies) {
          copies.run();
        }

        @Override
        public void computed() {}
      };

  /** Waits until the last copies have read the host's memory, so that it may be overwritten. */
  void awaitCopied();

  /**
   * Queues copies from the host's memory. They begin when the computation before the last {@link
   * #computed} has ended, and may run while later computation does; what is computed after this
   * call begins when they have ended.
   */
  void copy(Runnable copies);

  /** Notes that all computation that reads the copies is queued. */
  void computed();
}
