// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NvidiaMachineTest {
  private static final Set<String> ALL =
      Set.of(
          "libcudart.so.13",
          "libcupti.so.13",
          "libcublas.so.13",
          "libcublasLt.so.13",
          "libcudnn.so.9",
          "libcudnn_ops.so.9",
          "libcudnn_cnn.so.9",
          "libcudnn_adv.so.9",
          "libcudnn_graph.so.9",
          "libcufft.so.12",
          "libcufile.so.0",
          "libcurand.so.10",
          "libcusolver.so.12",
          "libcusparse.so.12",
          "libnccl.so.2");

  private static NvidiaMachine with(Set<String> libraries) {
    return new NvidiaMachine(Optional.of("580.65.06"), libraries);
  }

  @Test
  void aMachineWithDriverAndLibrariesLacksNothing() {
    assertThat(with(ALL).missingLibraries()).isEmpty();
    assertThat(with(ALL).driverProblem()).isEmpty();
  }

  @Test
  void eachMissingLibraryIsNamedWithItsPackage() {
    Set<String> some = new HashSet<>(ALL);
    some.remove("libcupti.so.13");
    some.remove("libcudnn.so.9");
    some.remove("libcudnn_ops.so.9");

    assertThat(with(some).missingLibraries().orElseThrow())
        .startsWith("libcupti.so.13, libcudnn.so.9, libcudnn_ops.so.9 are missing of CUDA 13")
        .contains("install cuda-cupti-13-1, libcudnn9-cuda-13 of NVIDIA's repository");
  }

  @Test
  void oneMissingLibraryIsNamedInTheSingular() {
    Set<String> some = new HashSet<>(ALL);
    some.remove("libnccl.so.2");

    assertThat(with(some).missingLibraries().orElseThrow()).startsWith("libnccl.so.2 is missing");
  }

  @Test
  void aLibraryOfAnotherVersionDoesNotDo() {
    Set<String> old = new HashSet<>(ALL);
    old.remove("libcudart.so.13");
    old.add("libcudart.so.12");

    assertThat(with(old).missingLibraries().orElseThrow()).startsWith("libcudart.so.13");
  }

  @ParameterizedTest
  @CsvSource({
    "'NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.104.05  Sat Aug 19 01:15:15 UTC 2023',"
        + " 535.104.05",
    "'NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.65.06  Release Build',"
        + " 580.65.06",
    "'NVRM version: NVIDIA UNIX x86_64 Kernel Module  590.44  x', 590.44",
  })
  void readsTheVersionOfTheDriver(String text, String version) {
    assertThat(NvidiaMachine.driver(text)).contains(version);
  }

  @Test
  void textWithoutAVersionIsNoDriver() {
    assertThat(NvidiaMachine.driver("GCC version: 12.2.0")).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "470.82.01, true",
    "535.104.05, true",
    "579.9, true",
    "580.65.06, false",
    "610, false"
  })
  void aDriverBelowBranch580IsTooOld(String version, boolean tooOld) {
    Optional<String> problem = new NvidiaMachine(Optional.of(version), ALL).driverProblem();

    assertThat(problem.isPresent()).isEqualTo(tooOld);
    problem.ifPresent(
        text -> assertThat(text).contains(version).contains("install one of branch 580 or later"));
  }

  @Test
  void aMachineWithoutDriverSaysWhichOneToInstall() {
    assertThat(new NvidiaMachine(Optional.empty(), ALL).driverProblem())
        .contains("no NVIDIA driver is loaded; install one of branch 580 or later");
  }

  @Test
  void findsLibrariesInTheLinkersCacheAndInFolders(@TempDir Path folder) throws IOException {
    Set<String> found =
        new HashSet<>(
            NvidiaMachine.inCache(
                """
                2 libs found in cache `/etc/ld.so.cache'
                \tlibcudart.so.13 (libc6,x86-64) => /usr/local/cuda/lib64/libcudart.so.13
                \tlibc.so.6 (libc6,x86-64, OS ABI: Linux 3.2.0) => /lib/x86_64-linux-gnu/libc.so.6
                """));
    Files.createFile(folder.resolve("libcudnn.so.9"));
    NvidiaMachine.add(folder, found);
    NvidiaMachine.add(folder.resolve("missing"), found);

    assertThat(found).containsExactlyInAnyOrder("libcudart.so.13", "libc.so.6", "libcudnn.so.9");
  }

  @Test
  void looksAtThisMachineWithoutLoadingAnything() {
    assertThat(NvidiaMachine.here().libraries()).contains("libc.so.6");
  }
}
