// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.ConnectException;
import org.junit.jupiter.api.Test;

/** Messages of the client as API servers made it write them. */
class KubernetesRefusalsTest {
  @Test
  void findsTheWordsOfTheApiServer() {
    assertThat(
            KubernetesRefusals.text(
                "Failure executing: POST at: https://127.0.0.1/api/v1/namespaces/full/pods. Message:"
                    + " pods \"train-exec-1\" is forbidden: exceeded quota: small, requested:"
                    + " limits.memory=5Gi, used: limits.memory=0, limited: limits.memory=1Gi."
                    + " Received status: Status(apiVersion=v1, code=403, ...).",
                null))
        .isEqualTo(
            "pods \"train-exec-1\" is forbidden: exceeded quota: small, requested: limits.memory=5Gi,"
                + " used: limits.memory=0, limited: limits.memory=1Gi");
    assertThat(
            KubernetesRefusals.text(
                "Failure executing: GET at: https://127.0.0.1/api/v1/pods. Message: Unauthorized.",
                null))
        .isEqualTo("Unauthorized");
  }

  @Test
  void namesTheRequestIfTheApiServerSaysNoMoreThanForbidden() {
    assertThat(
            KubernetesRefusals.text(
                "Received 403 on websocket. Failure executing: GET at:"
                    + " https://127.40.153.1:443/api/v1/namespaces/stoker/pods?watch=true. Message:"
                    + " Forbidden.",
                null))
        .isEqualTo("Forbidden: GET /api/v1/namespaces/stoker/pods");
  }

  @Test
  void tellsTheCauseIfTheClientDoesNot() {
    assertThat(
            KubernetesRefusals.text(
                "An error has occurred.", new ConnectException("Connection refused")))
        .isEqualTo("Connection refused");
    assertThat(KubernetesRefusals.reason(new IllegalStateException("no client"))).isEmpty();
  }
}
