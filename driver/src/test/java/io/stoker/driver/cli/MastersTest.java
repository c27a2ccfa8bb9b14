package io.stoker.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.failure.ResourceException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import org.junit.jupiter.api.Test;

class MastersTest {
  @Test
  void knowsWhichRunInThisProcess() {
    assertThat(Masters.isLocal("local")).isTrue();
    assertThat(Masters.isLocal("local[*]")).isTrue();
    assertThat(Masters.isLocal("local[2, 3]")).isTrue();
    assertThat(Masters.isLocal("local-cluster[2, 1, 1024]")).isFalse();
    assertThat(Masters.isLocal("spark://localhost:7077")).isFalse();
  }

  @Test
  void knowsWhichAreWhollyOnThisMachine() {
    assertThat(Masters.isOnThisMachine("local[*]")).isTrue();
    assertThat(Masters.isOnThisMachine("spark://127.0.0.1:7077")).isTrue();
    assertThat(Masters.isOnThisMachine("spark://128.0.0.1:7077")).isFalse();
    assertThat(Masters.isOnThisMachine("yarn")).isFalse();
  }

  @Test
  void saysAtOnceThatNoMasterAnswers() throws IOException {
    int free;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      free = socket.getLocalPort();
      Masters.checkReachable("spark://127.0.0.1:1,127.0.0.1:" + free);
    }

    assertThatThrownBy(() -> Masters.checkReachable("spark://127.0.0.1:" + free))
        .isInstanceOf(ResourceException.class)
        .hasMessageContaining("spark://127.0.0.1:" + free);
    assertThatThrownBy(() -> Masters.checkReachable("spark://nonsense"))
        .isInstanceOf(ResourceException.class);
    Masters.checkReachable("yarn");
  }
}
