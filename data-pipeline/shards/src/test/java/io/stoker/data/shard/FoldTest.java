// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.shard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.data.block.BlockCache;
import io.stoker.data.block.SplitBlocks;
import io.stoker.data.image.ImageShape;
import io.stoker.data.plan.Fold;
import io.stoker.data.plan.Sampling;
import io.stoker.failure.DamagedException;
import io.stoker.failure.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.LongStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FoldTest {
  private static final ImageShape SHAPE = new ImageShape(24, 24, 3);
  private static final int SAMPLES = 1003;
  private static final Configuration HADOOP = new Configuration();

  @TempDir private java.nio.file.Path folder;

  private Path at(String name) {
    return new Path(folder.resolve(name).toUri());
  }

  /** Several blocks of two shards, the last one of a single sample; class 2 has five samples. */
  private Path data(String name) throws IOException {
    TestShards.write(
        at(name),
        SHAPE,
        new ShardEncoding.Raw(),
        4,
        index -> index % 200 == 0 ? 2 : index % 2,
        SAMPLES - 1,
        1);
    return at(name);
  }

  private ShardFolder fold(Path data, int part, int parts) throws IOException {
    String sha256 = ShardFolder.open(data, HADOOP).manifestHash();
    Path path = at(part + "-of-" + parts);
    FoldManifest.of(data.toString(), sha256, new Fold(part, parts)).write(path, HADOOP);
    return ShardFolder.open(path, HADOOP);
  }

  private static List<Long> ids(ShardFolder shards, String split) throws IOException {
    List<Long> ids = new ArrayList<>();
    ShardSplit described = shards.manifest().split(split);
    Map<Integer, Long> perClass = new HashMap<>();
    int[] rows = described.blockRows();
    for (int i = 0; i < rows.length; i++) {
      ShardBlock block = shards.readBlock(split, i);
      assertThat(block.rows()).isEqualTo(rows[i]).isPositive();
      for (int row = 0; row < rows[i]; row++) {
        int index = (int) block.sampleId(row) - 1000;
        ids.add(block.sampleId(row));
        perClass.merge(block.label(row), 1L, Long::sum);
        assertThat(block.path(row)).isEqualTo("image-" + index);
        assertThat(block.pixels(row).values()).isEqualTo(TestShards.pixels(SHAPE, index).values());
      }
    }
    assertThat(described.samples()).isEqualTo(ids.size());
    for (int label = 0; label < 4; label++) {
      assertThat(described.samplesPerClass().get(label))
          .isEqualTo(perClass.getOrDefault(label, 0L));
    }
    return ids;
  }

  @Test
  void eachSampleIsValidatedOnceAndTrainedOnInAllOtherFolds() throws IOException {
    Path data = data("data");
    Set<Long> validated = new HashSet<>();
    List<Long> all = LongStream.range(1000, 1000 + SAMPLES).boxed().toList();
    for (int part = 1; part <= 5; part++) {
      ShardFolder fold = fold(data, part, 5);
      List<Long> held = ids(fold, "validation");
      List<Long> others = ids(fold, "train");

      assertThat(held).allMatch(validated::add).hasSizeBetween(SAMPLES / 5 - 2, SAMPLES / 5 + 2);
      assertThat(others).doesNotContainAnyElementsOf(held).hasSize(SAMPLES - held.size());
      assertThat(fold.manifest().split("validation").samplesPerClass().get(2)).isBetween(1L, 2L);
      assertThat(others).isSorted().isSubsetOf(all);
    }
    assertThat(validated).containsExactlyInAnyOrderElementsOf(all);
  }

  @Test
  void foldsOfOneFolderVerifyItsShardsOnce() throws IOException {
    Path data = data("data");
    fold(data, 1, 2);
    fold(data, 2, 2);
    ShardFolder source = ShardFolder.open(data, HADOOP);
    ShardFolder one = ShardFolder.open(at("1-of-2"), HADOOP, (uri, sha256) -> source);
    ids(one, "train");
    for (ShardFile shard : source.manifest().split("train").shards()) {
      java.nio.file.Path file = folder.resolve("data").resolve(shard.file());
      byte[] bytes = Files.readAllBytes(file);
      bytes[0] ^= 1; // Part of the format's name, which is read at the end of the file.
      Files.write(file, bytes);
    }

    ShardFolder two = ShardFolder.open(at("2-of-2"), HADOOP, (uri, sha256) -> source);

    assertThat(ids(two, "train")).hasSize(SAMPLES / 2);
    assertThatThrownBy(() -> ids(ShardFolder.open(at("2-of-2"), HADOOP), "train"))
        .isInstanceOf(DamagedException.class);
  }

  @Test
  void aBalancedEpochOfAFoldHasItsClassesEquallyOften() throws IOException {
    ShardFolder fold = fold(data("data"), 2, 100);
    SplitBlocks blocks = new SplitBlocks(fold, "train", new BlockCache(1 << 24));
    var plan = blocks.plan(Sampling.BALANCED, 1, 0, 1, 8);
    Map<Integer, Integer> drawn = new HashMap<>();
    for (long position = 0; position < plan.samples(); position++) {
      ShardBlock block = blocks.block(plan.block(position));
      drawn.merge(block.label(plan.row(position)), 1, Integer::sum);
    }

    long third = fold.manifest().split("train").samples() / 3;
    assertThat(drawn.keySet()).containsExactlyInAnyOrder(0, 1, 2);
    assertThat(drawn.values()).allMatch(count -> Math.abs(count - third) <= 1);
  }

  @Test
  void itsIdentityIsThatOfTheDataAndThePart() throws IOException {
    Path data = data("data");
    String identity = fold(data, 1, 3).manifestHash();

    assertThat(fold(data("copy"), 1, 3).manifestHash()).isEqualTo(identity);
    assertThat(fold(data, 2, 3).manifestHash()).isNotEqualTo(identity);
    assertThat(fold(data, 1, 4).manifestHash()).isNotEqualTo(identity);
  }

  @Test
  void changedDataAndDamagedManifestsAreNamed() throws IOException {
    Path data = data("data");
    fold(data, 1, 3);
    TestShards.write(data, SHAPE, new ShardEncoding.Raw(), 2, 40);
    assertThatThrownBy(() -> ShardFolder.open(at("1-of-3"), HADOOP))
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining("1-of-3/: the manifest of " + data + " changed (SHA-256 is ");

    fold(data, 1, 3);
    java.nio.file.Path file = folder.resolve("1-of-3/manifest.json");
    String good = Files.readString(file);
    Map<String, String> damages =
        Map.of(
            good.replace("\"part\":1", "\"part\":4"), "Invalid fold: 4 of 3",
            good.replace("\"part\":1", "\"part\":0"), "Invalid fold: 0 of 3",
            good.replace("\"part\":1", "\"part\":1,\"more\":1"), "more",
            good.replace(data.toString(), "data"), "of the data at 'data', not absolute",
            good.replace(data.toString(), "x:y"), "of the data at 'x:y', not absolute",
            good.replace(data.toString(), at("1-of-3").toString()), "1-of-3/manifest.json");
    for (Map.Entry<String, String> damage : damages.entrySet()) {
      Files.writeString(file, damage.getKey());
      assertThatThrownBy(() -> ShardFolder.open(at("1-of-3"), HADOOP))
          .isInstanceOf(DamagedException.class)
          .hasMessageContaining(damage.getValue());
    }
    assertThatThrownBy(() -> ShardFolder.open(at("none"), HADOOP))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("not a folder that 'stoker prepare' made");
  }
}
