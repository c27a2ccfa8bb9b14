// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import io.stoker.models.engine.Devices;
import io.stoker.models.engine.Gpu;
import org.bytedeco.cuda.cudart.cudaDeviceProp;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch_cuda;

/**
 * The GPUs of libtorch's CUDA build. The class that it calls exists in that build only, and may be
 * loaded only where there is a driver: {@link #isUsable} comes first.
 */
final class Cuda implements Devices {
  private static final double MINOR = 10;

  /** The GPU of each thread, or {@link Settings#PROCESSOR}. */
  private static final ThreadLocal<Integer> BOUND =
      ThreadLocal.withInitial(() -> Settings.PROCESSOR);

  /** Whether this is the CUDA build, and a driver and a GPU are there. */
  static boolean isUsable() {
    return torch.cuda_is_available();
  }

  /** The GPU that the calling thread computes on, or {@link Settings#PROCESSOR}. */
  static int bound() {
    return BOUND.get();
  }

  /** Waits until the calling thread's GPU has finished its queued work. */
  static void await() {
    torch_cuda.device_synchronize();
  }

  @Override
  public int count() {
    return torch.cuda_device_count();
  }

  @Override
  public Gpu gpu(int device) {
    cudaDeviceProp properties = torch_cuda.getDeviceProperties((byte) device);
    return new Gpu(properties.name().getString(), properties.major() + properties.minor() / MINOR);
  }

  /**
   * Each thread has its own stream on its GPU. It keeps it if it is bound to the same GPU again,
   * because work that it has queued there comes before what it queues next.
   */
  @Override
  public void bind(int device) {
    torch_cuda.set_device((byte) device);
    if (bound() != device) {
      torch_cuda.setCurrentCUDAStream(torch_cuda.getStreamFromPool(false, (byte) device));
      BOUND.set(device);
    }
  }
}
