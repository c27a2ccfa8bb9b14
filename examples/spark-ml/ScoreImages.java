// SPDX-License-Identifier: Apache-2.0
import io.stoker.driver.ml.StokerModel;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.ml.feature.SQLTransformer;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * A Spark program of one's own that classifies images with a checkpoint of Stoker's, as a stage of
 * a Spark ML pipeline that is saved and loaded again.
 *
 * <p>Arguments: a checkpoint or run folder, a folder of images, and where to save the pipeline.
 */
public final class ScoreImages {
  public static void main(String[] arguments) throws Exception {
    try (SparkSession spark = SparkSession.builder().appName("score images").getOrCreate()) {
      Dataset<Row> images =
          spark
              .read()
              .format("binaryFile")
              .option("recursiveFileLookup", "true")
              .option("pathGlobFilter", "*.png")
              .load(arguments[1]);
      StokerModel model = StokerModel.load(arguments[0]).setInputCol("content");
      SQLTransformer columns =
          new SQLTransformer()
              .setStatement("SELECT path, prediction, predictedLabel, error FROM __THIS__");
      new Pipeline()
          .setStages(new PipelineStage[] {model, columns})
          .fit(images)
          .write()
          .overwrite()
          .save(arguments[2]);

      PipelineModel.load(arguments[2])
          .transform(images)
          .orderBy("path")
          .collectAsList()
          .forEach(row -> System.out.println(row.getString(0) + " " + row.getString(2)));
    }
  }

  private ScoreImages() {}
}
