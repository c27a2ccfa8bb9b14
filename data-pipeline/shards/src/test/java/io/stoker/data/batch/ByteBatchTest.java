// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.batch;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.data.augment.Augmentation;
import io.stoker.data.augment.Mixing;
import io.stoker.data.block.BlockCache;
import io.stoker.data.block.SplitBlocks;
import io.stoker.data.image.ImageShape;
import io.stoker.data.plan.EpochPlan;
import io.stoker.data.shard.ShardEncoding;
import io.stoker.data.shard.ShardFolder;
import io.stoker.data.shard.TestShards;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Batches of bytes, which a network normalises by the table that comes with them. */
class ByteBatchTest {
  private static final ImageShape DATA = new ImageShape(30, 20, 3);
  private static final ImageShape INPUT = new ImageShape(17, 12, 3);

  @TempDir private Path folder;
  private SplitBlocks data;
  private EpochPlan plan;

  @BeforeEach
  void writeShards() throws Exception {
    org.apache.hadoop.fs.Path path = new org.apache.hadoop.fs.Path(folder.toUri());
    TestShards.write(path, DATA, new ShardEncoding.Raw(), 4, 53);
    data =
        new SplitBlocks(
            ShardFolder.open(path, new Configuration()), "train", new BlockCache(1 << 20));
    plan = EpochPlan.of(data.rows(), 9, 2, 1, 16);
  }

  private BatchReader read(
      String augmentations, Mixing mixing, Optional<Normalization> normalization, ImageForm form) {
    return BatchReader.training(
        data,
        plan,
        0,
        0,
        plan.steps(),
        new TrainingInput(
            INPUT,
            Augmentation.parse(augmentations),
            mixing,
            normalization,
            form,
            SizeSchedule.NONE));
  }

  private static float[] normalized(ImageBatch batch) {
    int area = INPUT.area();
    float[] images = new float[batch.examples() * INPUT.bytes()];
    for (int i = 0; i < images.length; i++) {
      int channel = i % 3;
      int image = i / INPUT.bytes() * INPUT.bytes();
      int pixel = (i - image) / 3;
      images[image + channel * area + pixel] = batch.values()[channel][batch.pixels()[i] & 0xFF];
    }
    return images;
  }

  private void assertSame(String augmentations, Optional<Normalization> normalization) {
    try (BatchReader bytes = read(augmentations, Mixing.NONE, normalization, ImageForm.BYTES);
        BatchReader floats =
            read(augmentations, Mixing.NONE, normalization, ImageForm.NORMALIZED)) {
      while (floats.hasNext()) {
        ImageBatch expected = floats.next();
        ImageBatch batch = bytes.next();
        assertThat(batch.hasBytes()).isTrue();
        assertThat(batch.images()).isEmpty();
        assertThat(batch.examples()).isEqualTo(expected.examples());
        assertThat(batch.sampleIds()).startsWith(expected.sampleIds());
        assertThat(expected.images()).startsWith(normalized(batch));
      }
      assertThat(bytes.hasNext()).isFalse();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "crop,flip",
        "crop,color-noise,brightness",
        "rotate=15,scale=0.1",
        "crop,contrast,saturation,erase"
      })
  void showWhatNormalizedBatchesShow(String augmentations) {
    assertSame(augmentations, Optional.empty());
  }

  @Test
  void haveTheTableOfAnotherNormalizationThanTheDatas() {
    assertSame(
        "crop",
        Optional.of(new Normalization(List.of(120.0, 110.0, 100.0), List.of(60.0, 0.0, 50.0))));
  }

  @Test
  void areNormalizedWhereExamplesAreMixed() {
    try (BatchReader bytes = read("crop", new Mixing(0.2, 0), Optional.empty(), ImageForm.BYTES);
        BatchReader floats =
            read("crop", new Mixing(0.2, 0), Optional.empty(), ImageForm.NORMALIZED)) {
      ImageBatch batch = bytes.next();

      assertThat(batch.hasBytes()).isFalse();
      assertThat(batch.images()).isEqualTo(floats.next().images());
    }
  }
}
