// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.config;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.base.Sha256;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * What a job's result depends on: its config without the fields that only say where things are or
 * when to end, the model's definition and the data. Two jobs with equal identities give
 * bit-identical parameters after the same number of rounds on the same kind of processor.
 *
 * @param config the config, its engine resolved
 * @param model the model's definition as text
 * @param dataSha256 the SHA-256 of the data's manifest
 * @param initialSha256 the SHA-256 of the file of the initial model, which stands in place of its
 *     location. Blank for a job without an initial model, and for jobs of earlier releases, which
 *     record the location only
 */
public record JobIdentity(
    TrainingConfig config, String model, String dataSha256, String initialSha256) {
  /**
   * Jobs of earlier releases do not record these keys. They are resumed with the arithmetic of
   * those releases.
   */
  private static final Set<String> ARITHMETIC = Set.of("convolution", "precision");

  private static final String INITIAL = "sha256_of_the_initial_model";

  /** The identity of a job that an earlier release began, or that has no initial model. */
  public JobIdentity(TrainingConfig config, String model, String dataSha256) {
    this(config, model, dataSha256, "");
  }

  /** The SHA-256 of the identity, in hexadecimal. */
  public String sha256() {
    return Sha256.hex(tree().toString().getBytes(StandardCharsets.UTF_8));
  }

  /**
   * This job, with another job's locations of the model's definition and of the initial model. Each
   * is taken over only if both jobs have the same content there.
   */
  public JobIdentity withLocationsOf(JobIdentity other) {
    TrainingConfig.Builder located = config.toBuilder();
    if (model.equals(other.model)) {
      located.model(other.config.model());
    }
    if (!initialSha256.isBlank() && initialSha256.equals(other.initialSha256)) {
      located.init(other.config.initialization().checkpoint());
    }
    return new JobIdentity(located.build(), model, dataSha256, initialSha256);
  }

  /**
   * Names the keys in which this job differs from another one, each with both values, such as
   * {@code batch: 32 here, 64 in the run}; empty if the jobs are the same.
   *
   * @param run the identity of the job that made the run folder
   */
  public List<String> differences(JobIdentity run) {
    List<String> differences = new ArrayList<>();
    ObjectNode here = tree();
    ObjectNode there = run.tree();
    Set<String> keys = new LinkedHashSet<>();
    here.fieldNames().forEachRemaining(keys::add);
    there.fieldNames().forEachRemaining(keys::add);
    for (String key : keys) {
      JsonNode ours = here.path(key);
      JsonNode other = there.path(key);
      if (!ours.equals(other)) {
        differences.add(
            key.equals("model_definition")
                ? "the model's definition has changed"
                : "%s: %s here, %s in the run%s"
                    .formatted(
                        key.replace('_', ' '),
                        text(key, ours),
                        text(key, other),
                        remedy(key, other)));
      }
    }
    return List.copyOf(differences);
  }

  private ObjectNode tree() {
    ObjectNode tree = ConfigFormat.toJson(config);
    boolean watchesLoss = config.optimizer().schedule().watchesLoss();
    for (TrainingOption option : TrainingOption.ofJob()) {
      if (!option.isOfIdentity(watchesLoss)) {
        tree.remove(option.key());
      }
    }
    tree.put("model_definition", model);
    tree.put("data_manifest_sha256", dataSha256);
    if (!initialSha256.isBlank()) {
      tree.remove("init");
      tree.put(INITIAL, initialSha256);
    }
    return tree;
  }

  private static String text(String key, JsonNode value) {
    return value.isMissingNode()
        ? ARITHMETIC.contains(key)
            ? TrainingOption.ofKey(key).earlier().orElseThrow().textValue()
            : "not set"
        : value.isTextual() ? value.textValue() : value.toString();
  }

  private static String remedy(String key, JsonNode other) {
    return ARITHMETIC.contains(key)
        ? " (resume it with --%s %s)".formatted(key, text(key, other))
        : "";
  }
}
