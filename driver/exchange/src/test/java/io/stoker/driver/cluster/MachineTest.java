// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

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
}
