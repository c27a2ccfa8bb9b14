// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.run;

import io.stoker.driver.config.JobIdentity;
import io.stoker.models.engine.ComputeEnvironment;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * What {@code run.json} says of a run.
 *
 * @param job what runs
 * @param rounds how many rounds it is to have; 0 where an older Stoker did not say
 * @param versions what it runs on, by name
 * @param environment what it computes in, from its first round to its last
 */
public record RunRecord(
    JobIdentity job, int rounds, Map<String, String> versions, ComputeEnvironment environment) {
  public RunRecord {
    versions = Collections.unmodifiableMap(new TreeMap<>(versions));
  }
}
