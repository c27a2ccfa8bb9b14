// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.failure.ResourceException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.List;
import org.junit.jupiter.api.Test;

class MasterUrlTest {
  @Test
  void knowsWhichRunInThisProcess() {
    assertThat(MasterUrl.isLocal("local")).isTrue();
    assertThat(MasterUrl.isLocal("local[*]")).isTrue();
    assertThat(MasterUrl.isLocal("local[2, 3]")).isTrue();
    assertThat(MasterUrl.isLocal("local-cluster[2, 1, 1024]")).isFalse();
    assertThat(MasterUrl.isLocal("spark://localhost:7077")).isFalse();
  }

  @Test
  void knowsWhichAreWhollyOnThisMachine() {
    assertThat(MasterUrl.isOnThisMachine("local[*]")).isTrue();
    assertThat(MasterUrl.isOnThisMachine("spark://127.0.0.1:7077")).isTrue();
    assertThat(MasterUrl.isOnThisMachine("spark://128.0.0.1:7077")).isFalse();
    assertThat(MasterUrl.isOnThisMachine("yarn")).isFalse();
  }

  @Test
  void saysAtOnceThatNoMasterAnswers() throws IOException {
    int free;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      free = socket.getLocalPort();
      MasterUrl.checkReachable("spark://127.0.0.1:1,127.0.0.1:" + free);
    }

    assertThatThrownBy(() -> MasterUrl.checkReachable("spark://127.0.0.1:" + free))
        .isInstanceOf(ResourceException.class)
        .hasMessageContaining("spark://127.0.0.1:" + free);
    assertThatThrownBy(() -> MasterUrl.checkReachable("spark://nonsense"))
        .isInstanceOf(ResourceException.class);
    MasterUrl.checkReachable("yarn");
  }

  @Test
  void saysAtOnceThatNoApiServerAnswers() throws IOException {
    int free;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      free = socket.getLocalPort();
      MasterUrl.checkReachable("k8s://https://127.0.0.1:" + free);
      MasterUrl.checkReachable("k8s://127.0.0.1:" + free);
    }

    for (String url : List.of("https://127.0.0.1:" + free, "127.0.0.1:" + free, "https://a b")) {
      assertThatThrownBy(() -> MasterUrl.checkReachable("k8s://" + url))
          .isInstanceOf(ResourceException.class)
          .hasMessageContaining("Cannot reach the API server of Kubernetes k8s://" + url);
    }
  }
}
