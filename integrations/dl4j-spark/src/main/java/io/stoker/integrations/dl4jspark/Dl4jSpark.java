// SPDX-License-Identifier: Apache-2.0
package io.stoker.integrations.dl4jspark;

import io.stoker.driver.bench.AveragingLibrary;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.models.spec.ModelSpec;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * Stock dl4j-spark with its {@code ParameterAveragingTrainingMaster}, as a baseline of {@code bench
 * averaging} and {@code bench accuracy}.
 */
public final class Dl4jSpark implements AveragingLibrary {
  @Override
  public String name() {
    return "dl4j";
  }

  @Override
  public Averaging averaging(JavaSparkContext spark, int parameters, int workers) {
    return new StockAveraging(spark, parameters, workers);
  }

  @Override
  public Training training(JavaSparkContext spark, ModelSpec model, TrainingConfig recipe) {
    return new StockTraining(spark, model, recipe);
  }
}
