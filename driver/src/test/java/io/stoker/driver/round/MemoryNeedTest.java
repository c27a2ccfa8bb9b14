package io.stoker.driver.round;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.driver.averaging.ParameterSlices;
import io.stoker.failure.ResourceException;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.zoo.Zoo;
import org.junit.jupiter.api.Test;

class MemoryNeedTest {
  private static final long MEBIBYTE = 1 << 20;
  private static final long GIBIBYTE = 1 << 30;

  /** 256 Mi parameters in slices of 1 Mi, 100 MiB of activations. */
  private static final MemoryNeed LARGE =
      new MemoryNeed(2, new ParameterSlices(1 << 28, 1, 1 << 20), 100 * MEBIBYTE);

  @Test
  void showsTheArithmeticOfHeapThatIsMissing() {
    assertThatCode(() -> LARGE.require(2, 54 * MEBIBYTE, 0)).doesNotThrowAnyException();
    assertThatThrownBy(() -> LARGE.require(2, 50 * MEBIBYTE, 0))
        .isInstanceOf(ResourceException.class)
        .hasMessageContaining("2 slots x (2 workers + 2) x 4 MiB a slice = 32 MiB, of 50 MiB")
        .hasMessageContaining("--executor-memory");
  }

  @Test
  void showsTheArithmeticOfNativeMemoryThatIsMissing() {
    assertThatCode(() -> LARGE.require(2, GIBIBYTE, 6344 * MEBIBYTE)).doesNotThrowAnyException();
    assertThatThrownBy(() -> LARGE.require(2, GIBIBYTE, 6343 * MEBIBYTE))
        .isInstanceOf(ResourceException.class)
        .hasMessageContaining(
            "2 slots x (3 vectors (parameters, gradients, momentum) x 1,024 MiB + 100 MiB of"
                + " activations) = 6,344 MiB, there are 6,343 MiB")
        .hasMessageContaining("STOKER_NATIVE_MEMORY");
  }

  @Test
  void asksForNothingWhereNobodyHasSaidWhatThereIs() {
    assertThatCode(() -> LARGE.require(2, GIBIBYTE, 0)).doesNotThrowAnyException();
  }

  @Test
  void countsTheOutputsOfABatchAndTheirGradients() {
    ModelSpec model = Zoo.model("perceptron", 10);
    long features = model.input().features();
    for (ModelSpec.Placed layer : model.placed()) {
      features +=
          (long) layer.output().height() * layer.output().width() * layer.output().channels();
    }

    MemoryNeed need =
        MemoryNeed.of(model, 32, 1, new ParameterSlices(model.parameterCount(), 1, 1024));

    assertThat(need.activations()).isEqualTo(features * 32 * 4 * 2);
  }
}
