// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.dl4j;

import io.stoker.models.engine.Devices;
import io.stoker.models.engine.Gpu;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.nativeblas.NativeOps;
import org.nd4j.nativeblas.NativeOpsHolder;

/** The GPUs of ND4J's CUDA backend. */
final class Nd4jDevices implements Devices {
  private static final double MINOR = 10;

  private final NativeOps cuda = NativeOpsHolder.getInstance().getDeviceNativeOps();

  @Override
  public int count() {
    return cuda.getAvailableDevices();
  }

  @Override
  public Gpu gpu(int device) {
    return new Gpu(
        cuda.getDeviceName(device),
        cuda.getDeviceMajor(device) + cuda.getDeviceMinor(device) / MINOR);
  }

  /** Unbound, ND4J sends each new thread to the next GPU in turn. */
  @Override
  public void bind(int device) {
    Nd4j.getAffinityManager().unsafeSetDevice(device);
  }
}
