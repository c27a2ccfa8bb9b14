// SPDX-License-Identifier: Apache-2.0
package io.stoker.testing;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * Instructions that a test needs, by the operating system's list of what the processor has. A test
 * that asks the code under test instead is skipped when that code no longer sees them.
 */
public enum Instructions {
  AVX512("avx512f avx512cd avx512bw avx512dq avx512vl"),
  AVX512_BF16("avx512f avx512cd avx512bw avx512dq avx512vl avx512_bf16"),
  AVX512_VNNI("avx512f avx512cd avx512bw avx512dq avx512vl avx512_vnni");

  private final String flags;

  Instructions(String flags) {
    this.flags = flags;
  }

  /** True if this processor has them. */
  public boolean arePresent() {
    return ofThisProcessor().containsAll(List.of(flags.split(" ")));
  }

  /** Skips the test where the processor lacks them. */
  public void assume() {
    assumeTrue(arePresent(), () -> "this processor has no " + name());
  }

  private static List<String> ofThisProcessor() {
    Path file = Path.of("/proc/cpuinfo");
    try (Stream<String> lines = Files.exists(file) ? Files.lines(file) : Stream.empty()) {
      return lines
          .filter(line -> line.startsWith("flags"))
          .findFirst()
          .map(line -> List.of(line.split("[\\s:]+")))
          .orElse(List.of());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
