// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.pack;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.data.TestImages;
import io.stoker.data.TestSpark;
import io.stoker.data.pack.PrepareOptions.Duplicates;
import io.stoker.data.shard.DuplicateCounts;
import io.stoker.data.shard.ShardBlock;
import io.stoker.data.shard.ShardFolder;
import io.stoker.data.shard.ShardManifest;
import io.stoker.data.source.ImageSources;
import io.stoker.testing.Exact;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DuplicatesTest {
  private static final int SIZE = 12;
  private static JavaSparkContext spark;

  @TempDir private Path folder;

  @BeforeAll
  static void start() {
    spark = TestSpark.local(2);
  }

  @AfterAll
  static void stop() {
    spark.close();
  }

  /**
   * Five pictures in ten files: 1 twice in a class, 2 in two classes, 3 in two splits, 4 in three.
   */
  @BeforeEach
  void writeImages() throws IOException {
    write("train/ant/1.png", 1, "png");
    write("train/ant/1 again.bmp", 1, "bmp");
    write("train/ant/2.png", 2, "png");
    write("train/bee/2.png", 2, "png");
    write("train/bee/3.png", 3, "png");
    write("test/bee/3.png", 3, "png");
    write("train/ant/4.png", 4, "png");
    write("val/ant/4.png", 4, "png");
    write("test/ant/4.png", 4, "png");
    write("val/bee/5.png", 5, "png");
  }

  private void write(String name, int picture, String format) throws IOException {
    TestImages.write(
        folder.resolve("in").resolve(name),
        TestImages.file(TestImages.gradient(SIZE, SIZE, picture), format));
  }

  private ShardManifest prepare(Duplicates duplicates) {
    return new PrepareJob(
            spark,
            PrepareOptions.builder()
                .source(ImageSources.named("folder"))
                .input(hadoop("in"))
                .output(hadoop("out"))
                .duplicates(duplicates)
                .build())
        .run()
        .manifest();
  }

  private org.apache.hadoop.fs.Path hadoop(String name) {
    return new org.apache.hadoop.fs.Path(folder.resolve(name).toUri());
  }

  private List<String> paths(ShardManifest manifest) throws IOException {
    ShardFolder shards = ShardFolder.open(hadoop("out"), new Configuration());
    List<String> paths = new ArrayList<>();
    for (String split : manifest.splits().keySet()) {
      for (int block = 0; block < manifest.splits().get(split).blockRows().length; block++) {
        ShardBlock rows = shards.readBlock(split, block);
        for (int row = 0; row < rows.rows(); row++) {
          paths.add(rows.path(row));
        }
      }
    }
    return paths;
  }

  @Test
  @Exact
  void countsAndListsEqualImagesWhateverTheirFormat() throws IOException {
    ShardManifest manifest = prepare(Duplicates.KEEP);

    assertThat(manifest.duplicates()).isEqualTo(new DuplicateCounts(5, 3, 1, 0));
    assertThat(paths(manifest)).hasSize(10);
    assertThat(Files.readAllLines(folder.resolve("out/duplicates.jsonl")))
        .containsExactly(
            line("train/ant/1.png", "train", "ant", "train/ant/1 again.bmp", "train", "ant"),
            line("train/ant/4.png", "train", "ant", "test/ant/4.png", "test", "ant"),
            line("train/bee/2.png", "train", "bee", "train/ant/2.png", "train", "ant"),
            line("train/bee/3.png", "train", "bee", "test/bee/3.png", "test", "bee"),
            line("val/ant/4.png", "validation", "ant", "test/ant/4.png", "test", "ant"));
  }

  private static String line(
      String path, String split, String name, String copyOf, String ofSplit, String ofClass) {
    return ("{'path':'%s','split':'%s','className':'%s',"
            + "'copyOf':'%s','copyOfSplit':'%s','copyOfClass':'%s'}")
        .formatted(path, split, name, copyOf, ofSplit, ofClass)
        .replace('\'', '"');
  }

  @Test
  void dropsCopiesFromTrainBeforeTheyReachTest() throws IOException {
    ShardManifest manifest = prepare(Duplicates.DROP);

    assertThat(manifest.duplicates()).isEqualTo(new DuplicateCounts(5, 3, 1, 5));
    assertThat(paths(manifest))
        .containsExactlyInAnyOrder(
            "train/ant/1 again.bmp",
            "train/ant/2.png",
            "test/bee/3.png",
            "test/ant/4.png",
            "val/bee/5.png");
    assertThat(manifest.splits().get("train").samplesPerClass()).containsExactly(2L, 0L);
  }

  /** Red and green of all pictures are the same; blue is (37 seed + x + y) modulo 256. */
  @Test
  void leavesDroppedImagesOutOfTheStatistics() {
    double sum = 0;
    for (int picture : new int[] {1, 2}) {
      for (int y = 0; y < SIZE; y++) {
        for (int x = 0; x < SIZE; x++) {
          sum += (picture * 37 + x + y) & 0xFF;
        }
      }
    }
    assertThat(prepare(Duplicates.DROP).statistics().mean().get(2))
        .isEqualTo(sum / (2 * SIZE * SIZE));
  }

  @Test
  void writesNoListWhereNothingIsEqual() throws IOException {
    for (String copy :
        List.of("train/ant/1 again.bmp", "train/bee/2.png", "train/ant/4.png", "val/ant/4.png")) {
      Files.delete(folder.resolve("in").resolve(copy));
    }
    Files.delete(folder.resolve("in/test/bee/3.png"));
    ShardManifest manifest = prepare(Duplicates.KEEP);
    assertThat(manifest.duplicates()).isEqualTo(DuplicateCounts.NONE);
    assertThat(folder.resolve("out/duplicates.jsonl")).doesNotExist();
  }
}
