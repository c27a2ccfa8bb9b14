// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import io.stoker.base.library.NativeLibraries;
import java.io.IOException;
import java.util.Arrays;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.pytorch.Context;
import org.bytedeco.pytorch.global.torch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Loads libtorch, once a process, and sets it up to compute the same bits in each run. What a
 * machine lacks is found before the libraries are loaded, or read from the linker's message.
 */
final class Libtorch {
  /** The version of libtorch in {@code org.bytedeco:pytorch}. */
  static final String VERSION = "2.10.0";

  /** The oldest glibc that the libraries are built for. */
  static final String OLDEST_GLIBC = "2.35";

  /** The JavaCPP that the preset of libtorch was generated for. */
  static final String OLDEST_JAVACPP = "1.5.13";

  /** The environment variable that lets cuDNN time its algorithms, if it is 1. */
  static final String TIMED = "STOKER_CUDNN_BENCHMARK";

  /** Of passes on GPUs; processors have no TF32. */
  static final Tf32Gate TF32 = new Tf32Gate(Libtorch::allowTf32);

  private static final Logger LOG = LoggerFactory.getLogger(Libtorch.class);
  private static final Pattern MISSING_LIBRARY =
      Pattern.compile("(lib[^\\s:]+\\.so[.0-9]*): cannot open shared object file");
  private static final Pattern GLIBC = Pattern.compile("^glibc ([0-9]{1,9}(?:\\.[0-9]{1,9})*)");
  private static final Pattern NVIDIA = Pattern.compile("lib(cu|nv|nccl|torch_cuda).*");

  private static Optional<String> failure;

  private Libtorch() {}

  /**
   * Loads the libraries at the first call.
   *
   * @return why libtorch does not run on this machine, as the rest of a sentence that begins with
   *     "because"; empty if it does
   */
  static synchronized Optional<String> failure() {
    if (failure == null) {
      failure = tooOld(glibc()).or(() -> otherJavaCpp(javaCpp())).or(Libtorch::load);
    }
    return failure;
  }

  private static Optional<String> load() {
    NativeLibraries.verify("org/bytedeco"); // A failure is not for the engine to hide.
    try {
      setUp(torch.globalContext());
      return Optional.empty();
    } catch (LinkageError e) {
      LOG.debug("libtorch does not load", e);
      return missing().or(() -> Optional.of(explain(e)));
    }
  }

  /** All of NVIDIA's libraries that are missing: the linker names the first one only. */
  private static Optional<String> missing() {
    return new TorchGpus().isInThisBuild()
        ? NvidiaMachine.here().missingLibraries()
        : Optional.empty();
  }

  /**
   * Unless a user has said otherwise, no operation may choose its algorithm by time, or add in an
   * order that time decides.
   */
  private static void setUp(Context context) {
    boolean warnOnly = true;
    boolean sameBits = !timesCudnn(System.getenv(TIMED));
    context.setDeterministicCuDNN(sameBits);
    context.setBenchmarkCuDNN(!sameBits);
    context.setDeterministicMkldnn(true);
    context.setDeterministicAlgorithms(sameBits, warnOnly);
    // Filling new memory would only serve programs that read it before they write it.
    context.setDeterministicFillUninitializedMemory(false);
    allowTf32(false);
    torch.set_num_threads(TorchEngine.THREADS);
  }

  /** Whether cuDNN may choose algorithms by time: only if the variable is exactly 1. */
  static boolean timesCudnn(String value) {
    return "1".equals(value);
  }

  /** Whether GPUs may round factors to TF32: in all networks of the process. */
  private static void allowTf32(boolean allowed) {
    Context context = torch.globalContext();
    context.setAllowTF32CuBLAS(allowed);
    context.setAllowTF32CuDNN(allowed);
  }

  /** The version of this machine's C library, such as 2.36; empty where it is not glibc. */
  static Optional<String> glibc() {
    return SystemCommand.output("getconf", "GNU_LIBC_VERSION").flatMap(Libtorch::glibc);
  }

  /** The version in the command's output; empty if there is none. */
  static Optional<String> glibc(String output) {
    Matcher version = GLIBC.matcher(output);
    return version.find() ? Optional.of(version.group(1)) : Optional.empty();
  }

  /** Why a version of glibc does not do; empty if it does, or is not known. */
  static Optional<String> tooOld(Optional<String> glibc) {
    return glibc
        .filter(version -> compare(version, OLDEST_GLIBC) < 0)
        .map(
            version ->
                "libtorch %s needs glibc %s or later, and this system has %s; use a system or container that has it, such as Ubuntu 22.04 or Debian 12"
                    .formatted(VERSION, OLDEST_GLIBC, version));
  }

  /**
   * The version of JavaCPP on the class path, such as 1.5.13; empty where it is not known. With
   * {@code --jars}, the one in Stoker's own jar comes first.
   */
  private static Optional<String> javaCpp() {
    NativeLibraries.useAPrivateFolder(); // Before JavaCPP's classes: it tells them where to log.
    try {
      return Optional.of(Loader.getVersion())
          .filter(version -> version.matches("[0-9]{1,9}(\\.[0-9]{1,9})*"));
    } catch (IOException | LinkageError e) {
      LOG.debug("The version of JavaCPP is not known", e);
      return Optional.empty();
    }
  }

  /** Why a version of JavaCPP does not do; empty if it does, or is not known. */
  static Optional<String> otherJavaCpp(Optional<String> found) {
    return found
        .filter(version -> compare(version, OLDEST_JAVACPP) < 0)
        .map(
            version ->
                "libtorch's classes need JavaCPP %s, and the class path begins with %s; put JavaCPP and OpenBLAS of that version before stoker.jar with --driver-class-path and spark.executor.extraClassPath (docs/gpu.md), or build Stoker with 'mvn -Ptorch -DskipTests package'"
                    .formatted(OLDEST_JAVACPP, version));
  }

  private static int compare(String left, String right) {
    return Arrays.compare(numbers(left), numbers(right));
  }

  private static int[] numbers(String version) {
    return Arrays.stream(version.split("\\.")).mapToInt(Integer::parseInt).toArray();
  }

  /** What to do about a linker's error. */
  static String explain(LinkageError error) {
    String message = rootMessage(error);
    Matcher missing = MISSING_LIBRARY.matcher(message);
    if (missing.find()) {
      String library = missing.group(1);
      return NVIDIA.matcher(library).matches()
          ? "%s is missing; this build needs CUDA 13 and cuDNN 9, install them or use a container that has them (docs/gpu.md)"
              .formatted(library)
          : "%s is missing; install it".formatted(library);
    }
    if (message.contains("GLIBC")) {
      return "libtorch %s needs glibc %s or later, and a C++ library as new: %s"
          .formatted(VERSION, OLDEST_GLIBC, message);
    }
    return "libtorch does not load: " + message;
  }

  private static String rootMessage(Throwable error) {
    Throwable root = error;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return String.valueOf(root.getMessage()).lines().findFirst().orElse("");
  }
}
