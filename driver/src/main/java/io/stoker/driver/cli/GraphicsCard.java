package io.stoker.driver.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * An NVIDIA card as {@code nvidia-smi} describes it.
 *
 * @param name the card's name
 * @param computeCapability its architecture, such as 8.9
 */
record GraphicsCard(String name, double computeCapability) {
  /**
   * nd4j-cuda-11.6 1.0.0-M2.1 holds machine code for sm_37 to sm_86 and no PTX. Code for 8.6 runs
   * on 8.9 (Ada), whose major version is the same; nothing in it runs on 9.0 (Hopper) or later.
   */
  private static final double OLDEST = 3.7;

  private static final double FIRST_WITHOUT_CODE = 9.0;

  private static final int SECONDS_TO_ANSWER = 10;

  /** The cards of this machine; none where there is no NVIDIA driver. */
  static List<GraphicsCard> installed() {
    try {
      Process process =
          new ProcessBuilder("nvidia-smi", "--query-gpu=name,compute_cap", "--format=csv,noheader")
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return process.waitFor(SECONDS_TO_ANSWER, TimeUnit.SECONDS) && process.exitValue() == 0
          ? parse(output)
          : List.of();
    } catch (IOException e) {
      return List.of();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return List.of();
    }
  }

  /** Reads lines of {@code name, compute capability}. */
  static List<GraphicsCard> parse(String output) {
    return output
        .lines()
        .map(line -> line.split(","))
        .filter(parts -> parts.length == 2 && parts[1].strip().matches("\\d+\\.\\d+"))
        .map(parts -> new GraphicsCard(parts[0].strip(), Double.parseDouble(parts[1].strip())))
        .toList();
  }

  /** Whether the CUDA build of Stoker has code for it. */
  boolean usable() {
    return computeCapability >= OLDEST && computeCapability < FIRST_WITHOUT_CODE;
  }

  @Override
  public String toString() {
    return "%s (compute capability %s): %s"
        .formatted(
            name,
            computeCapability,
            usable()
                ? "usable by the CUDA build"
                : "not usable: the CUDA libraries hold code for 3.7 to 8.9 only");
  }
}
