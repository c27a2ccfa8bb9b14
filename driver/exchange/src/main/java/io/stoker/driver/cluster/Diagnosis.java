// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cluster;

import io.stoker.driver.cluster.ClusterSurvey.Surveyed;
import io.stoker.driver.spark.ByteSizes;
import io.stoker.failure.ResourceException;
import io.stoker.models.engine.Engine;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Judges a cluster by the facts that its processes have reported. */
public final class Diagnosis {
  /** Those that Spark runs on, and that a job has been run on. */
  private static final Set<Integer> JAVAS = Set.of(17, 21);

  private final ProcessFacts driver;
  private final List<Surveyed> executors;
  private final ClusterSurvey survey;

  /**
   * @param driver the facts of the driver
   * @param survey the facts of the executors
   */
  public Diagnosis(ProcessFacts driver, ClusterSurvey survey) {
    this.driver = driver;
    this.survey = survey;
    this.executors = survey.executors();
  }

  /**
   * Judges each aspect of the cluster.
   *
   * @param gpus the engine that shall compute on graphics cards, if one shall
   */
  public List<Verdict> verdicts(Optional<Engine> gpus) {
    List<Verdict> verdicts = new ArrayList<>();
    verdicts.add(java());
    verdicts.add(spark());
    verdicts.add(engines());
    verdicts.add(processors());
    verdicts.add(threads());
    verdicts.add(memory());
    gpus.ifPresent(engine -> verdicts.add(gpus(engine)));
    if (executors.stream().anyMatch(each -> !(each.storage() + each.storageProblem()).isEmpty())) {
      verdicts.add(storage());
    }
    return List.copyOf(verdicts);
  }

  private Verdict java() {
    return odd(facts -> !JAVAS.contains(feature(facts)))
        .map(
            odd ->
                Verdict.problem(
                    "java",
                    "%s runs Java %s; set JAVA_HOME there to Java 17 or 21"
                        .formatted(odd.place(), odd.facts().java())))
        .orElse(
            Verdict.ok(
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

  private Verdict spark() {
    return odd(facts -> !facts.spark().equals(driver.spark()))
        .map(
            odd ->
                Verdict.problem(
                    "spark",
                    "%s runs Spark %s, the driver %s; set SPARK_HOME to the cluster's own"
                        .formatted(odd.place(), odd.facts().spark(), driver.spark())))
        .orElse(Verdict.ok("spark", driver.spark() + " everywhere"));
  }

  private Verdict engines() {
    return odd(facts -> facts.engines().stream().noneMatch(EngineFacts::available))
        .map(
            odd ->
                Verdict.problem(
                    "engine",
                    "no engine runs in %s: the native libraries of stoker.jar are for Linux on x86-64"
                        .formatted(odd.place())))
        .orElse(
            Verdict.ok(
                "engine",
                distinct(
                        facts ->
                            facts.engines().stream()
                                .filter(EngineFacts::available)
                                .map(EngineFacts::name)
                                .collect(Collectors.joining(" and ")))
                    + " in each executor"));
  }

  private Verdict processors() {
    String kinds = distinct(facts -> facts.processor().kind());
    return kinds.contains(", ")
        ? Verdict.warning(
            "processors",
            "%s: results would differ in their last bits with the executor that trains, and train ends with exit code 4 where it finds two kinds; use machines of one kind, or set spark.executorEnv.ONEDNN_MAX_CPU_ISA=AVX2"
                .formatted(kinds))
        : Verdict.ok(
            "processors", kinds + " in each executor: results do not depend on which one trains");
  }

  /** A worker computes on one thread, see {@link io.stoker.models.engine.OpenMp}. */
  private Verdict threads() {
    return executors.stream()
        .filter(each -> each.slots() > each.facts().cores())
        .findFirst()
        .map(
            odd ->
                Verdict.warning(
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
        .orElse(Verdict.ok("threads", "one for each slot, no more than there are cores"));
  }

  /** Compares heap and native memory of all executors of a machine with the machine's memory. */
  private Verdict memory() {
    Map<String, Long> wanted = new TreeMap<>();
    Map<String, Long> there = new TreeMap<>();
    for (Surveyed each : executors) {
      ProcessFacts facts = each.facts();
      wanted.merge(facts.host(), facts.heapBytes() + bytes(facts.nativeLimit()), Long::sum);
      there.put(facts.host(), facts.memoryBytes());
    }
    return wanted.entrySet().stream()
        .filter(host -> host.getValue() > there.get(host.getKey()))
        .findFirst()
        .map(
            host ->
                Verdict.warning(
                    "memory",
                    "heap and native limits of the executors on %s are %s together, it has %s; lower --executor-memory or STOKER_NATIVE_MEMORY"
                        .formatted(
                            host.getKey(),
                            gibibytes(host.getValue()),
                            gibibytes(there.get(host.getKey())))))
        .orElse(
            Verdict.ok("memory", "heap and native limits of executors fit into their machines"));
  }

  private static long bytes(String limit) {
    return limit.matches("[0-9]+[kmgKMG]?") ? ByteSizes.bytes(limit) : 0;
  }

  private Verdict gpus(Engine engine) {
    try {
      GpuRequest.check(survey, engine);
      return Verdict.ok("gpus", "one for each slot, of kinds that the engine has code for");
    } catch (ResourceException e) {
      return Verdict.problem("gpus", e.getMessage());
    }
  }

  private Verdict storage() {
    return executors.stream()
        .filter(each -> !each.storageProblem().isEmpty())
        .findFirst()
        .map(
            odd ->
                Verdict.problem(
                    "storage", "from %s: %s".formatted(odd.place(), odd.storageProblem())))
        .orElse(Verdict.ok("storage", "written to and read from by each executor"));
  }

  private Optional<Surveyed> odd(Predicate<ProcessFacts> odd) {
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
