// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.config;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.stoker.data.plan.Sampling;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ConfigFormatTest {
  @Test
  void writesEveryValueAndReadsItBack() throws IOException {
    TrainingConfig unusual = TrainingConfigTest.unusual();
    String text = ConfigFormat.toJson(unusual).toString();

    assertThat(ConfigFormat.fromJson(new ObjectMapper().readTree(text), "text")).isEqualTo(unusual);
    for (ClassWeighting weights :
        List.of(new ClassWeighting.Balanced(), new ClassWeighting.PerClass(Map.of("a-b", 2.5)))) {
      TrainingConfig weighted =
          unusual.toBuilder().classWeights(weights).sampling(Sampling.BALANCED).build();
      assertThat(
              ConfigFormat.fromJson(
                  new ObjectMapper().readTree(ConfigFormat.toJson(weighted).toString()), "text"))
          .isEqualTo(weighted);
    }
    assertThat(text).contains("\"local_steps\":7", "\"updater_state\":\"reset\"", "\"cosine\"");
  }
}
