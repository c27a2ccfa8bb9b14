// SPDX-License-Identifier: Apache-2.0
package io.stoker.integrations.dl4jspark;

import io.stoker.driver.bench.AveragingLibrary;
import java.util.Collections;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.spark.api.RDDTrainingApproach;
import org.deeplearning4j.spark.impl.multilayer.SparkDl4jMultiLayer;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingMaster;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions;

/**
 * Rounds of a stock {@link ParameterAveragingTrainingMaster} in which next to nothing is computed:
 * each worker takes one step on one example. The network is one dense layer, its updater plain
 * gradient descent, so that nothing but the parameters travels.
 */
final class StockAveraging implements AveragingLibrary.Averaging {
  private static final int LARGEST_OUTPUT = 1000;
  private static final long SEED = 1;

  private final int inputs;
  private final int outputs;
  private final SparkDl4jMultiLayer network;
  private final JavaRDD<DataSet> examples;

  /**
   * Makes the network, and an example a worker.
   *
   * @param spark the cluster
   * @param parameters how many the network has, about; at least 4
   * @param workers how many
   */
  StockAveraging(JavaSparkContext spark, int parameters, int workers) {
    outputs = Math.min(LARGEST_OUTPUT, parameters / 2);
    inputs = Math.max(1, Math.round(parameters / (float) outputs) - 1);
    ParameterAveragingTrainingMaster master =
        new ParameterAveragingTrainingMaster.Builder(workers, 1)
            .batchSizePerWorker(1)
            .averagingFrequency(1)
            .rddTrainingApproach(RDDTrainingApproach.Direct)
            .rngSeed(SEED)
            .build();
    network = new SparkDl4jMultiLayer(spark, configuration(), master);
    examples = spark.parallelize(Collections.nCopies(workers, example()), workers);
  }

  private MultiLayerConfiguration configuration() {
    return new NeuralNetConfiguration.Builder()
        .seed(SEED)
        .updater(new Sgd(1e-6))
        .list()
        .layer(
            new OutputLayer.Builder(LossFunctions.LossFunction.MCXENT)
                .nIn(inputs)
                .nOut(outputs)
                .activation(Activation.SOFTMAX)
                .build())
        .build();
  }

  private DataSet example() {
    INDArray label = Nd4j.zeros(DataType.FLOAT, 1, outputs);
    label.putScalar(0, 1);
    return new DataSet(Nd4j.ones(DataType.FLOAT, 1, inputs), label);
  }

  @Override
  public int parameters() {
    return (inputs + 1) * outputs;
  }

  @Override
  public void round() {
    network.fit(examples);
  }

  @Override
  public double stepSeconds() {
    MultiLayerNetwork alone = new MultiLayerNetwork(configuration());
    try {
      alone.init();
      DataSet example = example();
      alone.fit(example);
      long start = System.nanoTime();
      alone.fit(example);
      return (System.nanoTime() - start) / 1e9;
    } finally {
      alone.close();
    }
  }
}
