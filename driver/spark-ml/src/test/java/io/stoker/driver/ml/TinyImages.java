// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.ml;

import io.stoker.data.image.ImageCodec;
import io.stoker.data.image.Pixels;
import io.stoker.data.shard.ShardBlock;
import io.stoker.data.shard.ShardFolder;
import io.stoker.driver.TinyJob;
import io.stoker.worker.TinyShards;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** The samples of a tiny job as a data frame. */
final class TinyImages {
  private static final StructType SCHEMA =
      new StructType()
          .add("content", DataTypes.BinaryType)
          .add("label", DataTypes.IntegerType)
          .add("number", DataTypes.IntegerType);

  private TinyImages() {}

  /** The samples of a split, with the columns content, label and number. */
  static Dataset<Row> frame(SparkSession spark, TinyJob job, String split) throws IOException {
    return spark.createDataFrame(rows(job, split), SCHEMA);
  }

  /** The samples of a split as PNG. */
  private static List<Row> rows(TinyJob job, String split) throws IOException {
    ShardFolder shards =
        ShardFolder.open(new org.apache.hadoop.fs.Path(job.data().toUri()), new Configuration());
    List<Row> rows = new ArrayList<>();
    int blocks =
        shards.manifest().split(split).shards().stream().mapToInt(s -> s.rowGroups().size()).sum();
    for (int i = 0; i < blocks; i++) {
      ShardBlock block = shards.readBlock(split, i);
      for (int row = 0; row < block.rows(); row++) {
        byte[] values = new byte[TinyShards.SHAPE.bytes()];
        block.decode(row, values);
        rows.add(
            RowFactory.create(
                ImageCodec.encodePng(new Pixels(TinyShards.SHAPE, values)),
                block.label(row),
                rows.size()));
      }
    }
    return rows;
  }
}
