// SPDX-License-Identifier: Apache-2.0
import io.stoker.driver.ml.StokerClassifier;
import io.stoker.driver.ml.StokerModel;
import java.util.Arrays;
import java.util.Locale;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.ml.evaluation.MulticlassClassificationEvaluator;
import org.apache.spark.ml.feature.StringIndexer;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.tuning.CrossValidator;
import org.apache.spark.ml.tuning.CrossValidatorModel;
import org.apache.spark.ml.tuning.ParamGridBuilder;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;

/**
 * A Spark program of one's own that trains a classifier as a stage of a Spark ML pipeline, and
 * finds its learning rate by cross-validation.
 *
 * <p>Arguments: a folder of images with a folder for each class, where to save the pipeline, a
 * model of the zoo, and a folder for checkpoints.
 */
public final class TrainClassifier {
  public static void main(String[] arguments) throws Exception {
    try (SparkSession spark = SparkSession.builder().appName("train classifier").getOrCreate()) {
      Dataset<Row> images =
          spark
              .read()
              .format("binaryFile")
              .option("recursiveFileLookup", "true")
              .option("pathGlobFilter", "*.png")
              .load(arguments[0])
              .withColumn(
                  "class", functions.regexp_extract(functions.col("path"), "([^/]+)/[^/]+$", 1));
      StringIndexer labels =
          new StringIndexer()
              .setInputCol("class")
              .setOutputCol("label")
              .setStringOrderType("alphabetAsc");
      StokerClassifier classifier =
          new StokerClassifier()
              .setInputCol("content")
              .setLabelCol("label")
              .setModel(arguments[2])
              .setNumWorkers(2)
              .setBatchSize(16)
              .setLocalSteps(5)
              .setMaxIter(5)
              .setCheckpointDir(arguments[3]);
      ParamMap[] grid =
          new ParamGridBuilder()
              .addGrid(classifier.stepSize(), new double[] {0.0001, 0.02})
              .build();
      CrossValidatorModel best =
          new CrossValidator()
              .setEstimator(new Pipeline().setStages(new PipelineStage[] {labels, classifier}))
              .setEstimatorParamMaps(grid)
              .setEvaluator(new MulticlassClassificationEvaluator().setMetricName("accuracy"))
              .setNumFolds(2)
              .setSeed(1)
              .fit(images);
      ((PipelineModel) best.bestModel()).write().overwrite().save(arguments[1]);

      StokerModel model = (StokerModel) ((PipelineModel) best.bestModel()).stages()[1];
      System.out.println("loss " + Arrays.toString(model.summary().objectiveHistory()));
      System.out.println("parameters " + model.parametersSha256());
      Dataset<Row> scored = PipelineModel.load(arguments[1]).transform(images);
      System.out.printf(
          Locale.ROOT,
          "accuracy %.4f%n",
          new MulticlassClassificationEvaluator().setMetricName("accuracy").evaluate(scored));
    }
  }
}
