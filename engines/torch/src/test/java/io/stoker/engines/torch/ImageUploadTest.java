// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.models.engine.ByteImages;
import io.stoker.models.engine.Network;
import io.stoker.models.engine.RateMultipliers;
import io.stoker.models.engine.StepSettings;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Shape;
import io.stoker.models.zoo.Zoo;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The way of images to a GPU, on the processor. */
@SuppressWarnings("try") // Scopes are opened and closed, and not used in between.
class ImageUploadTest {
  private static final Shape SHAPE = new Shape(2, 3, 1);
  private static final int CAPACITY = 2;

  /** Notes what is asked of it, and lets copies run as late as they may. */
  private static final class LateOrder implements BufferOrder {
    private final String name;
    private final List<String> log;
    private Runnable queued = () -> {};

    LateOrder(String name, List<String> log) {
      this.name = name;
      this.log = log;
    }

    void run() {
      queued.run();
      queued = () -> {};
    }

    @Override
    public void awaitCopied() {
      log.add(name + " awaits its copies");
      run();
    }

    @Override
    public void copy(Runnable copies) {
      log.add(name + " copies");
      queued = copies;
    }

    @Override
    public void computed() {
      log.add(name + " is read");
    }
  }

  private final List<String> log = new ArrayList<>();
  private final List<LateOrder> orders = new ArrayList<>();

  private BufferOrder late() {
    orders.add(new LateOrder("buffer " + orders.size(), log));
    return orders.get(orders.size() - 1);
  }

  private static NetworkMemory memory(boolean copiesAhead) {
    return new NetworkMemory(new Settings(Settings.PROCESSOR, Products.FP32, false, copiesAhead));
  }

  private static float[] batch(float value) {
    float[] images = new float[CAPACITY * SHAPE.features()];
    for (int i = 0; i < images.length; i++) {
      images[i] = value + i;
    }
    return images;
  }

  private static float[] values(NetworkMemory memory, Tensor images) {
    float[] values = new float[Math.toIntExact(images.numel())];
    memory.download(images, values);
    return values;
  }

  @Test
  void twoBuffersTakeTurnsAndAreOverwrittenWhenTheirCopiesHaveEnded() {
    try (PointerScope scope = new PointerScope();
        NetworkMemory memory = memory(true)) {
      ImageUpload upload = new ImageUpload(memory, SHAPE, CAPACITY, this::late);
      for (int step = 0; step < 3; step++) {
        upload.send(batch(step), CAPACITY);
        upload.computed();
      }
    }

    assertThat(log)
        .containsExactly(
            "buffer 0 awaits its copies",
            "buffer 0 copies",
            "buffer 0 is read",
            "buffer 1 awaits its copies",
            "buffer 1 copies",
            "buffer 1 is read",
            "buffer 0 awaits its copies",
            "buffer 0 copies",
            "buffer 0 is read");
  }

  @Test
  void theNextImagesAreSentWhileTheLastOnesAreRead() {
    try (PointerScope scope = new PointerScope();
        NetworkMemory memory = memory(true)) {
      ImageUpload upload = new ImageUpload(memory, SHAPE, CAPACITY, this::late);
      Tensor first = upload.send(batch(100), CAPACITY);
      Tensor second = upload.send(batch(200), CAPACITY);
      orders.forEach(LateOrder::run);

      assertThat(values(memory, first)).isEqualTo(batch(100));
      assertThat(values(memory, second)).isEqualTo(batch(200));

      Tensor third = upload.send(batch(300), CAPACITY);
      assertThat(values(memory, first)).as("the copy has not begun").isEqualTo(batch(100));
      orders.forEach(LateOrder::run);
      assertThat(values(memory, third)).isEqualTo(batch(300));
      assertThat(values(memory, second)).isEqualTo(batch(200));
    }
  }

  @Test
  void theProcessorReadsImagesWhereTheyAre() {
    try (PointerScope scope = new PointerScope();
        NetworkMemory memory = memory(false)) {
      ImageUpload upload = new ImageUpload(memory, SHAPE, CAPACITY, memory::order);
      Tensor first = upload.send(batch(1), CAPACITY);
      Tensor second = upload.send(batch(2), 1);

      assertThat(second.data_ptr().address()).isEqualTo(first.data_ptr().address());
      assertThat(values(memory, second)).isEqualTo(new float[] {2, 3, 4, 5, 6, 7});
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void bytesBecomeTheBitsAndTheMemoryOrderOfNormalizedImages(int channels) {
    Shape shape = new Shape(5, 4, channels);
    SplittableRandom random = new SplittableRandom(1);
    byte[] pixels = new byte[CAPACITY * shape.features()];
    random.nextBytes(pixels);
    try (PointerScope scope = new PointerScope();
        NetworkMemory memory = memory(true)) {
      ImageUpload upload = new ImageUpload(memory, shape, CAPACITY, memory::order);
      for (int table = 0; table < 2; table++) {
        float[][] normalized = new float[channels][256];
        for (float[] values : normalized) {
          for (int pixel = 0; pixel < values.length; pixel++) {
            values[pixel] = (float) random.nextDouble(-2, 2);
          }
        }
        ByteImages bytes = new ByteImages(pixels, normalized);
        for (int examples = 1; examples <= CAPACITY; examples++) {
          Tensor expected = upload.send(bytes.normalized(shape, examples), examples);
          Tensor images = upload.send(bytes, examples);

          assertThat(values(memory, images)).isEqualTo(values(memory, expected));
          assertThat(images.strides().vec().get()).isEqualTo(expected.strides().vec().get());
          assertThat(images.is_contiguous(MemoryFormat.ChannelsLast)).isTrue();
        }
      }
    }
  }

  @Test
  void copyingAheadChangesNoBitOfATraining() {
    assertThat(train(true)).isEqualTo(train(false));
  }

  private static float[] train(boolean copiesAhead) {
    ModelSpec model = Zoo.model("alexnet-mini", 10);
    Settings settings = new Settings(Settings.PROCESSOR, Products.FP32, false, copiesAhead);
    try (Network network =
        new TorchEngine().create(model, 4, RateMultipliers.ones(model), settings)) {
      network.writeParameters(0, FloatBuffer.wrap(Batches.initialParameters(model)));
      for (int step = 0; step < 4; step++) {
        int examples = 4 - step % 2;
        network.computeGradients(
            Batches.images(model, examples, step),
            Batches.targets(model, examples, step),
            examples,
            step);
        network.update(new StepSettings(0.01f, 0.9f, 5e-4f));
      }
      return Batches.parameters(network);
    }
  }
}
