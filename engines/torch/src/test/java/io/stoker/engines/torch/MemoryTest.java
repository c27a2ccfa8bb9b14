// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.models.engine.Network;
import io.stoker.models.engine.StepSettings;
import io.stoker.models.spec.ModelSpec;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class MemoryTest {
  private static final int EXAMPLES = 8;
  private static final long ROOM_BYTES = 24L << 20;

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
  void theProcessDoesNotGrowOverManySteps() throws Exception {
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

  /** Takes steps, and fails if the process grows. */
  static final class ManySteps {
    private ManySteps() {}

    public static void main(String[] arguments) {
      MemoryTest test = new MemoryTest();
      try (Network network = DeviceUnderTest.engine().create(MODEL, EXAMPLES)) {
        test.steps(network, 500);
        long before = Pointer.physicalBytes();
        test.steps(network, 3000);
        long grown = Pointer.physicalBytes() - before;
        if (grown > ROOM_BYTES) {
          throw new IllegalStateException("The process has grown by " + grown + " bytes");
        }
      }
      System.out.println("steps leave the process as it was");
    }
  }
}
