// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.config;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.data.plan.Sampling;
import io.stoker.models.engine.ConvolutionAlgorithm;
import io.stoker.models.engine.Precision;
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
    TrainingConfig.Builder weighted =
        unusual.toBuilder().set("cutmix", 0).set("sampling", Sampling.BALANCED);
    for (TrainingConfig config :
        List.of(
            weighted.set("class_weights", new ClassWeighting.Balanced()).build(),
            weighted.set("class_weights", new ClassWeighting.PerClass(Map.of("a-b", 2.5))).build(),
            unusual.toBuilder().set("ema", 0).set("swa", 3).build())) {
      assertThat(
              ConfigFormat.fromJson(
                  new ObjectMapper().readTree(ConfigFormat.toJson(config).toString()), "text"))
          .isEqualTo(config);
    }
    assertThat(ConfigFormat.fromJson(withoutArithmetic(text), "text"))
        .as("a job of a release that had direct convolutions in fp32 only")
        .isEqualTo(
            unusual.toBuilder()
                .precision(Precision.FP32)
                .convolution(ConvolutionAlgorithm.DIRECT)
                .build());
    assertThat(text).contains("\"local_steps\":7", "\"updater_state\":\"reset\"", "\"cosine\"");
  }

  private static JsonNode withoutArithmetic(String text) throws IOException {
    ObjectNode json = (ObjectNode) new ObjectMapper().readTree(text);
    return json.without(List.of("precision", "convolution"));
  }
}
