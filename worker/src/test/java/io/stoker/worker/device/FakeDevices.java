// SPDX-License-Identifier: Apache-2.0
package io.stoker.worker.device;

import io.stoker.models.engine.Devices;
import io.stoker.models.engine.Gpu;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** GPUs that remember which thread was bound to them. */
public final class FakeDevices implements Devices {
  private final List<Gpu> gpus;

  /** The device of each call of {@link #bind}, in order. */
  public final List<Integer> bound = new ArrayList<>();

  /** GPUs of this compute capability. */
  public FakeDevices(int count, double computeCapability) {
    gpus = Collections.nCopies(count, new Gpu("a card", computeCapability));
  }

  @Override
  public int count() {
    return gpus.size();
  }

  @Override
  public Gpu gpu(int device) {
    return gpus.get(device);
  }

  @Override
  public void bind(int device) {
    bound.add(device);
  }
}
