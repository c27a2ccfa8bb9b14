// SPDX-License-Identifier: Apache-2.0
package io.stoker.worker;

import io.stoker.base.SplitMix64;
import io.stoker.data.image.ImageShape;
import io.stoker.data.shard.ChannelStatistics;
import io.stoker.data.shard.DuplicateCounts;
import io.stoker.data.shard.ImageShapes;
import io.stoker.data.shard.ManifestFile;
import io.stoker.data.shard.ShardColumns;
import io.stoker.data.shard.ShardEncoding;
import io.stoker.data.shard.ShardFile;
import io.stoker.data.shard.ShardManifest;
import io.stoker.data.shard.ShardSample;
import io.stoker.data.shard.ShardSplit;
import io.stoker.data.shard.ShardWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;

/**
 * A small data set that can be learnt: grey images of noise, in which a bright bar says the class.
 * Its shards are of uneven sizes, so that no count divides any other.
 */
public final class TinyShards {
  /** The shape of its images. */
  public static final ImageShape SHAPE = new ImageShape(8, 8, 1);

  /** How many classes it has. */
  public static final int CLASSES = 4;

  private static final ChannelStatistics STATISTICS =
      new ChannelStatistics(List.of(70.0), List.of(60.0), List.of(), List.of());

  private TinyShards() {}

  /**
   * Writes it.
   *
   * @param folder an empty folder
   * @param trainRows samples of each train shard
   * @param testRows samples of the test split, in one shard
   */
  public static void write(Path folder, List<Integer> trainRows, int testRows) {
    write(folder, trainRows, testRows, CLASSES);
  }

  /** Writes it with fewer classes: the first of them. */
  public static void write(Path folder, List<Integer> trainRows, int testRows, int classes) {
    write(folder, trainRows, testRows, classes, ShardColumns.PLAIN);
  }

  /** Writes it with the weights of {@link #weight}. */
  public static void writeWeighted(Path folder, List<Integer> trainRows, int testRows) {
    write(folder, trainRows, testRows, CLASSES, ShardColumns.WEIGHTED);
  }

  /** The weight of a sample in shards that have weights. */
  public static float weight(long id) {
    return 0.5f + Math.floorMod(id, 3);
  }

  private static void write(
      Path folder, List<Integer> trainRows, int testRows, int classes, ShardColumns columns) {
    Map<String, ShardSplit> splits = new LinkedHashMap<>();
    splits.put("train", split(folder, "train", trainRows, classes, columns));
    splits.put("test", split(folder, "test", List.of(testRows), classes, columns));
    try {
      ManifestFile.write(
          new ShardManifest(
              ShardManifest.FORMAT_VERSION,
              IntStream.range(0, classes).mapToObj(label -> "bar " + label).toList(),
              ImageShapes.of(SHAPE),
              new ShardEncoding.Raw(),
              false,
              1,
              STATISTICS,
              splits,
              DuplicateCounts.NONE,
              List.of(),
              List.of(),
              List.of()),
          hadoop(folder),
          new Configuration());
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static ShardSplit split(
      Path folder, String name, List<Integer> rows, int classes, ShardColumns columns) {
    List<Long> perClass = new ArrayList<>(Collections.nCopies(classes, 0L));
    List<ShardFile> shards = new ArrayList<>();
    long id = name.hashCode();
    for (int shard = 0; shard < rows.size(); shard++) {
      String file = String.format(Locale.ROOT, "%s-%05d-of-%05d.parquet", name, shard, rows.size());
      try (ShardWriter writer =
          new ShardWriter(
              new org.apache.hadoop.fs.Path(hadoop(folder), file),
              new ShardEncoding.Raw(),
              columns,
              new Configuration())) {
        for (int row = 0; row < rows.get(shard); row++) {
          int label = SplitMix64.below(SplitMix64.mix(id), classes);
          perClass.set(label, perClass.get(label) + 1);
          writer.write(
              new ShardSample(id, label, name + "/" + id, SHAPE, image(id, label), weight(id)));
          id++;
        }
        shards.add(writer.finish());
      } catch (IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
    }
    return new ShardSplit(perClass.stream().mapToLong(Long::longValue).sum(), perClass, shards);
  }

  /** Two rows of the image, which its label chooses, are bright. */
  private static byte[] image(long id, int label) {
    byte[] pixels = new byte[SHAPE.bytes()];
    for (int i = 0; i < pixels.length; i++) {
      boolean bar = i / SHAPE.width() / 2 == label;
      pixels[i] = (byte) (SplitMix64.below(SplitMix64.mix(id, i), 120) + (bar ? 100 : 0));
    }
    return pixels;
  }

  private static org.apache.hadoop.fs.Path hadoop(Path folder) {
    return new org.apache.hadoop.fs.Path(folder.toUri());
  }
}
