// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.pack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.data.TestSpark;
import io.stoker.data.image.ImageShape;
import io.stoker.data.shard.ShardManifest;
import io.stoker.data.source.ImageSources;
import io.stoker.failure.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A source that is not Stoker's own, found by its name. */
class OutsideSourceTest {
  @TempDir private Path folder;

  @Test
  void preparesWhatASourceOfAnotherJarReads() throws IOException {
    Path font = folder.resolve("font.txt");
    Files.writeString(
        font,
        """
        I .#...#...#...#...#..
        L #...#...#...#...####
        I ..#...#...#...#...#.
        """);
    try (JavaSparkContext spark = TestSpark.local(2)) {
      ShardManifest manifest =
          new PrepareJob(
                  spark,
                  PrepareOptions.builder()
                      .source(ImageSources.named("bitmap-font"))
                      .input(new org.apache.hadoop.fs.Path(font.toUri()))
                      .output(new org.apache.hadoop.fs.Path(folder.resolve("out").toUri()))
                      .splits(SplitFractions.parse("train=1"))
                      .build())
              .run()
              .manifest();
      assertThat(manifest.classNames()).containsExactly("I", "L");
      assertThat(manifest.image()).isEqualTo(new ImageShape(5, 4, 1));
      assertThat(manifest.splits().get("train").samplesPerClass()).containsExactly(2L, 1L);
      assertThat(manifest.statistics().mean().get(0)).isEqualTo(255 * 18 / 60.0);
    }
  }

  @Test
  void suggestsItToWhoMisspellsIt() {
    assertThatThrownBy(() -> ImageSources.named("bitmap-fonts"))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("bitmap-font");
  }
}
