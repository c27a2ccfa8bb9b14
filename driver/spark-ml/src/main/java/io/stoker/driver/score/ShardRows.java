// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.score;

import io.stoker.data.shard.ShardBlock;
import io.stoker.data.shard.ShardFolder;
import io.stoker.data.shard.ShardManifest;
import io.stoker.worker.runtime.ExecutorResources;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.SerializableConfiguration;

/**
 * A data set's samples as rows, each shard verified before it is read.
 *
 * @param uri the folder of shards
 * @param manifestSha256 what its manifest must be
 * @param labels the classes' names, in label order
 */
record ShardRows(String uri, String manifestSha256, List<String> labels) implements Serializable {
  private static final StructType SCHEMA =
      new StructType()
          .add("path", DataTypes.StringType)
          .add("split", DataTypes.StringType)
          .add("sample_id", DataTypes.LongType)
          .add("label", DataTypes.StringType)
          .add("height", DataTypes.IntegerType)
          .add("width", DataTypes.IntegerType)
          .add("channels", DataTypes.IntegerType)
          .add("encoding", DataTypes.StringType)
          .add("image", DataTypes.BinaryType);

  /** The path, the split, the sample's number and its class's name are kept. */
  static final PredictionFile.Columns COLUMNS = new PredictionFile.Columns(SCHEMA, 4);

  /** A block of a split. */
  private record Block(String split, int index) implements Serializable {}

  ShardRows {
    labels = List.copyOf(labels);
  }

  /**
   * The samples of splits: where they are from, their class's name, and their image as the shard
   * has it.
   *
   * @param spark the cluster
   * @param folder the data set
   * @param split the split's name; empty for all
   */
  static JavaRDD<Row> of(JavaSparkContext spark, ShardFolder folder, String split) {
    ShardManifest manifest = folder.manifest();
    ShardRows rows =
        new ShardRows(folder.path().toString(), folder.manifestHash(), manifest.classNames());
    Set<String> splits = split.isEmpty() ? manifest.splits().keySet() : Set.of(split);
    List<Block> blocks =
        splits.stream()
            .flatMap(
                name ->
                    IntStream.range(0, manifest.split(name).blockRows().length)
                        .mapToObj(index -> new Block(name, index)))
            .toList();
    Broadcast<SerializableConfiguration> hadoop =
        spark.broadcast(new SerializableConfiguration(spark.hadoopConfiguration()));
    int parts = Math.max(1, Math.min(blocks.size(), 4 * spark.defaultParallelism()));
    return spark
        .parallelize(blocks, parts)
        .flatMap(block -> rows.read(block, hadoop.value().value()));
  }

  private Iterator<Row> read(Block from, Configuration hadoop) throws IOException {
    ShardFolder folder = ExecutorResources.here().shards(uri, manifestSha256, hadoop);
    ShardManifest manifest = folder.manifest();
    ShardBlock block = folder.readBlock(from.split(), from.index());
    List<Row> rows = new ArrayList<>(block.rows());
    for (int row = 0; row < block.rows(); row++) {
      int index = row;
      block.encoded(
          row,
          (source, offset, length) ->
              rows.add(
                  RowFactory.create(
                      block.path(index),
                      from.split(),
                      block.sampleId(index),
                      labels.get(block.label(index)),
                      block.shape(index).height(),
                      block.shape(index).width(),
                      block.shape(index).channels(),
                      manifest.encoding().name(),
                      Arrays.copyOfRange(source, offset, offset + length))));
    }
    return rows.iterator();
  }
}
