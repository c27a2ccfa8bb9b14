// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.data.augment.Augmentation;
import io.stoker.data.augment.Mixing;
import io.stoker.data.block.BlockCache;
import io.stoker.data.block.SplitBlocks;
import io.stoker.data.image.ImageShape;
import io.stoker.data.image.Pixels;
import io.stoker.data.image.Resizing;
import io.stoker.data.plan.EpochPlan;
import io.stoker.data.shard.ShardEncoding;
import io.stoker.data.shard.ShardFolder;
import io.stoker.data.shard.TestShards;
import io.stoker.failure.InputException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SizeScheduleTest {
  private static final ImageShape SHAPE = new ImageShape(12, 12, 3);

  @TempDir private Path folder;
  private SplitBlocks data;

  @BeforeEach
  void writeShards() throws IOException {
    org.apache.hadoop.fs.Path path = new org.apache.hadoop.fs.Path(folder.toUri());
    TestShards.write(path, SHAPE, new ShardEncoding.Raw(), 4, 29);
    data =
        new SplitBlocks(
            ShardFolder.open(path, new Configuration()), "train", new BlockCache(1 << 20));
  }

  private Map<Long, float[]> read(int epoch, int size, String augmentations, String sizes) {
    EpochPlan plan = EpochPlan.of(data.rows(), 9, epoch, 1, 8);
    TrainingInput input =
        new TrainingInput(
            new ImageShape(size, size, 3),
            Augmentation.parse(augmentations),
            Mixing.NONE,
            Optional.empty(),
            ImageForm.NORMALIZED,
            SizeSchedule.parse(sizes));
    Map<Long, float[]> images = new TreeMap<>();
    try (BatchReader reader = BatchReader.training(data, plan, 0, 0, plan.steps(), input)) {
      while (reader.hasNext()) {
        ImageBatch batch = reader.next();
        int values = batch.offset(1);
        for (int i = 0; i < batch.examples(); i++) {
          images.put(
              batch.sampleIds()[i],
              Arrays.copyOfRange(batch.images(), i * values, (i + 1) * values));
        }
      }
    }
    return images;
  }

  private Map<Long, float[]> resized(int scaled, int size) throws IOException {
    ImageShape to = new ImageShape(scaled, scaled, 3);
    Normalization normalization = Normalization.of(data.folder().manifest().statistics());
    Map<Long, float[]> images = new TreeMap<>();
    for (int index = 0; index < data.rows().length; index++) {
      for (int row = 0; row < data.rows()[index]; row++) {
        byte[] pixels = new byte[SHAPE.bytes()];
        data.block(index).decode(row, pixels);
        float[] whole = new float[to.bytes()];
        normalization.apply(Resizing.fit(new Pixels(SHAPE, pixels), to).values(), to, whole, 0);
        images.put(data.block(index).sampleId(row), middle(whole, scaled, size));
      }
    }
    return images;
  }

  private static float[] middle(float[] image, int from, int to) {
    float[] middle = new float[3 * to * to];
    int first = (from - to) / 2;
    for (int i = 0; i < middle.length; i++) {
      int y = i / to % to;
      middle[i] = image[i / (to * to) * from * from + (first + y) * from + first + i % to];
    }
    return middle;
  }

  private static void assertSame(Map<Long, float[]> images, Map<Long, float[]> expected) {
    assertThat(images).hasSize(29).containsOnlyKeys(expected.keySet());
    images.forEach((id, image) -> assertThat(image).isEqualTo(expected.get(id)));
  }

  @Test
  void imagesAreScaledToTheSizeOfTheEpoch() throws IOException {
    assertSame(read(0, 12, "", "5@0,8@2,12@4"), resized(5, 5));
    assertSame(read(1, 12, "", "5@0,8@2,12@4"), resized(5, 5));
    assertSame(read(2, 12, "", "5@0,8@2,12@4"), resized(8, 8));
  }

  @Test
  void theLastSizeIsShownAsWithoutASchedule() {
    assertSame(read(4, 12, "crop,flip", "5@0,12@4"), read(4, 12, "crop,flip", ""));
    assertSame(read(4, 10, "crop,flip", "5@0,10@4"), read(4, 10, "crop,flip", ""));
  }

  /** Of images of 12 a model of 8 sees 8; at size 4 it sees the same, scaled from 6 to 4. */
  @Test
  void smallerSizesShowThePartOfTheImageThatTheLastOneShows() throws IOException {
    assertSame(read(0, 8, "", "4@0,8@1"), resized(6, 4));
    assertSame(read(1, 8, "", "4@0,8@1"), resized(12, 8));
  }

  @Test
  void isReadAsItIsWritten() {
    SizeSchedule sizes = SizeSchedule.parse("128@0,176@5,224@10");

    assertThat(sizes).hasToString("128@0,176@5,224@10");
    assertThat(new int[] {sizes.at(0), sizes.at(4), sizes.at(5), sizes.at(9), sizes.at(99)})
        .containsExactly(128, 128, 176, 176, 224);
    assertThat(sizes.last()).isEqualTo(224);
    assertThat(SizeSchedule.parse("")).isEqualTo(SizeSchedule.NONE).hasToString("");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "20 | '20' (SIZE@EPOCH,..., such as 20@0,28@5)",
        "20@0,28@x | '20@0,28@x' (SIZE@EPOCH,..., such as 20@0,28@5)",
        "20@0,,28@2 | '20@0,,28@2' (SIZE@EPOCH,..., such as 20@0,28@5)",
        "20@0,28@-1 | '20@0,28@-1' (SIZE@EPOCH,..., such as 20@0,28@5)",
        "20@0,24@3,28@3 | '20@0,24@3,28@3' (epochs must grow from one to the next)",
        "20@1,28@2 | it begins at epoch 1 (must begin at 0, such as 20@0,28@5)",
        "0@0,28@2 | 0@0 (must be >= 1)",
        "28@0,20@2 | 20@2 after 28 (sizes must grow: the last one is that of the model)"
      })
  void whatIsNoScheduleIsRefused(String text, String reason) {
    assertThatThrownBy(() -> SizeSchedule.parse(text))
        .isInstanceOf(InputException.class)
        .hasMessage("Invalid size schedule: %s", reason);
  }
}
