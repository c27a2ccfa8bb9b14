// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.bench.command;

import io.stoker.driver.bench.SimulatedCluster;
import io.stoker.failure.Check;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Option;

/** The cluster that {@code bench averaging --simulate} computes rounds for. */
final class SimulationOptions {
  private static final String DEFAULT_BANDWIDTH = "10gbit";
  private static final String DEFAULT_LATENCY = "50us";
  private static final Pattern BANDWIDTH = Pattern.compile("([1-9][0-9]{0,5})([mg])bit");
  private static final Pattern LATENCY = Pattern.compile("([0-9]{1,6})([um])s");

  @Option(
      names = "--simulate",
      description =
          "Compute the rounds of a cluster that is not at hand, and run nothing. docs/scaling.md"
              + " describes the model.")
  private boolean simulate;

  @Option(
      names = "--bandwidth",
      paramLabel = "Ngbit",
      description =
          "With --simulate: what the link of a worker carries in each direction, such as 25gbit or"
              + " 500mbit (default: "
              + DEFAULT_BANDWIDTH
              + ").")
  private String bandwidth;

  @Option(
      names = "--latency",
      paramLabel = "Nus",
      description =
          "With --simulate: the time from one host to another, such as 50us or 1ms (default: "
              + DEFAULT_LATENCY
              + ").")
  private String latency;

  @Option(
      names = "--cores-per-worker",
      paramLabel = "X",
      description =
          "With --simulate: less than 1 if workers share cores, such as 0.25 for eight on two cores"
              + " (default: 1).")
  private Double cores;

  /**
   * The cluster, if there is one to simulate.
   *
   * @throws io.stoker.failure.InputException if an option makes no sense
   */
  Optional<SimulatedCluster> cluster() {
    if (!simulate) {
      Check.input(
          bandwidth == null && latency == null && cores == null,
          "--bandwidth, --latency and --cores-per-worker go with --simulate");
      return Optional.empty();
    }
    return Optional.of(
        new SimulatedCluster(
            bytesPerSecond(bandwidth == null ? DEFAULT_BANDWIDTH : bandwidth),
            seconds(latency == null ? DEFAULT_LATENCY : latency),
            cores == null ? 1 : cores));
  }

  private static double bytesPerSecond(String text) {
    Matcher matcher = BANDWIDTH.matcher(text);
    Check.input(matcher.matches(), "Invalid --bandwidth: %s (such as 25gbit or 500mbit)", text);
    double bits = Long.parseLong(matcher.group(1)) * (matcher.group(2).equals("g") ? 1e9 : 1e6);
    return bits / Byte.SIZE;
  }

  private static double seconds(String text) {
    Matcher matcher = LATENCY.matcher(text);
    Check.input(matcher.matches(), "Invalid --latency: %s (such as 50us or 1ms)", text);
    return Long.parseLong(matcher.group(1)) / (matcher.group(2).equals("u") ? 1e6 : 1e3);
  }
}
