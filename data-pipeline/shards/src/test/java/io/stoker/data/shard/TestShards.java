// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.shard;

import io.stoker.data.image.ImageShape;
import io.stoker.data.image.Pixels;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntUnaryOperator;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** Writes small folders of shards without Spark. */
public final class TestShards {
  private TestShards() {}

  /**
   * Sample i of a split has label i % classes, id 1000 + i and pixels i, i + 1, i + 2 and so on.
   */
  public static Pixels pixels(ImageShape shape, int index) {
    byte[] values = new byte[shape.bytes()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (byte) (index + i);
    }
    return new Pixels(shape, values);
  }

  /** Writes one split, train, with shards of so many samples each, whose classes take turns. */
  public static ManifestFile.Stored write(
      Path folder, ImageShape shape, ShardEncoding encoding, int classes, int... rows)
      throws IOException {
    return write(folder, shape, encoding, classes, index -> index % classes, rows);
  }

  /** Writes one split, train, whose samples have the labels that their index gives. */
  public static ManifestFile.Stored write(
      Path folder,
      ImageShape shape,
      ShardEncoding encoding,
      int classes,
      IntUnaryOperator labels,
      int... rows)
      throws IOException {
    Configuration hadoop = new Configuration();
    List<ShardFile> shards = new ArrayList<>();
    List<Long> perClass = new ArrayList<>(Collections.nCopies(classes, 0L));
    int index = 0;
    for (int shard = 0; shard < rows.length; shard++) {
      Path file =
          new Path(
              folder, String.format(Locale.ROOT, "train-%05d-of-%05d.parquet", shard, rows.length));
      try (ShardWriter writer = new ShardWriter(file, encoding, hadoop)) {
        for (int row = 0; row < rows[shard]; row++, index++) {
          int label = labels.applyAsInt(index);
          perClass.set(label, perClass.get(label) + 1);
          writer.write(
              new ShardSample(
                  1000 + index,
                  label,
                  "image-" + index,
                  shape,
                  encoding.encode(pixels(shape, index))));
        }
        shards.add(writer.finish());
      }
    }
    List<Double> means = Collections.nCopies(shape.channels(), 100.0);
    List<Double> deviations = Collections.nCopies(shape.channels(), 50.0);
    boolean color = shape.channels() == 3;
    Map<String, ShardSplit> splits = new LinkedHashMap<>();
    splits.put("train", new ShardSplit(index, perClass, shards));
    return ManifestFile.write(
        new ShardManifest(
            ShardManifest.FORMAT_VERSION,
            List.of("ant", "bee", "cat", "dog").subList(0, classes),
            ImageShapes.of(shape),
            encoding,
            false,
            0,
            new ChannelStatistics(
                means,
                deviations,
                color ? List.of(3.0, 2.0, 1.0) : List.of(),
                color
                    ? List.of(
                        List.of(1.0, 0.0, 0.0), List.of(0.0, 1.0, 0.0), List.of(0.0, 0.0, 1.0))
                    : List.of()),
            splits,
            DuplicateCounts.NONE,
            List.of(new RejectedInput("broken.png", "truncated")),
            List.of("notes.txt"),
            List.of()),
        folder,
        hadoop);
  }
}
