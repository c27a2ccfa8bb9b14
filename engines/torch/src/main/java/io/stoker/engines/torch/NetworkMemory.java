// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.DeviceType;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The memory of one network's tensors, of the processor or of a GPU. It owns the native objects
 * that outlive a call, and frees them when it is closed; all others live in the {@link
 * org.bytedeco.javacpp.PointerScope} of the call that creates them.
 */
final class NetworkMemory implements AutoCloseable {
  private final List<Pointer> owned = new ArrayList<>();
  private final Settings settings;
  private final TensorOptions floats;
  private final TensorOptions longs;

  /** Null on the processor. */
  private final CopyStream copyStream;

  NetworkMemory(Settings settings) {
    this.settings = settings;
    floats = options(settings.products().kept());
    longs = options(ScalarType.Long);
    copyStream = settings.onGpu() ? new CopyStream(this, settings.gpu()) : null;
  }

  private TensorOptions options(ScalarType type) {
    Device device =
        settings.onGpu()
            ? new Device(DeviceType.CUDA, (byte) settings.gpu())
            : new Device(DeviceType.CPU);
    return own(new TensorOptions(device).dtype(new ScalarTypeOptional(type)));
  }

  Settings settings() {
    return settings;
  }

  /** Begins a pass, in which GPUs multiply as this network is to. */
  Tf32Gate.Pass beginPass() {
    return settings.onGpu()
        ? Libtorch.TF32.begin(settings.products() == Products.TF32)
        : Tf32Gate.FREE;
  }

  /** Keeps a native object beyond the call's scope, until this memory is closed. */
  <P extends Pointer> P own(P pointer) {
    pointer.retainReference();
    owned.add(pointer);
    return pointer;
  }

  /** A zero tensor of values that lives until this memory is closed. */
  Tensor zeros(long... sizes) {
    return own(torch.zeros(sizes, floats));
  }

  /** A tensor of a type that lives until this memory is closed. */
  Tensor empty(ScalarType type, long... sizes) {
    return own(torch.empty(sizes, options(type), new MemoryFormatOptional()));
  }

  /** A tensor of host memory for copies to this memory; it lives until this memory is closed. */
  Tensor staging(ScalarType type, long... sizes) {
    TensorOptions host =
        new TensorOptions(new Device(DeviceType.CPU)).dtype(new ScalarTypeOptional(type));
    // Pinned memory is copied to a GPU without the driver's own copy before it.
    TensorOptions pinned = settings.onGpu() ? host.pinned_memory(new BoolOptional(true)) : host;
    return own(torch.empty(sizes, pinned, new MemoryFormatOptional()));
  }

  /** The order of copies to another buffer of this memory. */
  BufferOrder order() {
    return copyStream == null ? BufferOrder.IN_PLACE : copyStream.order();
  }

  /** A mark in the work that the network's device has queued. */
  Mark mark() {
    return copyStream == null ? Mark.IN_PLACE : copyStream.mark();
  }

  /** The values in the format that is kept between layers. */
  Tensor kept(Tensor values) {
    return values.to(settings.products().kept());
  }

  /** What int64 tensors of this memory have in common: type and device. */
  TensorOptions longs() {
    return longs;
  }

  /**
   * Copies a tensor of host memory to this memory, and keeps its type. On the processor, the result
   * is the tensor itself.
   */
  Tensor upload(Tensor host) {
    return settings.onGpu()
        ? host.to(
            new Device(DeviceType.CUDA, (byte) settings.gpu()),
            host.scalar_type(),
            true,
            false,
            new MemoryFormatOptional())
        : host;
  }

  /** A copy of values, in the format that is kept between layers; waits for it. */
  Tensor copied(float[] values, long... sizes) {
    Tensor host =
        torch.from_blob(new FloatPointer(values), sizes, new TensorOptions(ScalarType.Float));
    return host.to(floats, false, true, new MemoryFormatOptional());
  }

  /** Copies a tensor into an array, in row-major order; waits for it. */
  void download(Tensor tensor, float[] target) {
    int count = Math.toIntExact(tensor.numel());
    FloatPointer values = new FloatPointer(count);
    host(values, count).copy_(tensor.reshape(count));
    values.get(target, 0, count);
  }

  /**
   * Copies a vector into a buffer; waits for it. JavaCPP takes the address of a buffer at a
   * position for that of its beginning, so it is given a slice.
   */
  void download(Tensor vector, FloatBuffer target) {
    int count = target.remaining();
    if (target.isDirect()) {
      host(new FloatPointer(target.slice()), count).copy_(vector);
      target.position(target.limit());
    } else {
      FloatPointer values = new FloatPointer(count);
      host(values, count).copy_(vector);
      target.put(values.asBuffer());
    }
  }

  /** Copies a buffer into a vector; waits for it. */
  void upload(FloatBuffer source, Tensor vector) {
    int count = source.remaining();
    if (source.isDirect()) {
      vector.copy_(host(new FloatPointer(source.slice()), count));
      source.position(source.limit());
    } else {
      FloatPointer values = new FloatPointer(count);
      values.asBuffer().put(source);
      vector.copy_(host(values, count));
    }
  }

  /** A tensor over host memory that it does not own. */
  private static Tensor host(FloatPointer values, long count) {
    return torch.from_blob(values, new long[] {count}, new TensorOptions(ScalarType.Float));
  }

  /** Waits until the GPU has finished its queued work. */
  void await() {
    if (settings.onGpu()) {
      Cuda.await();
    }
  }

  /** The same values with the channels of a pixel next to each other; vectors are as they are. */
  static Tensor channelsLast(Tensor tensor) {
    return tensor.dim() == 4 ? tensor.contiguous(MemoryFormat.ChannelsLast) : tensor;
  }

  @Override
  public void close() {
    owned.forEach(Pointer::deallocate);
    owned.clear();
  }
}
