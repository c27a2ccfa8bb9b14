// SPDX-License-Identifier: Apache-2.0
package io.stoker.worker.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.failure.ResourceException;
import io.stoker.models.engine.Arithmetic;
import io.stoker.models.engine.ComputeEnvironment;
import io.stoker.models.engine.Engine;
import io.stoker.models.engine.Engines;
import io.stoker.models.engine.Network;
import io.stoker.models.engine.Precision;
import io.stoker.models.engine.RateMultipliers;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.zoo.Zoo;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class ReplicaKeyTest {
  private static final Engine ENGINE = Engines.named("onednn");
  private static final ModelSpec MODEL = Zoo.model("perceptron", 10);

  private static ReplicaKey in(ComputeEnvironment environment) {
    return new ReplicaKey(
        MODEL,
        ENGINE.name(),
        4,
        RateMultipliers.ones(MODEL),
        "",
        Arithmetic.FASTEST_FP32,
        environment);
  }

  @Test
  void buildsNetworksInTheEnvironmentOfTheJob() {
    ComputeEnvironment here = ComputeEnvironment.here(ENGINE, Precision.FP32);
    try (Network network = in(here).create()) {
      assertThat(network.batchCapacity()).isEqualTo(4);
    }
    try (Network network = in(ComputeEnvironment.NOT_RECORDED).create()) {
      assertThat(network.batchCapacity()).isEqualTo(4);
    }
  }

  @Test
  void buildsNoneThatWouldComputeOtherBits() {
    TreeMap<String, String> other = new TreeMap<>(ENGINE.environment(Precision.FP32));
    other.put(Engine.INSTRUCTION_SET, "SSE41");
    other.put("SD_X", "1");

    assertThatThrownBy(() -> in(new ComputeEnvironment(other)).create())
        .isInstanceOf(ResourceException.class)
        .hasMessageStartingWith("Cannot compute the same bits in this process: SD_X is not set")
        .hasMessageContaining("instruction_set is ")
        .hasMessageContaining("ONEDNN_MAX_CPU_ISA=SSE41")
        .hasMessageContaining("set SD_X=1 (for executors spark.executorEnv.SD_X)");
  }
}
