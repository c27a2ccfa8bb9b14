// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.bench.command;

import io.stoker.driver.bench.SimulatedCluster;
import io.stoker.driver.bench.StragglerSimulation.Rule;
import io.stoker.driver.bench.Stragglers;
import io.stoker.failure.Check;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Option;

/** The cluster that {@code bench averaging --simulate} computes rounds for. */
final class SimulationOptions {
  private static final String DEFAULT_BANDWIDTH = "10gbit";
  private static final String DEFAULT_LATENCY = "50us";
  private static final double DEFAULT_SLOW_FACTOR = 4;
  private static final double DEFAULT_RESTART_SECONDS = 30;
  private static final long SEED = 1;
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

  @Option(
      names = "--slow-workers",
      paramLabel = "X",
      description =
          "With --simulate: the share of the workers whose machines are slow, such as 0.125. With"
              + " this option, --tail or --failures-per-hour, compute how many examples a second"
              + " count, as a share of those of the cluster without slow machines and failures.")
  private Double slowWorkers;

  @Option(
      names = "--slow-factor",
      paramLabel = "X",
      description =
          "With --slow-workers: how many times as long their steps take (default: "
              + DEFAULT_SLOW_FACTOR
              + ").")
  private Double slowFactor;

  @Option(
      names = "--tail",
      paramLabel = "A",
      description =
          "With --simulate: in each round, the steps of each worker take longer by a factor of a"
              + " Pareto distribution: more than x with the probability of x to the power of -A.")
  private Double tail;

  @Option(
      names = "--failures-per-hour",
      paramLabel = "X",
      description = "With --simulate: how often each worker fails, on average.")
  private Double failures;

  @Option(
      names = "--restart-seconds",
      paramLabel = "X",
      description =
          "With --failures-per-hour: how long it takes until the worker begins its round again"
              + " (default: "
              + DEFAULT_RESTART_SECONDS
              + ").")
  private Double restartSeconds;

  @Option(
      names = "--quorum",
      paramLabel = "F,...",
      split = ",",
      description =
          "With --slow-workers, --tail or --failures-per-hour: also with rounds that end with this"
              + " share of the workers, as with --quorum of train.")
  private double[] quorums = {};

  /** Why some workers are slower than others; empty if none are. */
  Optional<Stragglers> stragglers() {
    boolean some = slowWorkers != null || tail != null || failures != null;
    Check.input(
        simulate || !some, "--slow-workers, --tail and --failures-per-hour go with --simulate");
    Check.input(
        slowFactor == null || slowWorkers != null, "--slow-factor goes with --slow-workers");
    Check.input(
        restartSeconds == null || failures != null,
        "--restart-seconds goes with --failures-per-hour");
    Check.input(
        quorums.length == 0 || some,
        "--quorum goes with --slow-workers, --tail or --failures-per-hour");
    for (double quorum : quorums) {
      Check.input(quorum > 0 && quorum <= 1, "Invalid --quorum: %s (must be > 0 and <= 1)", quorum);
    }
    return some
        ? Optional.of(
            new Stragglers(
                slowWorkers == null ? 0 : slowWorkers,
                slowFactor == null ? DEFAULT_SLOW_FACTOR : slowFactor,
                tail == null ? 0 : tail,
                failures == null ? 0 : failures,
                restartSeconds == null ? DEFAULT_RESTART_SECONDS : restartSeconds,
                SEED))
        : Optional.empty();
  }

  /** The rules that are compared: without and with work by speed, each with each quorum. */
  List<Rule> rules() {
    List<Rule> rules = new ArrayList<>();
    for (boolean bySpeed : new boolean[] {false, true}) {
      rules.add(new Rule(1, bySpeed));
      for (double quorum : quorums) {
        rules.add(new Rule(quorum, bySpeed));
      }
    }
    return rules;
  }

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
