// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.models.engine.Network;
import io.stoker.models.engine.StepSettings;
import io.stoker.models.spec.ModelSpec;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class MemoryTest {
  private static final int EXAMPLES = 8;
  private static final long ROOM_BYTES = 16L << 20;

  private static final ModelSpec MODEL =
      Batches.model(
          """
          name: everything
          input: [14, 14, 3]
          layers:
            - conv: {filters: 8, kernel: 3, padding: 1}
            - batch-norm
            - relu
            - lrn: {size: 5, k: 2, alpha: 0.0001, beta: 0.75}
            - max-pool: {kernel: 3, stride: 2}
            - conv: {filters: 8, kernel: 3, groups: 2}
            - scaled-tanh
            - average-pool: {kernel: 2, stride: 2}
            - lstm: 6
            - dropout: 0.5
            - dense: 4
          """);

  private final float[] images = Batches.images(MODEL, EXAMPLES, 1);
  private final float[] targets = Batches.targets(MODEL, EXAMPLES, 2);
  private final FloatBuffer parameters = FloatBuffer.wrap(Batches.initialParameters(MODEL));

  private void steps(Network network, int count) {
    for (int step = 0; step < count; step++) {
      network.computeGradients(images, targets, EXAMPLES - step % 2, step);
      network.update(new StepSettings(0.001f, 0.9f, 5e-4f, 10));
      network.predict(images, EXAMPLES, new float[EXAMPLES * MODEL.classes()]);
      network.inspect(
          images, 2, new int[] {0, 1}, 1, new float[2 * 14 * 14 * 8], new float[2 * 14 * 14 * 8]);
      network.readParameters(0, parameters.duplicate());
      network.writeParameters(0, parameters.duplicate());
    }
  }

  @Test
  void aStepLeavesNoNativeObject() {
    try (Network network = DeviceUnderTest.engine().create(MODEL, EXAMPLES)) {
      steps(network, 2);
      long before = Pointer.totalCount();

      steps(network, 3);

      assertThat(Pointer.totalCount()).isEqualTo(before);
    }
  }

  @Test
  void closingANetworkFreesItsNativeObjects() {
    steps(DeviceUnderTest.engine(), 1); // Loads classes, which keep some objects for good.
    long before = Pointer.totalCount();

    steps(DeviceUnderTest.engine(), 1);

    assertThat(Pointer.totalCount()).isEqualTo(before);
  }

  private void steps(TorchEngine engine, int count) {
    try (Network network = engine.create(MODEL, EXAMPLES)) {
      steps(network, count);
    }
  }

  /** In a process of its own, whose Java heap does not grow. */
  @Tag("slow")
  @Test
  void theProcessDoesNotGrowOverTenThousandSteps() throws Exception {
    Process process =
        new ProcessBuilder(
                ProcessHandle.current().info().command().orElseThrow(),
                "-Xms128m",
                "-Xmx128m",
                "-XX:+AlwaysPreTouch",
                "-Dstoker.check.device=" + System.getProperty("stoker.check.device", "cpu"),
                "-cp",
                System.getProperty("java.class.path"),
                ManySteps.class.getName())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

    assertThat(process.waitFor()).as(output).isZero();
    assertThat(output).contains("steps leave the process as it was");
  }

  /**
   * Takes 10,000 training steps, with all other calls in every tenth, and fails if native objects
   * or the process grow after the first 2,000.
   */
  static final class ManySteps {
    private static final int BLOCK = 100;
    private static final int WARM = 20;
    private static final int BLOCKS = 100;

    private ManySteps() {}

    public static void main(String[] arguments) {
      MemoryTest test = new MemoryTest();
      long[] resident = new long[BLOCKS];
      long[] objects = new long[BLOCKS];
      try (Network network = DeviceUnderTest.engine().create(MODEL, EXAMPLES)) {
        for (int block = 0; block < BLOCKS; block++) {
          for (int step = 0; step < BLOCK; step++) {
            network.computeGradients(test.images, test.targets, EXAMPLES - step % 2, step);
            network.update(new StepSettings(0.001f, 0.9f, 5e-4f, 10));
          }
          test.steps(network, BLOCK / 10);
          resident[block] = Pointer.physicalBytes();
          objects[block] = Pointer.totalCount();
        }
      }
      long grown = median(resident, BLOCKS - WARM, BLOCKS) - median(resident, WARM, 2 * WARM);
      if (grown > ROOM_BYTES || objects[BLOCKS - 1] != objects[WARM]) {
        throw new IllegalStateException(
            String.format(
                Locale.ROOT,
                "The process has grown by %d bytes, and from %d native objects to %d",
                grown,
                objects[WARM],
                objects[BLOCKS - 1]));
      }
      System.out.printf(
          Locale.ROOT,
          "%d steps leave the process as it was: %d MiB, %d native objects, grown by %d KiB%n",
          BLOCK * BLOCKS,
          resident[BLOCKS - 1] >> 20,
          objects[BLOCKS - 1],
          grown >> 10);
    }

    private static long median(long[] values, int from, int to) {
      long[] sorted = Arrays.copyOfRange(values, from, to);
      Arrays.sort(sorted);
      return sorted[sorted.length / 2];
    }
  }
}
