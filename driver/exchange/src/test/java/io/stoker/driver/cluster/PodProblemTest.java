// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Pods as the API server describes them. */
class PodProblemTest {
  private static Optional<String> problem(String status) throws JsonProcessingException {
    return PodProblem.of(
        new ObjectMapper()
            .readTree(
                "{\"items\": [{\"metadata\": {\"namespace\": \"stoker\", \"name\": \"train-exec-1\"},"
                    + " \"status\": "
                    + status
                    + "}]}"));
  }

  private static String waiting(String state) {
    return "{\"phase\": \"Pending\", \"containerStatuses\": [{\"image\": \"REGISTRY/no:1\", \"state\": {\"waiting\": "
        + state
        + "}}]}";
  }

  @Test
  void namesThePodTheImageAndTheRemedy() throws JsonProcessingException {
    assertThat(
            problem(
                waiting(
                    "{\"reason\": \"ImagePullBackOff\", \"message\": \"Back-off pulling image"
                        + " \\\"REGISTRY/no:1\\\"\"}")))
        .hasValue(
            "Pod stoker/train-exec-1 cannot start: ImagePullBackOff: Back-off pulling image"
                + " \"REGISTRY/no:1\"; correct spark.kubernetes.container.image, or name the secret"
                + " of its registry (spark.kubernetes.container.image.pullSecrets)");
    assertThat(problem(waiting("{\"reason\": \"InvalidImageName\"}")))
        .hasValueSatisfying(
            text -> assertThat(text).contains("InvalidImageName (image REGISTRY/no:1); correct"));
  }

  @Test
  void namesASecretThatIsMissing() throws JsonProcessingException {
    assertThat(
            problem(
                waiting(
                    "{\"reason\": \"CreateContainerConfigError\", \"message\": \"secret"
                        + " \\\"stoker-s3\\\" not found\"}")))
        .hasValue(
            "Pod stoker/train-exec-1 cannot start: CreateContainerConfigError: secret \"stoker-s3\""
                + " not found; create that object in the pod's namespace, or correct its name");
  }

  @Test
  void namesWhyNoNodeTakesAPod() throws JsonProcessingException {
    assertThat(
            problem(
                "{\"phase\": \"Pending\", \"conditions\": [{\"type\": \"PodScheduled\", \"status\":"
                    + " \"False\", \"reason\": \"Unschedulable\", \"message\": \"0/1 nodes are"
                    + " available: 1 Insufficient cpu.\"}]}"))
        .hasValueSatisfying(
            text ->
                assertThat(text)
                    .startsWith(
                        "Pod stoker/train-exec-1 stays pending: 0/1 nodes are available: 1"
                            + " Insufficient cpu; ask for less (spark.executor.cores")
                    .endsWith("or add nodes"));
  }

  @Test
  void hasNothingToSayOfPodsThatAreBeingStartedOrRun() throws JsonProcessingException {
    assertThat(problem(waiting("{\"reason\": \"ContainerCreating\"}"))).isEmpty();
    assertThat(
            problem(
                "{\"phase\": \"Running\", \"conditions\": [{\"type\": \"PodScheduled\", \"status\":"
                    + " \"True\"}], \"containerStatuses\": [{\"state\": {\"running\": {}}}]}"))
        .isEmpty();
    assertThat(problem("{\"phase\": \"Pending\"}")).isEmpty();
  }

  @Test
  void hasARemedyForWhatTheApiServerRefuses() {
    assertThat(
            PodProblem.refused(
                "pods \"train-exec-1\" is forbidden: exceeded quota: small, requested:"
                    + " limits.memory=6Gi, used: limits.memory=0, limited: limits.memory=2Gi"))
        .endsWith("or have the quota raised");
    assertThat(
            PodProblem.refused(
                "pods is forbidden: User \"system:serviceaccount:stoker:nobody\" cannot create"
                    + " resource \"pods\" in API group \"\" in the namespace \"stoker\""))
        .contains("kubectl apply -f deploy/kubernetes/access.yaml");
    assertThat(PodProblem.refused("Unauthorized")).contains("give a valid token");
  }
}
