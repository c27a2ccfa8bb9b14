package io.stoker.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.failure.ResourceException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MachineTest {
  @Test
  void readsAProcessorFromLinux() {
    Processor processor =
        Processor.parse(
            List.of(
                "processor\t: 0",
                "model name\t: Some Processor: X",
                "flags\t\t: fpu avx2 sse4_2 avx512f rest"));

    assertThat(processor.name()).isEqualTo("Some Processor: X");
    assertThat(processor.vectorExtensions()).containsExactly("sse4_2", "avx2", "avx512f");
  }

  @Test
  void knowsWhichCardsHaveCode() {
    List<GraphicsCard> cards =
        GraphicsCard.parse(
            "NVIDIA A100-SXM4-40GB, 8.0\nNVIDIA L4, 8.9\nNVIDIA H100 PCIe, 9.0\nTesla K20, 3.5\n");

    assertThat(cards).extracting(GraphicsCard::usable).containsExactly(true, true, false, false);
    assertThat(cards.get(2).toString()).contains("NVIDIA H100 PCIe", "not usable");
  }

  @Test
  void ignoresWhatNvidiaSmiSaysWhenItFails() {
    assertThat(GraphicsCard.parse("NVIDIA-SMI has failed, no driver\n")).isEmpty();
  }

  @Test
  void probesStorageAndLeavesNothingBehind(@TempDir Path folder) throws IOException {
    StorageProbe.Result result = StorageProbe.run(folder.toString(), new Configuration());

    assertThat(result.bytes()).isEqualTo(1 << 20);
    assertThat(folder.toFile().listFiles())
        .allMatch(file -> !file.getName().startsWith(".stoker-probe"));
  }

  @Test
  void saysWhichStorageCannotBeUsed(@TempDir Path folder) throws IOException {
    Path file = Files.createFile(folder.resolve("file"));

    assertThatThrownBy(() -> StorageProbe.run(file.toString(), new Configuration()))
        .isInstanceOf(ResourceException.class)
        .hasMessageContaining(file.toString());
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
