// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.failure.ResourceException;
import io.stoker.models.engine.Devices;
import io.stoker.models.engine.Engine;
import io.stoker.models.engine.Engines;
import io.stoker.models.engine.Gpu;
import java.util.List;
import org.junit.jupiter.api.Test;

class BenchEngineTest {
  private static final Gpu A100 = new Gpu("A100", 8.0);
  private static final Gpu H100 = new Gpu("H100", 9.0);

  private final Engine engine = Engines.find("dl4j");

  private record Pretended(List<Gpu> gpus) implements Devices {
    @Override
    public int count() {
      return gpus.size();
    }

    @Override
    public Gpu gpu(int device) {
      return gpus.get(device);
    }

    @Override
    public void bind(int device) {
      throw new AssertionError("bound to " + gpus.get(device));
    }
  }

  @Test
  void takesCardsThatTheEngineHasCodeFor() {
    Devices gpus = new Pretended(List.of(A100, A100));

    assertThat(BenchEngine.usable(engine, gpus)).isSameAs(gpus);
  }

  @Test
  void refusesACardWithoutCodeBeforeAnythingRunsOnIt() {
    assertThatThrownBy(() -> BenchEngine.usable(engine, new Pretended(List.of(A100, H100))))
        .isInstanceOf(ResourceException.class)
        .hasMessageContaining("GPU 1, H100 (compute capability 9.0)")
        .hasMessageContaining("engine dl4j has code for");
  }
}
