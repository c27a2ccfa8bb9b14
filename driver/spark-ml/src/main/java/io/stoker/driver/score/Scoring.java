// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.score;

import io.stoker.data.frame.ImageColumn;
import io.stoker.data.storage.StorageDefaults;
import io.stoker.driver.cluster.MemoryCheck;
import io.stoker.driver.cluster.MemoryNeed;
import io.stoker.driver.evaluate.TrainedNetwork;
import io.stoker.worker.eval.TestViews;
import java.util.Iterator;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.SerializableConfiguration;

/**
 * Classifies the images of rows on the executors, as lazily as Spark does everything. Each slot
 * keeps one network, whatever the number of partitions; an image that cannot be read costs its row
 * the prediction, and nothing else.
 */
public final class Scoring
    implements MapPartitionsFunction<Row, Row>, FlatMapFunction<Iterator<Row>, Row> {
  private static final long serialVersionUID = 1L;

  private final TrainedNetwork network;
  private final ImageColumn column;
  private final ScoreColumns columns;
  private final TestViews testViews;
  private final Broadcast<SerializableConfiguration> hadoop;

  private Scoring(
      TrainedNetwork network,
      ImageColumn column,
      ScoreColumns columns,
      TestViews testViews,
      Broadcast<SerializableConfiguration> hadoop) {
    this.network = network;
    this.column = column;
    this.columns = columns;
    this.testViews = testViews;
    this.hadoop = hadoop;
  }

  /**
   * Adds columns to a data frame. Rows stay in their partitions and their order.
   *
   * @param images the data frame
   * @param column which of its columns holds the images
   * @param network what classifies them
   * @param columns what is added
   * @param testViews which views of an image the network is shown; it has room for those of one
   *     image
   * @throws io.stoker.failure.InputException if the images that it was trained on have no room for
   *     them
   */
  public static Dataset<Row> score(
      Dataset<Row> images,
      ImageColumn column,
      TrainedNetwork network,
      ScoreColumns columns,
      TestViews testViews) {
    SparkSession session = images.sparkSession();
    Configuration hadoop = session.sessionState().newHadoopConf();
    StorageDefaults.apply(hadoop);
    return images.mapPartitions(
        (MapPartitionsFunction<Row, Row>)
            of(
                JavaSparkContext.fromSparkContext(session.sparkContext()),
                column,
                network,
                columns,
                testViews,
                hadoop),
        Encoders.row(schema(images.schema(), columns)));
  }

  /** Adds the same columns to an RDD of rows. */
  static JavaRDD<Row> score(
      JavaSparkContext spark,
      JavaRDD<Row> images,
      ImageColumn column,
      TrainedNetwork network,
      ScoreColumns columns,
      TestViews testViews) {
    return images.mapPartitions(
        of(spark, column, network, columns, testViews, spark.hadoopConfiguration()));
  }

  private static Scoring of(
      JavaSparkContext spark,
      ImageColumn column,
      TrainedNetwork network,
      ScoreColumns columns,
      TestViews testViews,
      Configuration hadoop) {
    testViews.of(network.images(), network.input());
    MemoryCheck.require(
        spark,
        MemoryNeed.ofPredictingOneBatch(
            network.model(), network.batch(), network.engine().reusesMemoryInPrediction()),
        Integer.MAX_VALUE,
        1);
    return new Scoring(
        network,
        column,
        columns,
        testViews,
        spark.broadcast(new SerializableConfiguration(hadoop)));
  }

  /** The schema of a data frame after scoring. */
  public static StructType schema(StructType images, ScoreColumns columns) {
    StructType schema = images;
    for (StructField field : columns.fields()) {
      schema = schema.add(field);
    }
    return schema;
  }

  @Override
  public Iterator<Row> call(Iterator<Row> rows) throws Exception {
    return rows.hasNext()
        ? new ScoredRows(rows, network, column, columns, testViews, hadoop.value().value())
        : List.<Row>of().iterator();
  }
}
