// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.ml;

import io.stoker.driver.config.TrainingOption;
import io.stoker.driver.config.TrainingOption.ParamEntry;
import io.stoker.driver.round.RoundListeners;
import io.stoker.driver.spark.SparkSettings;
import io.stoker.driver.spark.SupportedRuntime;
import io.stoker.failure.InputException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.DefaultParamsWritable;
import org.apache.spark.ml.util.Identifiable;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.types.StructType;

/**
 * Trains a network on the images of a data frame, as an estimator of Spark ML: alone, as a stage of
 * a {@code Pipeline}, or under {@code CrossValidator} and {@code TrainValidationSplit}.
 *
 * <pre>{@code
 * StokerModel model =
 *     new StokerClassifier()
 *         .setInputCol("image").setLabelCol("label")
 *         .setModel("lenet5").setNumWorkers(4).setMaxIter(5)
 *         .setCheckpointDir("hdfs:///checkpoints")
 *         .fit(images);
 * Dataset<Row> scored = model.transform(photos);
 * }</pre>
 *
 * <p>{@link #fit} turns the rows into shards once for each data set, and then does what {@code
 * stoker train} does, with the same result for the same rows, whatever their partitions and order.
 * The shards stay in {@code cacheDir}, so that the points of a grid, and a fit that goes on, find
 * them. The image column is what {@link io.stoker.data.frame.ImageColumn} says, and the column of
 * labels what {@link LabelClasses} says; images that cannot be read, and rows without a label, are
 * left out, unless they are more than {@code maxRejected} allows.
 *
 * <p>With a {@code checkpointDir}, each job has a run folder in it. A fit that was interrupted goes
 * on from its newest checkpoint when the same job is fitted to the same rows again, and gives the
 * same parameters to the last bit as if it had not been interrupted; a job that is done already is
 * not trained again. Without one, checkpoints are deleted when the process ends.
 */
public final class StokerClassifier extends StokerClassifierParams
    implements DefaultParamsWritable {
  private static final long serialVersionUID = 1L;

  /** A classifier with the defaults; it needs a model. */
  public StokerClassifier() {
    this(Identifiable.randomUID("stoker"));
  }

  /**
   * A classifier with the defaults; it needs a model.
   *
   * @param uid its identity
   */
  public StokerClassifier(String uid) {
    super(uid);
  }

  /** Loads what {@link #save} wrote. */
  public static StokerClassifier load(String uri) {
    return read().load(uri);
  }

  /** The reader that {@code Pipeline.load} asks for. */
  public static MLReader<StokerClassifier> read() {
    return new DefaultParamsReader<>();
  }

  /**
   * The params by the options of {@code stoker train} and {@code stoker prepare} that mean the
   * same.
   */
  public static Map<String, String> paramsByOption() {
    Map<String, String> params = new TreeMap<>(TrainingOption.paramsByOption());
    params
        .values()
        .retainAll(TrainingOption.paramsOf("classifier").stream().map(ParamEntry::name).toList());
    return params;
  }

  /**
   * Trains.
   *
   * @param dataset labelled images
   * @throws io.stoker.failure.StokerException if the params or the data cannot be used; its message
   *     is one line
   */
  @Override
  public StokerModel fit(Dataset<?> dataset) {
    return fit(dataset, RoundListeners.NONE);
  }

  /**
   * Trains.
   *
   * @param dataset labelled images
   * @param listeners are told of each round
   */
  StokerModel fit(Dataset<?> dataset, RoundListeners listeners) {
    SupportedRuntime.check();
    SparkSettings.requireSerializer(dataset.sparkSession().sparkContext().getConf());
    try {
      transformSchema(dataset.schema());
      return new ClassifierFit(this, dataset).run(listeners);
    } catch (InputException e) {
      throw new InputException(TrainingOption.inParams(e.getMessage()), e);
    }
  }

  @Override
  public StructType transformSchema(StructType schema) {
    TrainingFrame.check(this, schema);
    return StokerModel.added(
        schema,
        new PredictionColumns(
            getRawPredictionCol(),
            getProbabilityCol(),
            getPredictionCol(),
            getPredictedLabelCol(),
            getErrorCol(),
            List.of(),
            List.of()),
        getHandleInvalid());
  }

  @Override
  public StokerClassifier copy(ParamMap extra) {
    return defaultCopy(extra);
  }

  @Override
  StokerClassifier self() {
    return this;
  }
}
