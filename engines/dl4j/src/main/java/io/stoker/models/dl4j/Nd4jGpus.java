// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.dl4j;

import io.stoker.base.library.ProgramLoader;
import io.stoker.models.engine.Gpu;
import io.stoker.models.engine.GpuSupport;

/**
 * The GPUs of ND4J's CUDA backend, {@code nd4j-cuda-11.6} 1.0.0-M2.1. It holds machine code for
 * sm_37 to sm_86 and no PTX. Code for 8.6 runs on 8.9 (Ada), whose major version is the same;
 * nothing in it runs on 9.0 (Hopper) or later.
 */
final class Nd4jGpus implements GpuSupport {
  private static final double OLDEST = 3.7;
  private static final double FIRST_WITHOUT_CODE = 9.0;
  private static final String BACKEND = "org/nd4j/linalg/jcublas/JCublasBackend.class";

  @Override
  public boolean isInThisBuild() {
    return ProgramLoader.now().getResource(BACKEND) != null;
  }

  @Override
  public String buildInstruction() {
    return "ND4J's backend is the CPU, build Stoker with 'mvn -Pcuda -DskipTests package'";
  }

  @Override
  public boolean covers(Gpu gpu) {
    return gpu.computeCapability() >= OLDEST && gpu.computeCapability() < FIRST_WITHOUT_CODE;
  }

  @Override
  public String range() {
    return "compute capability 3.7 to 8.9";
  }

  @Override
  public String requirements() {
    return "an NVIDIA driver, CUDA 11.6 and cuDNN 8";
  }
}
