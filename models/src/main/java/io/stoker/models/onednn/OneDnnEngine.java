// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn;

import io.stoker.failure.Check;
import io.stoker.models.engine.Engine;
import io.stoker.models.engine.NativeLibraries;
import io.stoker.models.engine.Network;
import io.stoker.models.engine.RateMultipliers;
import io.stoker.models.spec.ModelSpec;
import java.util.Locale;
import org.bytedeco.dnnl.global.dnnl;

/**
 * The engine for processors. It calls oneDNN's primitives directly, without a framework in between.
 * oneDNN chooses the code for the processor (SSE4.1, AVX2, AVX-512) at run time.
 */
public final class OneDnnEngine implements Engine {
  @Override
  public String name() {
    return "onednn";
  }

  @Override
  public boolean available() {
    NativeLibraries.verify("org/bytedeco"); // A failure is not for the engine to hide.
    try {
      return OneDnn.engine() != null;
    } catch (LinkageError e) {
      return false;
    }
  }

  @Override
  public int rank() {
    return 20;
  }

  /** OMP_NUM_THREADS, else all processors: OpenMP's own rule. */
  @Override
  public int threads() {
    String threads = System.getenv("OMP_NUM_THREADS");
    return threads != null && threads.matches("[1-9][0-9]{0,3}")
        ? Integer.parseInt(threads)
        : Runtime.getRuntime().availableProcessors();
  }

  @Override
  public String description() {
    return String.format(
        Locale.ROOT,
        "oneDNN %s, %s, %d thread(s) a worker",
        OneDnn.version(),
        instructionSet(),
        threads());
  }

  private static String instructionSet() {
    int set = dnnl.dnnl_get_effective_cpu_isa();
    if (set == dnnl.dnnl_cpu_isa_avx512_core_amx) {
      return "AVX-512 with AMX";
    } else if (set >= dnnl.dnnl_cpu_isa_avx512_core) {
      return "AVX-512";
    } else if (set >= dnnl.dnnl_cpu_isa_avx2) {
      return "AVX2";
    }
    return "SSE4.1 or AVX";
  }

  @Override
  public Network create(ModelSpec model, int batchCapacity, RateMultipliers rates) {
    Check.input(batchCapacity >= 1, "Invalid batch size: %d (must be >= 1)", batchCapacity);
    Workspace workspace = new Workspace();
    try {
      return new OneDnnNetwork(workspace, model, batchCapacity, rates);
    } catch (RuntimeException e) {
      workspace.close();
      throw e;
    }
  }
}
