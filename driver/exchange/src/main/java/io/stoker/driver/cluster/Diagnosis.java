// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cluster;

import io.stoker.driver.cluster.ClusterState.ExecutorState;
import io.stoker.driver.spark.ByteSizes;
import io.stoker.driver.spark.SupportedRuntime;
import io.stoker.failure.ResourceException;
import io.stoker.models.engine.Engine;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Judges a cluster by the facts that its processes have reported. */
public final class Diagnosis {
  private final ProcessFacts driver;
  private final List<ExecutorState> executors;
  private final ClusterState clusterState;

  /**
   * @param driver the facts of the driver
   * @param clusterState the facts of the executors
   */
  public Diagnosis(ProcessFacts driver, ClusterState clusterState) {
    this.driver = driver;
    this.clusterState = clusterState;
    this.executors = clusterState.executors();
  }

  /**
   * Judges each aspect of the cluster.
   *
   * @param gpus the engine that shall compute on graphics cards, if one shall
   */
  public List<Finding> findings(Optional<Engine> gpus) {
    List<Finding> findings = new ArrayList<>();
    findings.add(java());
    findings.add(spark());
    findings.add(engines());
    findings.add(processors());
    findings.add(threads());
    findings.add(memory());
    gpus.ifPresent(engine -> findings.add(gpus(engine)));
    if (executors.stream().anyMatch(each -> !(each.storage() + each.storageProblem()).isEmpty())) {
      findings.add(storage());
    }
    return List.copyOf(findings);
  }

  private Finding java() {
    return odd(facts -> !SupportedRuntime.runsOn(Runtime.Version.parse(facts.java())))
        .map(
            odd ->
                Finding.problem(
                    "java",
                    "%s runs Java %s; set JAVA_HOME there to Java %s"
                        .formatted(odd.place(), odd.facts().java(), SupportedRuntime.javas())))
        .orElse(
            Finding.ok(
                "java",
                Stream.concat(Stream.of(driver), executors.stream().map(each -> each.facts()))
                    .map(Diagnosis::feature)
                    .distinct()
                    .sorted()
                    .map(String::valueOf)
                    .collect(Collectors.joining(" and ", "", " everywhere"))));
  }

  private static int feature(ProcessFacts facts) {
    return Runtime.Version.parse(facts.java()).feature();
  }

  private Finding spark() {
    return odd(facts -> !facts.spark().equals(driver.spark()))
        .map(
            odd ->
                Finding.problem(
                    "spark",
                    "%s runs Spark %s, the driver %s; set SPARK_HOME to the cluster's own"
                        .formatted(odd.place(), odd.facts().spark(), driver.spark())))
        .orElse(Finding.ok("spark", driver.spark() + " everywhere"));
  }

  private Finding engines() {
    return odd(facts -> facts.engines().stream().noneMatch(EngineFacts::available))
        .map(
            odd ->
                Finding.problem(
                    "engine",
                    "no engine runs in %s: the native libraries of stoker.jar are for Linux on x86-64"
                        .formatted(odd.place())))
        .orElse(
            Finding.ok(
                "engine",
                distinct(
                        facts ->
                            facts.engines().stream()
                                .filter(EngineFacts::available)
                                .map(EngineFacts::name)
                                .collect(Collectors.joining(" and ")))
                    + " in each executor"));
  }

  private Finding processors() {
    String kinds = distinct(facts -> facts.processor().kind());
    return kinds.contains(", ")
        ? Finding.warning(
            "processors",
            "%s: results would differ in their last bits with the executor that trains, and train ends with exit code 4 where it finds two kinds; use machines of one kind, or set spark.executorEnv.ONEDNN_MAX_CPU_ISA=AVX2"
                .formatted(kinds))
        : Finding.ok(
            "processors", kinds + " in each executor: results do not depend on which one trains");
  }

  /** A worker computes on one thread, see {@link io.stoker.models.engine.OpenMp}. */
  private Finding threads() {
    return executors.stream()
        .filter(each -> each.slots() > each.facts().cores())
        .findFirst()
        .map(
            odd ->
                Finding.warning(
                    "threads",
                    String.format(
                        Locale.ROOT,
                        "%d slots on %d cores in %s: more workers than cores; %s",
                        odd.slots(),
                        odd.facts().cores(),
                        odd.place(),
                        odd.facts().isDriver()
                            ? "use --master local[" + odd.facts().cores() + "]"
                            : "set --executor-cores to at most " + odd.facts().cores())))
        .orElse(Finding.ok("threads", "one for each slot, no more than there are cores"));
  }

  /** Compares heap and native memory of all executors of a machine with the machine's memory. */
  private Finding memory() {
    Map<String, Long> wanted = new TreeMap<>();
    Map<String, Long> there = new TreeMap<>();
    for (ExecutorState each : executors) {
      ProcessFacts facts = each.facts();
      wanted.merge(facts.host(), facts.heapBytes() + bytes(facts.nativeLimit()), Long::sum);
      there.put(facts.host(), facts.memoryBytes());
    }
    return wanted.entrySet().stream()
        .filter(host -> host.getValue() > there.get(host.getKey()))
        .findFirst()
        .map(
            host ->
                Finding.warning(
                    "memory",
                    "heap and native limits of the executors on %s are %s together, it has %s; lower --executor-memory or STOKER_NATIVE_MEMORY"
                        .formatted(
                            host.getKey(),
                            gibibytes(host.getValue()),
                            gibibytes(there.get(host.getKey())))))
        .orElse(
            Finding.ok("memory", "heap and native limits of executors fit into their machines"));
  }

  private static long bytes(String limit) {
    return limit.matches("[0-9]+[kmgKMG]?") ? ByteSizes.bytes(limit) : 0;
  }

  private Finding gpus(Engine engine) {
    try {
      GpuRequest.check(clusterState, engine);
      return Finding.ok("gpus", "one for each slot, of kinds that the engine has code for");
    } catch (ResourceException e) {
      return Finding.problem("gpus", e.getMessage());
    }
  }

  private Finding storage() {
    return executors.stream()
        .filter(each -> !each.storageProblem().isEmpty())
        .findFirst()
        .map(
            odd ->
                Finding.problem(
                    "storage", "from %s: %s".formatted(odd.place(), odd.storageProblem())))
        .orElse(Finding.ok("storage", "written to and read from by each executor"));
  }

  private Optional<ExecutorState> odd(Predicate<ProcessFacts> odd) {
    return executors.stream().filter(each -> odd.test(each.facts())).findFirst();
  }

  private String distinct(Function<ProcessFacts, String> property) {
    return String.join(
        ", ",
        executors.stream()
            .map(each -> property.apply(each.facts()))
            .collect(Collectors.toCollection(TreeSet::new)));
  }

  private static String gibibytes(long bytes) {
    return String.format(Locale.ROOT, "%.1f GiB", bytes / (double) (1L << 30));
  }
}
