// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.score;

import java.io.IOException;
import java.io.Serializable;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.SerializableConfiguration;

/**
 * What the footers of Parquet files say of their rows. A query of Spark SQL would say the same; in
 * a fresh process, planning and compiling it costs more than thousands of small images.
 *
 * @param rows how many there are
 * @param allNull whether the column has no value in any row; false where a footer does not tell
 */
record WrittenRows(long rows, boolean allNull) implements Serializable {
  /**
   * Reads the footers on the executors.
   *
   * @param files the Parquet files
   * @param column one of their columns, at the top of the schema
   */
  static WrittenRows of(JavaSparkContext spark, List<String> files, String column) {
    Broadcast<SerializableConfiguration> hadoop =
        spark.broadcast(new SerializableConfiguration(spark.hadoopConfiguration()));
    int parts = Math.min(files.size(), spark.defaultParallelism());
    return spark
        .parallelize(files, parts)
        .map(file -> of(new Path(file), column, hadoop.value().value()))
        .reduce(WrittenRows::plus);
  }

  private static WrittenRows of(Path file, String column, Configuration hadoop) throws IOException {
    try (ParquetFileReader reader =
        ParquetFileReader.open(HadoopInputFile.fromPath(file, hadoop))) {
      return new WrittenRows(
          reader.getRecordCount(),
          reader.getRowGroups().stream().allMatch(group -> isNull(group, column)));
    }
  }

  private static boolean isNull(BlockMetaData group, String column) {
    return group.getColumns().stream()
        .filter(chunk -> chunk.getPath().toDotString().equals(column))
        .map(ColumnChunkMetaData::getStatistics)
        .allMatch(
            statistics ->
                statistics != null
                    && statistics.isNumNullsSet()
                    && statistics.getNumNulls() == group.getRowCount());
  }

  private WrittenRows plus(WrittenRows other) {
    return new WrittenRows(rows + other.rows, allNull && other.allNull);
  }
}
