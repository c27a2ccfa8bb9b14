// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import io.stoker.models.engine.Gpu;
import io.stoker.models.engine.GpuSupport;
import io.stoker.base.library.ProgramLoader;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * The GPUs of {@code org.bytedeco:pytorch} 2.10.0-1.5.13, classifier {@code linux-x86_64-gpu}. It
 * holds machine code for sm_75, 80, 90, 100 and 120 and no PTX. Such code runs on GPUs of the same
 * major version and the same or a later minor one.
 */
final class TorchGpus implements GpuSupport {
  private static final double[] ARCHITECTURES = {7.5, 8.0, 9.0, 10.0, 12.0};
  private static final String LIBRARY = "org/bytedeco/pytorch/linux-x86_64-gpu/libtorch_cuda.so";

  /** The architectures that there is machine code for, by NVIDIA's names. */
  static String architectures() {
    return Arrays.stream(ARCHITECTURES)
        .mapToObj(each -> String.format(Locale.ROOT, "sm_%.0f", 10 * each))
        .collect(Collectors.joining(" "));
  }

  @Override
  public boolean isInThisBuild() {
    return ProgramLoader.now().getResource(LIBRARY) != null;
  }

  @Override
  public String buildInstruction() {
    return "build Stoker with 'mvn -Ptorch-cuda -DskipTests package'";
  }

  @Override
  public boolean covers(Gpu gpu) {
    double capability = gpu.computeCapability();
    for (double architecture : ARCHITECTURES) {
      if (capability >= architecture && Math.floor(capability) == Math.floor(architecture)) {
        return true;
      }
    }
    return false;
  }

  @Override
  public String range() {
    return "compute capability 7.5 to 9.0, 10 and 12 (Turing to Blackwell)";
  }

  @Override
  public String requirements() {
    return String.format(
        Locale.ROOT,
        "an NVIDIA driver of branch %d or later, CUDA 13, cuDNN 9 and glibc %s",
        NvidiaMachine.OLDEST_DRIVER,
        Libtorch.OLDEST_GLIBC);
  }
}
