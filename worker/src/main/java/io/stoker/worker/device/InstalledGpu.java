// SPDX-License-Identifier: Apache-2.0
package io.stoker.worker.device;

import io.stoker.models.engine.Gpu;
import java.io.IOException;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A GPU of this machine as {@code nvidia-smi} lists it.
 *
 * @param index its number, in the order of the PCI bus
 * @param uuid its globally unique identifier, such as {@code GPU-5d...}
 * @param gpu its name and architecture
 * @param memoryBytes its memory; 0 if that is not known
 */
public record InstalledGpu(int index, String uuid, Gpu gpu, long memoryBytes)
    implements Serializable {
  private static final int SECONDS_TO_ANSWER = 20;
  private static final int COLUMNS = 4;
  private static final long MEBIBYTE = 1 << 20;

  /** The environment variable that limits which GPUs a process sees. */
  static final String VISIBLE = "CUDA_VISIBLE_DEVICES";

  /** The GPUs of this machine that this process may see; empty without an NVIDIA driver. */
  public static List<InstalledGpu> list() {
    String visible = System.getenv().getOrDefault(VISIBLE, "").strip();
    List<String> entries = Arrays.asList(visible.split("\\s*,\\s*"));
    return ofMachine().stream()
        .filter(gpu -> visible.isEmpty() || entries.stream().anyMatch(gpu::isAt))
        .toList();
  }

  private static List<InstalledGpu> ofMachine() {
    try {
      Process process =
          new ProcessBuilder(
                  "nvidia-smi",
                  "--query-gpu=index,uuid,name,compute_cap,memory.total",
                  "--format=csv,noheader,nounits")
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      try {
        // What it says of a machine's GPUs fits into the pipe. A driver that hangs says nothing.
        if (!process.waitFor(SECONDS_TO_ANSWER, TimeUnit.SECONDS) || process.exitValue() != 0) {
          return List.of();
        }
        return parse(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
      } finally {
        process.destroyForcibly();
      }
    } catch (IOException e) {
      return List.of();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return List.of();
    }
  }

  /**
   * Reads lines of {@code index, uuid, name, compute capability, memory in MiB}, of which the last
   * may be missing; ignores other lines.
   */
  public static List<InstalledGpu> parse(String output) {
    return output
        .lines()
        .map(line -> line.split("\\s*,\\s*"))
        .filter(
            parts ->
                parts.length >= COLUMNS
                    && parts[0].strip().matches("\\d{1,4}")
                    && parts[3].strip().matches("\\d+\\.\\d+"))
        .map(
            parts ->
                new InstalledGpu(
                    Integer.parseInt(parts[0].strip()),
                    parts[1],
                    new Gpu(parts[2], Double.parseDouble(parts[3].strip())),
                    parts.length > COLUMNS ? memoryBytes(parts[COLUMNS].strip()) : 0))
        .toList();
  }

  /** A GPU whose memory is the machine's has no number here. */
  private static long memoryBytes(String mebibytes) {
    return mebibytes.matches("\\d{1,9}") ? Long.parseLong(mebibytes) * MEBIBYTE : 0;
  }

  /** Whether an address of Spark is this GPU's: its number or its UUID. */
  public boolean isAt(String address) {
    return address.equals(Integer.toString(index)) || address.equals(uuid);
  }
}
