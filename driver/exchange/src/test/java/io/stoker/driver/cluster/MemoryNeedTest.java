// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.driver.LocalSpark;
import io.stoker.failure.InputException;
import io.stoker.failure.ResourceException;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.zoo.Zoo;
import java.util.List;
import java.util.Map;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MemoryNeedTest {
  private static final long MEBIBYTE = 1 << 20;
  private static final long GIBIBYTE = 1 << 30;

  /** 784 inputs, 10 outputs, 7,850 parameters. */
  private static final ModelSpec PERCEPTRON = Zoo.model("perceptron", 10);

  private static final int MEBI = 1 << 20;

  private static ProcessMemory memory(long heap, long outside) {
    return new ProcessMemory("an executor", heap, outside, "--executor-memory");
  }

  @Test
  void trainingShowsTheArithmeticOfHeapThatIsMissing() {
    MemoryNeed need = MemoryNeed.ofTraining(PERCEPTRON, 1, 2, 4 * MEBIBYTE, 0, 1);

    assertThatCode(() -> need.require(2, memory(54 * MEBIBYTE, 0))).doesNotThrowAnyException();
    assertThatThrownBy(() -> need.require(2, memory(50 * MEBIBYTE, 0)))
        .isInstanceOf(ResourceException.class)
        .hasMessageStartingWith(
            "Not enough heap in an executor: 2 slots x ((2 workers + 2) x 4 MiB a slice + 3 batches"
                + " x 1 MiB of images) = 33 MiB, of 50 MiB there are 30 MiB for that")
        .hasMessageContaining("--executor-memory");
    assertThat(need.fits(2, memory(54 * MEBIBYTE, 0))).isTrue();
    assertThat(need.fits(2, memory(50 * MEBIBYTE, 0))).isFalse();
  }

  @Test
  void trainingCountsWhatAWorkerKeepsWhileRoundsOverlap() {
    MemoryNeed need = MemoryNeed.ofTraining(PERCEPTRON, 1, 2, 4 * MEBIBYTE, 7 * MEBIBYTE, 1);

    assertThat(need.inHeap(2)).contains("3 batches x 1 MiB of images + 7 MiB of sent values)");
    assertThat(need.fits(2, memory(75 * MEBIBYTE, 0))).isFalse();
    assertThat(need.fits(2, memory(80 * MEBIBYTE, 0))).isTrue();
  }

  @Test
  void theTwoMomentsOfAdamWCountOutsideTheHeap() {
    MemoryNeed need = MemoryNeed.ofTraining(PERCEPTRON, 1, 2, 4 * MEBIBYTE, 0, 2);

    assertThatThrownBy(() -> need.require(2, memory(GIBIBYTE, 1)))
        .isInstanceOf(ResourceException.class)
        .hasMessageContaining("(4 vectors (parameters, gradients, two moments) x 1 MiB");
  }

  @Test
  void predictionCountsTheBatchesThatAreReadAhead() {
    MemoryNeed need = MemoryNeed.ofPrediction(PERCEPTRON, MEBI, true);

    assertThatThrownBy(() -> need.require(2, memory(GIBIBYTE, 0)))
        .isInstanceOf(ResourceException.class)
        .hasMessageContaining("2 slots x 3 batches x 3,136 MiB of images = 18,816 MiB")
        .hasMessageContaining("or take a smaller --batch");
    assertThatCode(() -> need.require(2, memory(31 * GIBIBYTE, 0))).doesNotThrowAnyException();
  }

  @Test
  void showsTheArithmeticOfNativeMemoryThatIsMissing() {
    MemoryNeed need = MemoryNeed.ofOneBatch(PERCEPTRON, MEBI);

    // 2 x (3 x 31,400 bytes + 794 values x 4 bytes x 2 x 2^20)
    String arithmetic =
        "2 slots x (3 vectors (parameters, gradients, momentum) x 1 MiB + 6,352 MiB of"
            + " activations) = 12,705 MiB";
    assertThat(need.outsideHeap(2)).isEqualTo(arithmetic);
    assertThatCode(() -> need.require(2, memory(12 * GIBIBYTE, 12_705 * MEBIBYTE)))
        .doesNotThrowAnyException();
    assertThatThrownBy(() -> need.require(2, memory(12 * GIBIBYTE, 12_704 * MEBIBYTE)))
        .isInstanceOf(ResourceException.class)
        .hasMessageContaining(arithmetic + ", there are 12,704 MiB")
        .hasMessageContaining("STOKER_NATIVE_MEMORY")
        .hasMessageContaining("-Dorg.bytedeco.javacpp.maxbytes");
  }

  @Test
  void aNetworkThatPredictsDoesNotKeepTheOutputsOfItsLayers() {
    ModelSpec deep = Zoo.model("resnet-50", 1000);
    MemoryNeed predicting = MemoryNeed.ofPrediction(deep, 64, true);

    // 6 x 25,610,152 x 4 bytes + 8 x 112 x 112 x 64 values x 64 x 4 bytes
    assertThat(predicting.outsideHeap(1))
        .isEqualTo(
            "1 slot x (6 vectors (parameters in the orders of a library) x 98 MiB + 1,568 MiB of"
                + " activations) = 2,155 MiB");
    assertThat(predicting.fits(2, memory(8 * GIBIBYTE, 5 * GIBIBYTE))).isTrue();
    for (MemoryNeed all :
        List.of(MemoryNeed.ofPrediction(deep, 64, false), MemoryNeed.ofActivations(deep, 64))) {
      assertThat(all.outsideHeap(1)).isEqualTo(MemoryNeed.ofOneBatch(deep, 64).outsideHeap(1));
      assertThat(all.fits(2, memory(8 * GIBIBYTE, 5 * GIBIBYTE))).isFalse();
    }
  }

  @Test
  void aSmallBatchTakesNoMoreMemoryToPredictThanToLearn() {
    ModelSpec large = Zoo.model("alexnet", 1000);

    assertThat(MemoryNeed.ofPredictingOneBatch(large, 1, true).outsideHeap(1))
        .isEqualTo(MemoryNeed.ofOneBatch(large, 1).outsideHeap(1));
  }

  @ParameterizedTest
  @CsvSource({
    "'', '', '', 0",
    "4g, '', '', 4096",
    // Plain spark-submit on a standalone cluster, which knows no overhead.
    "'', '', -Dorg.bytedeco.javacpp.maxbytes=2g -Dorg.bytedeco.javacpp.maxphysicalbytes=0, 2048",
    "'', -Dorg.bytedeco.javacpp.maxbytes=4g, '', 4096",
    "'', -Dorg.bytedeco.javacpp.maxbytes=4g, -ea \"-Dorg.bytedeco.javacpp.maxBytes=512MB\", 512",
    "8g, -Dorg.bytedeco.javacpp.maxbytes=4g, '', 8192",
    "2g, -Dorg.bytedeco.javacpp.maxbytes=4g, '', 2048",
    "2g, -Dorg.bytedeco.javacpp.maxbytes=0, '', 2048",
    "'', '', -Dorg.bytedeco.javacpp.maxbytes=50%, 0"
  })
  void memoryOutsideTheHeapIsTheOverheadOrElseTheLimitOfNativeMemory(
      String overhead, String defaults, String options, long mebibytes) {
    SparkConf conf =
        new SparkConf(false)
            .set("spark.executor.defaultJavaOptions", defaults)
            .set("spark.executor.extraJavaOptions", options);
    if (!overhead.isEmpty()) {
      conf.set("spark.executor.memoryOverhead", overhead);
    }

    assertThat(ProcessMemory.configuredOutside(conf)).isEqualTo(mebibytes * MEBIBYTE);
    conf.set("spark.task.resource.gpu.amount", "1");
    assertThat(ProcessMemory.configuredOutside(conf))
        .isEqualTo(overhead.isEmpty() ? 0 : mebibytes * MEBIBYTE);
  }

  @Test
  void memoryOutsideTheHeapIsNotCheckedIfTheLimitIsNotKnown() {
    MemoryNeed need = MemoryNeed.ofOneBatch(PERCEPTRON, MEBI);

    assertThatCode(() -> need.require(2, memory(12 * GIBIBYTE, 0))).doesNotThrowAnyException();
  }

  @ParameterizedTest
  @ValueSource(strings = {"perceptron", "lenet5", "alexnet"})
  void refusesABatchThatNoArrayCanHold(String name) {
    ModelSpec model = Zoo.model(name, 10);

    assertThatThrownBy(() -> MemoryNeed.ofPrediction(model, Integer.MAX_VALUE, true))
        .isInstanceOf(InputException.class)
        .hasMessageStartingWith("Invalid batch size: 2147483647 (must be <= ")
        .hasMessageContaining(name);
    assertThatThrownBy(() -> MemoryNeed.ofTraining(model, Integer.MAX_VALUE, 1, 1, 0, 1))
        .isInstanceOf(InputException.class);
    assertThatThrownBy(() -> MemoryNeed.ofOneBatch(model, Integer.MAX_VALUE))
        .isInstanceOf(InputException.class);
  }

  @Test
  void doesNotOverflow() {
    MemoryNeed need =
        MemoryNeed.ofTraining(
            PERCEPTRON, 1, Integer.MAX_VALUE, Long.MAX_VALUE / 2, Long.MAX_VALUE / 2, 1);

    assertThat(need.fits(Integer.MAX_VALUE, memory(Long.MAX_VALUE / 2, 0))).isFalse();
    assertThatThrownBy(() -> need.require(Integer.MAX_VALUE, memory(GIBIBYTE, 0)))
        .isInstanceOf(ResourceException.class);
    assertThat(MemoryNeed.ofAveraging(Long.MAX_VALUE, 2, 1).fits(2, memory(GIBIBYTE, GIBIBYTE)))
        .isFalse();
  }

  @Test
  void theMemoryOfAllSlotsOfAnExecutorIsCheckedBeforeAJobRuns() {
    long heap = Runtime.getRuntime().maxMemory();
    int half = (int) (heap * 0.5 / (784 * Float.BYTES));
    MemoryNeed need = MemoryNeed.ofOneBatch(PERCEPTRON, half);
    try (JavaSparkContext spark =
        LocalSpark.start("local[2]", Map.of("spark.executor.memory", "1000g"))) {
      assertThatThrownBy(() -> MemoryCheck.require(spark, need, 2, 1))
          .isInstanceOf(ResourceException.class)
          .hasMessageContaining(" MiB of images = ")
          .hasMessageContaining("--driver-memory");
    }
  }
}
