// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import org.bytedeco.pytorch.cuda.CUDAEvent;
import org.bytedeco.pytorch.cuda.CUDAStream;
import org.bytedeco.pytorch.global.torch_cuda;

/**
 * A card's stream of copies: they run while the calling thread's stream computes. Events keep the
 * two in order.
 */
final class CopyStream {
  private final Place place;
  private final byte card;
  private final CUDAStream copies;

  CopyStream(Place place, int card) {
    this.place = place;
    this.card = (byte) card;
    copies = place.own(torch_cuda.getStreamFromPool(false, this.card));
  }

  /** The order of another buffer. */
  BufferOrder order() {
    return new Order(place.own(new CUDAEvent()), place.own(new CUDAEvent()));
  }

  /** Another mark in the stream that computes. */
  Mark mark() {
    CUDAEvent event = place.own(new CUDAEvent());
    return new Mark() {
      @Override
      public void set() {
        event.record();
      }

      @Override
      public void await() {
        event.synchronize();
      }
    };
  }

  /** The order by events. An event that was never recorded holds back nothing. */
  private final class Order implements BufferOrder {
    /** Recorded after copies. */
    private final CUDAEvent copied;

    /** Recorded after computation. */
    private final CUDAEvent computed;

    Order(CUDAEvent copied, CUDAEvent computed) {
      this.copied = copied;
      this.computed = computed;
    }

    @Override
    public void awaitCopied() {
      copied.synchronize();
    }

    @Override
    public void copy(Runnable queue) {
      CUDAStream computing = torch_cuda.getCurrentCUDAStream(card);
      computed.block(copies);
      torch_cuda.setCurrentCUDAStream(copies);
      try {
        queue.run();
      } finally {
        torch_cuda.setCurrentCUDAStream(computing);
      }
      copied.record(copies);
      copied.block(computing);
    }

    @Override
    public void computed() {
      computed.record();
    }
  }
}
