// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import org.bytedeco.pytorch.cuda.CUDAEvent;
import org.bytedeco.pytorch.cuda.CUDAStream;
import org.bytedeco.pytorch.global.torch_cuda;

/**
 * A GPU's stream of copies: they run while the calling thread's stream computes. Events keep the
 * two in order.
 */
final class CopyStream {
  private final NetworkMemory memory;
  private final byte gpu;
  private final CUDAStream copies;

  CopyStream(NetworkMemory memory, int gpu) {
    this.memory = memory;
    this.gpu = (byte) gpu;
    copies = memory.own(torch_cuda.getStreamFromPool(false, this.gpu));
  }

  /** The order of another buffer. */
  BufferOrder order() {
    return new Order(memory.own(new CUDAEvent()), memory.own(new CUDAEvent()));
  }

  /** Another mark in the stream that computes. */
  Mark mark() {
    CUDAEvent event = memory.own(new CUDAEvent());
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
      CUDAStream computing = torch_cuda.getCurrentCUDAStream(gpu);
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
