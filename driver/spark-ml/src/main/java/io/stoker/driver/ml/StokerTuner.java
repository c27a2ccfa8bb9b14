// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.ml;

import io.stoker.driver.config.TrainingOption;
import io.stoker.driver.spark.SparkSettings;
import io.stoker.driver.spark.SupportedRuntime;
import io.stoker.failure.InputException;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.DefaultParamsWritable;
import org.apache.spark.ml.util.Identifiable;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.types.StructType;

/**
 * Searches for the best params of a {@link StokerClassifier}, as {@code stoker tune} does: trials
 * side by side on the slots of the cluster, with successive halving. It has the params of the
 * classifier, which hold for all trials, and those of the search.
 *
 * <pre>{@code
 * StokerTunerModel tuned =
 *     new StokerTuner()
 *         .setInputCol("image").setLabelCol("label").setValidationIndicatorCol("held")
 *         .setModel("lenet5").setMaxIter(9)
 *         .setSpace("{stepSize: {from: 0.01, to: 0.3, scale: log}, batchSize: [16, 32]}")
 *         .setTrials(16)
 *         .fit(images);
 * tuned.trials().show();
 * StokerModel best = tuned.bestModel();
 * }</pre>
 *
 * <p>The same rows, params and space give the same winner with the same parameters on any number of
 * slots. With a {@code checkpointDir}, the study is a folder in it, and a fit that was interrupted
 * goes on with the study when the same is fitted again; {@code stoker report} and {@code stoker
 * tune --best} take the folder. Without one, the study is deleted when the process ends.
 */
public final class StokerTuner extends StokerTunerParams implements DefaultParamsWritable {
  private static final long serialVersionUID = 1L;

  /** A tuner with the defaults; it needs a space. */
  public StokerTuner() {
    this(Identifiable.randomUID("stoker"));
  }

  /**
   * A tuner with the defaults; it needs a space.
   *
   * @param uid its identity
   */
  public StokerTuner(String uid) {
    super(uid);
  }

  /** Loads what {@link #save} wrote. */
  public static StokerTuner load(String uri) {
    return read().load(uri);
  }

  /** The reader that {@code Pipeline.load} asks for. */
  public static MLReader<StokerTuner> read() {
    return new DefaultParamsReader<>();
  }

  /**
   * Searches.
   *
   * @param dataset labelled images
   * @throws io.stoker.failure.StokerException if the params, the space or the data cannot be used;
   *     its message is one line
   */
  @Override
  public StokerTunerModel fit(Dataset<?> dataset) {
    SupportedRuntime.check();
    SparkSettings.requireSerializer(dataset.sparkSession().sparkContext().getConf());
    try {
      transformSchema(dataset.schema());
      return new TunerFit(this, dataset).run();
    } catch (InputException e) {
      String message = TrainingOption.inParams(e.getMessage());
      throw new InputException(message.replaceAll("--(folds|halving|trials)", "$1"), e);
    }
  }

  @Override
  public StructType transformSchema(StructType schema) {
    return TunerTrials.classifier(this).transformSchema(schema);
  }

  @Override
  public StokerTuner copy(ParamMap extra) {
    return defaultCopy(extra);
  }

  @Override
  StokerTuner self() {
    return this;
  }
}
