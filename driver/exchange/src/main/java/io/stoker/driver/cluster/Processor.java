// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cluster;

import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * A processor as Linux describes it.
 *
 * @param name the model of the processor
 * @param vectorExtensions those of its instruction sets that speed up networks
 */
public record Processor(String name, List<String> vectorExtensions) implements Serializable {
  private static final List<String> OF_INTEREST =
      List.of(
          "sse4_2",
          "avx",
          "avx2",
          "fma",
          "avx512f",
          "avx512bw",
          "avx512_vnni",
          "avx512_bf16",
          "amx_bf16",
          "amx_int8");

  public Processor {
    vectorExtensions = List.copyOf(vectorExtensions);
  }

  /** The first processor of this machine; with the name of its architecture if Linux names none. */
  public static Processor here() {
    try {
      return parse(Files.readAllLines(Path.of("/proc/cpuinfo")));
    } catch (IOException e) {
      return new Processor(System.getProperty("os.arch"), List.of());
    }
  }

  /** Reads the form of {@code /proc/cpuinfo}: lines of {@code key : value}. */
  static Processor parse(List<String> lines) {
    List<String> flags = Arrays.asList(value(lines, "flags").split(" "));
    String model = value(lines, "model name");
    return new Processor(
        model.isEmpty() ? System.getProperty("os.arch") : model,
        OF_INTEREST.stream().filter(flags::contains).toList());
  }

  /**
   * The kind of the processor, on which the last bits of a result depend: the widest instruction
   * set that oneDNN uses on it, because this decides in which order it sums.
   */
  public String kind() {
    return vectorExtensions.contains("avx512bw")
        ? vectorExtensions.contains("amx_bf16") ? "AVX-512 with AMX" : "AVX-512"
        : vectorExtensions.contains("avx2") ? "AVX2" : "older than AVX2";
  }

  private static String value(List<String> lines, String key) {
    return lines.stream()
        .map(line -> line.split(":", 2))
        .filter(parts -> parts.length == 2 && parts[0].strip().equals(key))
        .flatMap(parts -> Stream.of(parts[1].strip()))
        .findFirst()
        .orElse("");
  }
}
