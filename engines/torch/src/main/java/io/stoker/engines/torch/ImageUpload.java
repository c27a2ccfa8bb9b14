// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import io.stoker.models.engine.ByteImages;
import io.stoker.models.spec.Shape;
import java.util.function.Supplier;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The way of images to where a network computes. For a GPU, two buffers take turns: the images of a
 * step are copied to one while the step before reads the other. On the processor there is one
 * buffer, which the network reads where it is.
 */
final class ImageUpload {
  /**
   * One of the buffers that take turns.
   *
   * @param host in the processor's memory
   * @param there where the network computes; on the processor, the same
   */
  private record Buffer(Tensor host, Tensor there, BufferOrder order) {}

  private final NetworkMemory memory;
  private final Shape shape;
  private final Supplier<BufferOrder> orders;
  private final long[] images;
  private final long[] pixels;
  private final Buffer[] floats;
  private final Buffer[] bytes;

  /** Null until the first images that are bytes. */
  private PixelTable table;

  private int turn;

  /** Of the images that were sent last. */
  private BufferOrder current = BufferOrder.IN_PLACE;

  /**
   * @param memory where the network computes
   * @param shape of an image
   * @param batchCapacity the largest number of images
   * @param orders makes the order of each buffer
   */
  ImageUpload(NetworkMemory memory, Shape shape, int batchCapacity, Supplier<BufferOrder> orders) {
    this.memory = memory;
    this.shape = shape;
    this.orders = orders;
    images = new long[] {batchCapacity, shape.channels(), shape.height(), shape.width()};
    pixels = new long[] {batchCapacity, shape.height(), shape.width(), shape.channels()};
    int buffers = memory.settings().copiesAhead() ? 2 : 1;
    floats = new Buffer[buffers];
    bytes = new Buffer[buffers];
  }

  /**
   * Sends normalised images. The array may be overwritten when this returns.
   *
   * @param values {@code [examples, channels, height, width]}
   * @return the images where the network is, until the next call but one
   */
  Tensor send(float[] values, int examples) {
    Buffer buffer = next(floats, ScalarType.Float, images);
    int count = Math.multiplyExact(examples, shape.features());
    new FloatPointer(buffer.host().data_ptr()).put(values, 0, count);
    return NetworkMemory.channelsLast(memory.kept(sent(buffer, examples)));
  }

  /**
   * Sends images as bytes, and normalises them where the network is. The array may be overwritten
   * when this returns.
   *
   * @return the images as the other method returns them, bit for bit
   */
  Tensor send(ByteImages values, int examples) {
    if (table == null) {
      table = new PixelTable(memory, shape.channels());
    }
    table.set(values.values());
    Buffer buffer = next(bytes, ScalarType.Byte, pixels);
    int count = Math.multiplyExact(examples, shape.features());
    new BytePointer(buffer.host().data_ptr()).put(values.pixels(), 0, count);
    return table.normalized(sent(buffer, examples));
  }

  private Tensor sent(Buffer buffer, int examples) {
    Tensor target = buffer.there().narrow(0, 0, examples);
    if (memory.settings().copiesAhead()) {
      Tensor source = buffer.host().narrow(0, 0, examples);
      buffer.order().copy(() -> target.copy_(source, true));
    }
    return target;
  }

  /** Notes that all computation that reads the images is queued. */
  void computed() {
    current.computed();
  }

  /** The buffer whose turn it is, when the host may write to it. */
  private Buffer next(Buffer[] buffers, ScalarType type, long[] sizes) {
    turn = (turn + 1) % buffers.length;
    if (buffers[turn] == null) {
      Tensor host = memory.staging(type, sizes);
      Tensor there = memory.settings().copiesAhead() ? memory.empty(type, sizes) : host;
      buffers[turn] = new Buffer(host, there, orders.get());
    }
    current = buffers[turn].order();
    current.awaitCopied();
    return buffers[turn];
  }
}
