// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.dl4j;

import com.sun.jna.NativeLibrary;
import io.stoker.models.engine.OpenMp;
import org.bytedeco.javacpp.Loader;
import org.nd4j.linalg.cpu.nativecpu.bindings.Nd4jCpu;
import org.nd4j.linalg.factory.Nd4j;

/**
 * ND4J's backend for processors, of which OMP_NUM_THREADS, OPENBLAS_NUM_THREADS and SD_MAX_THREADS
 * otherwise decide the number of threads.
 */
final class Nd4jProcessor {
  private final NativeLibrary library;
  private final OpenMp openMp;

  private Nd4jProcessor() {
    String path = Loader.load(Nd4jCpu.class);
    this.library = OpenMp.loaded(path);
    this.openMp = new OpenMp(path);
    Nd4j.getEnvironment().setMaxThreads(1);
    Nd4j.getEnvironment().setMaxMasterThreads(1);
    if (isOpenBlas()) {
      library.getFunction("openblas_set_num_threads").invokeVoid(new Object[] {1});
    }
  }

  private static final class Loaded {
    private static final Nd4jProcessor HERE = new Nd4jProcessor();
  }

  /** From now on, what this thread calls computes on one thread; without effect on a GPU. */
  static void useOneThread() {
    if (Nd4j.getEnvironment().isCPU()) {
      Loaded.HERE.openMp.useOneThread();
    }
  }

  /** The kind of processor that BLAS has chosen its code for, such as {@code Zen}. */
  static String blas() {
    return Loaded.HERE.isOpenBlas()
        ? Loaded.HERE
            .library
            .getFunction("openblas_get_corename")
            .invokeString(new Object[0], false)
        : Nd4j.getExecutioner().getEnvironmentInformation().getProperty("blas.vendor");
  }

  private boolean isOpenBlas() {
    try {
      return library.getFunction("openblas_set_num_threads") != null;
    } catch (UnsatisfiedLinkError e) {
      return false; // MKL takes its place where it is installed and asked for.
    }
  }
}
