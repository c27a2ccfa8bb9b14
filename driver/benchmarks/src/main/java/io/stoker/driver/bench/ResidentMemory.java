// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The memory of this process that is in RAM, heap and native together, as Linux counts it.
 *
 * @param bytes the memory now
 * @param peakBytes the largest amount since the process began
 */
public record ResidentMemory(long bytes, long peakBytes) {
  private static final Path STATUS = Path.of("/proc/self/status");

  /** The memory of this process; empty on systems other than Linux. */
  public static Optional<ResidentMemory> now() {
    try {
      List<String> lines = Files.readAllLines(STATUS);
      return Optional.of(new ResidentMemory(bytes(lines, "VmRSS:"), bytes(lines, "VmHWM:")));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static long bytes(List<String> lines, String key) {
    return lines.stream()
        .filter(line -> line.startsWith(key))
        .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) << 10)
        .findFirst()
        .orElse(0);
  }
}
