// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.engine;

import com.sun.jna.Function;
import com.sun.jna.Library;
import com.sun.jna.NativeLibrary;
import io.stoker.base.library.NativeLibraries;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * The OpenMP that a native library calls. Libraries divide sums by its number of threads, so that
 * the last bits of a result depend on it. Networks compute on one thread whatever OMP_NUM_THREADS
 * says: workers run next to each other, one a core, and the same job gives the same bits in each
 * environment.
 */
public final class OpenMp {
  private static final String SET_THREADS = "omp_set_num_threads";

  /** {@code RTLD_LAZY | RTLD_LOCAL} of {@code dlopen}. */
  private static final int LOCAL = 1;

  /** OpenMP has a number of threads for each thread that calls it. */
  private static final ThreadLocal<Set<OpenMp>> SET = ThreadLocal.withInitial(HashSet::new);

  private final Function setThreads;

  /**
   * @param library the path of a library that calls OpenMP, and is loaded
   */
  public OpenMp(String library) {
    NativeLibraries.useAPrivateFolder();
    this.setThreads = setThreads(library);
  }

  /** As the linker looks a function up: in the process first, then where the library looks. */
  private static Function setThreads(String library) {
    try {
      return NativeLibrary.getProcess().getFunction(SET_THREADS);
    } catch (UnsatisfiedLinkError e) {
      return loaded(library).getFunction(SET_THREADS);
    }
  }

  /**
   * A library that is loaded, to look up functions in it and in those that it depends on. By
   * default JNA would make its functions take the place of those of the same names in libraries
   * that are loaded later: two engines contain oneDNN, in different versions.
   *
   * @param library its path
   */
  public static NativeLibrary loaded(String library) {
    return NativeLibrary.getInstance(library, Map.of(Library.OPTION_OPEN_FLAGS, LOCAL));
  }

  /** From now on, what this thread calls computes on one thread. */
  public void useOneThread() {
    if (SET.get().add(this)) {
      setThreads.invokeVoid(new Object[] {1});
    }
  }
}
