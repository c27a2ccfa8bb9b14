// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a machine has of NVIDIA's driver and libraries, found without loading any of them. It names
 * what libtorch's CUDA build lacks, and the package to install.
 *
 * @param driver the driver's version, such as 580.65.06; empty if none is loaded
 * @param libraries the names of the shared libraries that the dynamic linker finds
 */
record NvidiaMachine(Optional<String> driver, Set<String> libraries) {
  /** The oldest branch of the driver that CUDA 13 runs on. */
  static final int OLDEST_DRIVER = 580;

  private static final Logger LOG = LoggerFactory.getLogger(NvidiaMachine.class);

  /** Where the kernel module writes its version. */
  private static final Path DRIVER = Path.of("/proc/driver/nvidia/version");

  private static final Pattern DRIVER_VERSION =
      Pattern.compile("Kernel Module(?: for \\S+)?\\s+(\\d+(?:\\.\\d+)*)");

  /** What the linker searches where the cache of {@code ldconfig} cannot be read. */
  private static final List<String> USUAL_FOLDERS =
      List.of("/lib64", "/usr/lib64", "/usr/lib/x86_64-linux-gnu", "/usr/local/cuda/lib64");

  /**
   * A shared library that libtorch's CUDA build is linked with.
   *
   * @param file its name
   * @param debianPackage the package that has it in NVIDIA's repository for Debian and Ubuntu
   */
  private record Library(String file, String debianPackage) {}

  /** The entries NEEDED of the libraries in the jar that are NVIDIA's. */
  private static final List<Library> NEEDED =
      List.of(
          new Library("libcudart.so.13", "cuda-cudart-13-1"),
          new Library("libcupti.so.13", "cuda-cupti-13-1"),
          new Library("libcublas.so.13", "libcublas-13-1"),
          new Library("libcublasLt.so.13", "libcublas-13-1"),
          new Library("libcudnn.so.9", "libcudnn9-cuda-13"),
          new Library("libcudnn_ops.so.9", "libcudnn9-cuda-13"),
          new Library("libcudnn_cnn.so.9", "libcudnn9-cuda-13"),
          new Library("libcudnn_adv.so.9", "libcudnn9-cuda-13"),
          new Library("libcudnn_graph.so.9", "libcudnn9-cuda-13"),
          new Library("libcufft.so.12", "libcufft-13-1"),
          new Library("libcufile.so.0", "libcufile-13-1"),
          new Library("libcurand.so.10", "libcurand-13-1"),
          new Library("libcusolver.so.12", "libcusolver-13-1"),
          new Library("libcusparse.so.12", "libcusparse-13-1"),
          new Library("libnccl.so.2", "libnccl2"));

  NvidiaMachine {
    libraries = Set.copyOf(libraries);
  }

  /** This machine. */
  static NvidiaMachine here() {
    Stream<String> folders =
        Stream.concat(
            Stream.of(
                System.getenv().getOrDefault("LD_LIBRARY_PATH", "").split(File.pathSeparator)),
            USUAL_FOLDERS.stream());
    Set<String> found =
        new LinkedHashSet<>(
            SystemCommand.output("/sbin/ldconfig", "-p")
                .map(NvidiaMachine::inCache)
                .orElse(Set.of()));
    folders.filter(folder -> !folder.isEmpty()).map(Path::of).forEach(each -> add(each, found));
    return new NvidiaMachine(read(DRIVER).flatMap(NvidiaMachine::driver), found);
  }

  private static Optional<String> read(Path file) {
    try {
      return Files.isReadable(file) ? Optional.of(Files.readString(file)) : Optional.empty();
    } catch (IOException e) {
      LOG.debug("Cannot read {}", file, e);
      return Optional.empty();
    }
  }

  /** The version in the text of the kernel module. */
  static Optional<String> driver(String text) {
    Matcher version = DRIVER_VERSION.matcher(text);
    return version.find() ? Optional.of(version.group(1)) : Optional.empty();
  }

  /** The libraries in what {@code ldconfig -p} prints: a line each, its name first. */
  static Set<String> inCache(String text) {
    return text.lines()
        .map(String::strip)
        .filter(line -> line.contains(" => "))
        .map(line -> line.substring(0, line.indexOf(' ')))
        .collect(Collectors.toSet());
  }

  /** Adds the libraries in a folder. */
  static void add(Path folder, Set<String> found) {
    if (!Files.isDirectory(folder)) {
      return;
    }
    try (Stream<Path> files = Files.list(folder)) {
      files.map(file -> file.getFileName().toString()).forEach(found::add);
    } catch (IOException e) {
      LOG.debug("Cannot list {}", folder, e);
    }
  }

  /** The libraries that are missing, with their packages, as a clause; empty if none is. */
  Optional<String> missingLibraries() {
    List<Library> missing =
        NEEDED.stream().filter(library -> !libraries.contains(library.file())).toList();
    if (missing.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        "%s missing of CUDA 13 and cuDNN 9; install %s of NVIDIA's repository, or use a container that has them (docs/gpu.md)"
            .formatted(
                missing.stream().map(Library::file).collect(Collectors.joining(", "))
                    + (missing.size() == 1 ? " is" : " are"),
                missing.stream()
                    .map(Library::debianPackage)
                    .distinct()
                    .collect(Collectors.joining(", "))));
  }

  /** What is wrong with the driver, as a clause; empty if it is new enough. */
  Optional<String> driverProblem() {
    if (driver.isEmpty()) {
      return Optional.of(
          "no NVIDIA driver is loaded; install one of branch %s or later".formatted(OLDEST_DRIVER));
    }
    String branch = driver.get().split("\\.", 2)[0];
    return Integer.parseInt(branch) >= OLDEST_DRIVER
        ? Optional.empty()
        : Optional.of(
            "the NVIDIA driver is %s, too old for CUDA 13; install one of branch %s or later"
                .formatted(driver.get(), OLDEST_DRIVER));
  }
}
