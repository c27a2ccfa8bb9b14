// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import io.stoker.driver.spark.KubernetesPods;
import io.stoker.driver.spark.KubernetesRefusals;
import java.util.Optional;
import java.util.Set;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * Why Kubernetes does not start a job's executors: in one line the object, the reason in the words
 * of Kubernetes, and what the user can do.
 */
public final class PodProblem {
  /** How long a job without an executor waits while Kubernetes has such a reason. */
  static final String SECONDS = "spark.stoker.executorSeconds";

  static final int PATIENCE = 30;

  /** A container of these reasons is being started. */
  private static final Set<String> STARTING = Set.of("ContainerCreating", "PodInitializing");

  private PodProblem() {}

  /** The problem at this moment; empty on another cluster, or if executors are being started. */
  public static Optional<String> of(JavaSparkContext spark) {
    if (spark.isLocal() || !KubernetesPods.isKubernetes(spark.master())) {
      return Optional.empty();
    }
    KubernetesRefusals.watch();
    return KubernetesRefusals.current()
        .map(reason -> "Kubernetes refuses the pods of executors: " + refused(reason))
        .or(() -> KubernetesPods.ofExecutors(spark).flatMap(PodProblem::of));
  }

  /** How long to wait for the first executor while there is a problem, in seconds. */
  static int patience(SparkConf conf) {
    return conf.getInt(SECONDS, PATIENCE);
  }

  /**
   * What the API server said, and the remedy.
   *
   * @param reason the message of the API server
   */
  public static String refused(String reason) {
    return reason + "; " + remedy(reason);
  }

  private static String remedy(String reason) {
    if (reason.contains("exceeded quota") || reason.contains("must specify")) {
      return "ask for less (spark.executor.instances, spark.executor.cores,"
          + " spark.executor.memory, spark.executor.memoryOverhead), or have the quota raised";
    }
    if (reason.startsWith("Forbidden")
        || (reason.contains("cannot ") && reason.contains(" resource "))) {
      return "give this account these rights (kubectl apply -f deploy/kubernetes/access.yaml), name"
          + " one that has them (spark.kubernetes.authenticate.driver.serviceAccountName), or"
          + " another namespace (spark.kubernetes.namespace)";
    }
    if (reason.contains("Unauthorized")) {
      return "give a valid token (spark.kubernetes.authenticate.oauthToken, or the kubeconfig's)";
    }
    if (reason.contains("namespaces ") && reason.contains("not found")) {
      return "create the namespace, or name another one (spark.kubernetes.namespace)";
    }
    return "correct the settings spark.kubernetes.* or the pod template";
  }

  /**
   * The first problem of some pods.
   *
   * @param pods a list of pods in the API's format
   */
  static Optional<String> of(JsonNode pods) {
    for (JsonNode pod : pods.path("items")) {
      String name =
          "Pod %s/%s "
              .formatted(pod.at("/metadata/namespace").asText(), pod.at("/metadata/name").asText());
      Optional<String> problem = waiting(pod).or(() -> unscheduled(pod));
      if (problem.isPresent()) {
        return problem.map(text -> name + text);
      }
    }
    return Optional.empty();
  }

  /** Why a container on a node does not start. */
  private static Optional<String> waiting(JsonNode pod) {
    for (JsonNode container : pod.at("/status/containerStatuses")) {
      JsonNode waiting = container.at("/state/waiting");
      String reason = waiting.path("reason").asText();
      if (!reason.isEmpty() && !STARTING.contains(reason)) {
        return Optional.of(
            "cannot start: %s%s; %s"
                .formatted(
                    reason,
                    waiting.path("message").asText().isEmpty()
                        ? " (image %s)".formatted(container.path("image").asText())
                        : ": " + waiting.path("message").asText().strip(),
                    remedyOfContainer(reason)));
      }
    }
    return Optional.empty();
  }

  private static String remedyOfContainer(String reason) {
    return reason.contains("Image")
        ? "correct spark.kubernetes.container.image, or name the secret of its registry"
            + " (spark.kubernetes.container.image.pullSecrets)"
        : reason.equals("CreateContainerConfigError")
            ? "create that object in the pod's namespace, or correct its name"
            : "see kubectl describe pod";
  }

  /** Why no node takes it. */
  private static Optional<String> unscheduled(JsonNode pod) {
    for (JsonNode condition : pod.at("/status/conditions")) {
      if (condition.path("type").asText().equals("PodScheduled")
          && condition.path("status").asText().equals("False")) {
        return Optional.of(
            "stays pending: %s; ask for less (spark.executor.cores, spark.executor.memory,"
                    .formatted(condition.path("message").asText().strip().replaceAll("\\.$", ""))
                + " spark.executor.memoryOverhead), correct the node selector, or add nodes");
      }
    }
    return Optional.empty();
  }
}
