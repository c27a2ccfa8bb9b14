// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.drawing;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.data.augment.Augmentation;
import io.stoker.data.augment.Mixing;
import io.stoker.data.batch.TrainingInput;
import io.stoker.data.block.BlockCache;
import io.stoker.data.block.SplitBlocks;
import io.stoker.data.image.ImageShape;
import io.stoker.data.image.Pixels;
import io.stoker.data.shard.ShardEncoding;
import io.stoker.data.shard.ShardFolder;
import io.stoker.data.shard.TestShards;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ContactSheetTest {
  private static final ImageShape SHAPE = new ImageShape(64, 64, 3);

  @TempDir private Path folder;

  private SplitBlocks data() throws IOException {
    org.apache.hadoop.fs.Path path = new org.apache.hadoop.fs.Path(folder.toUri());
    TestShards.write(path, SHAPE, new ShardEncoding.Raw(), 4, 40);
    return new SplitBlocks(
        ShardFolder.open(path, new Configuration()), "train", new BlockCache(1 << 24));
  }

  @Test
  void showsTheFirstImageOfEachClassAsItIs() throws IOException {
    BufferedImage sheet = new ContactSheet(data(), Optional.empty(), 1).draw();

    assertThat(sheet.getHeight()).isEqualTo(26 + 4 * 70 + 6);
    for (int label = 0; label < 4; label++) {
      Pixels expected = TestShards.pixels(SHAPE, label);
      for (int i = 0; i < SHAPE.area(); i++) {
        int rgb = sheet.getRGB(sheet.getWidth() - 76 + i % 64, 26 + label * 70 + i / 64);
        assertThat((byte) (rgb >> 16)).isEqualTo(expected.values()[3 * i]);
        assertThat((byte) rgb).isEqualTo(expected.values()[3 * i + 2]);
      }
    }
  }

  @Test
  void putsAugmentedVersionsBeside() throws IOException {
    BufferedImage plain = new ContactSheet(data(), Optional.empty(), 1).draw();
    BufferedImage sheet =
        new ContactSheet(
                data(), Optional.of(new TrainingInput(SHAPE, Augmentation.parse("shift=20"))), 1)
            .draw();
    assertThat(sheet.getWidth()).isEqualTo(plain.getWidth() + 7 * 70);
    int black = 0;
    for (int x = plain.getWidth() - 6; x < sheet.getWidth(); x++) {
      for (int y = 26; y < sheet.getHeight(); y++) {
        black += (sheet.getRGB(x, y) & 0xFFFFFF) == 0 ? 1 : 0;
      }
    }
    assertThat(black).as("uncovered pixels").isGreaterThan(1000);
  }

  /** Of classes whose images differ, a part of the one below shows in each. */
  @Test
  void showsWhatMixingMakesOfAnImageAndThatOfTheClassBelow() throws IOException {
    BufferedImage plain = drawn(Mixing.NONE);
    BufferedImage mixed = drawn(new Mixing(0, 1));
    int first = plain.getWidth() - 7 * 70 - 6;
    int changed = 0;
    for (int label = 0; label < 4; label++) {
      byte[] below = TestShards.pixels(SHAPE, (label + 1) % 4).values();
      for (int epoch = 0; epoch < 7; epoch++) {
        for (int i = 0; i < SHAPE.area(); i++) {
          int x = first + epoch * 70 + i % 64;
          int y = 26 + label * 70 + i / 64;
          if (plain.getRGB(x, y) != mixed.getRGB(x, y)) {
            changed++;
            assertThat((byte) (mixed.getRGB(x, y) >> 16)).isEqualTo(below[3 * i]);
          }
        }
      }
    }
    assertThat(changed).isGreaterThan(4 * 7 * 64);
  }

  private BufferedImage drawn(Mixing mixing) throws IOException {
    TrainingInput input = new TrainingInput(SHAPE, Augmentation.parse("shift=0"), mixing);
    return new ContactSheet(data(), Optional.of(input), 1).draw();
  }
}
