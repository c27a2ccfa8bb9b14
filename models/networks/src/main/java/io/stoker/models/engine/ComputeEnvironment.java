// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.engine;

import io.stoker.failure.ResourceException;
import java.io.Serializable;
import java.util.Collections;
import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * What decides the bits of a job's results in addition to the job: see {@link Engine#environment}.
 * A job is computed with one environment, from its first round to its last, on all executors.
 *
 * @param values by their names; empty for a job of an earlier release, which did not record them
 */
public record ComputeEnvironment(SortedMap<String, String> values) implements Serializable {
  /** That of jobs that did not record it: each environment fits. */
  public static final ComputeEnvironment NOT_RECORDED =
      new ComputeEnvironment(Collections.emptySortedMap());

  public ComputeEnvironment {
    values = Collections.unmodifiableSortedMap(new TreeMap<>(values));
  }

  /** That of this process. */
  public static ComputeEnvironment here(Engine engine, Precision precision) {
    return new ComputeEnvironment(engine.environment(precision));
  }

  /** Whether it is known. */
  public boolean isRecorded() {
    return !values.isEmpty();
  }

  /**
   * Makes sure that a process computes the bits of this job.
   *
   * @param here the environment of the process
   * @param place what to call the process in the error
   * @throws ResourceException if another value is there; the message says which, and the remedy
   */
  public void require(ComputeEnvironment here, String place) {
    if (!isRecorded() || equals(here)) {
      return;
    }
    TreeSet<String> names = new TreeSet<>(values.keySet());
    names.addAll(here.values.keySet());
    names.removeIf(name -> value(name).equals(here.value(name)));
    throw new ResourceException(
        "Cannot compute the same bits in %s: %s; %s"
            .formatted(
                place,
                names.stream()
                    .map(
                        name ->
                            "%s is %s there, and %s in the job"
                                .formatted(name, here.value(name), value(name)))
                    .collect(Collectors.joining(", ")),
                names.stream().map(this::remedy).collect(Collectors.joining(", "))));
  }

  private String value(String name) {
    return values.getOrDefault(name, "not set");
  }

  private String remedy(String name) {
    if (name.equals(Engine.INSTRUCTION_SET)) {
      return "set ONEDNN_MAX_CPU_ISA=%s (for executors spark.executorEnv.ONEDNN_MAX_CPU_ISA) where"
              .formatted(value(name))
          + " the processor has more, or use a processor that has it";
    }
    if (!name.equals(name.toUpperCase(Locale.ROOT))) {
      return "use a machine of the same kind";
    }
    return values.containsKey(name)
        ? "set %s=%s (for executors spark.executorEnv.%s)".formatted(name, value(name), name)
        : "unset " + name;
  }
}
