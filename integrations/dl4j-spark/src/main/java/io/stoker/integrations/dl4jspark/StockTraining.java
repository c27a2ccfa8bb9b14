// SPDX-License-Identifier: Apache-2.0
package io.stoker.integrations.dl4jspark;

import io.stoker.data.batch.BatchReader;
import io.stoker.data.batch.ImageBatch;
import io.stoker.driver.bench.AveragingLibrary;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.models.dl4j.GraphConfiguration;
import io.stoker.models.engine.StepSettings;
import io.stoker.models.engine.Targets;
import io.stoker.models.spec.InitialParameters;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Shape;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.storage.StorageLevel;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.spark.api.RDDTrainingApproach;
import org.deeplearning4j.spark.impl.graph.SparkComputationGraph;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingMaster;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A model trained by stock Deeplearning4j and its {@link ParameterAveragingTrainingMaster}, from
 * our first parameters. Its images are in Spark's memory before it begins.
 */
final class StockTraining implements AveragingLibrary.Training {
  private final ModelSpec model;
  private final TrainingConfig recipe;
  private final JavaSparkContext spark;
  private final SparkComputationGraph graph;
  private final List<Portion> portions = new ArrayList<>();

  private record Portion(JavaRDD<DataSet> data, long images) {}

  /**
   * Makes the network.
   *
   * @param spark the cluster
   * @param model what it computes
   * @param recipe workers, batch, local steps, learning rate, momentum, weight decay and seed
   */
  StockTraining(JavaSparkContext spark, ModelSpec model, TrainingConfig recipe) {
    this.model = model;
    this.recipe = recipe;
    this.spark = spark;
    ComputationGraph network =
        new ComputationGraph(
            GraphConfiguration.of(
                model,
                new StepSettings(
                    (float) recipe.optimizer().learningRate(),
                    (float) recipe.optimizer().momentum(),
                    (float) recipe.optimizer().weightDecay())));
    float[] first = new float[Math.toIntExact(model.parameterCount())];
    new InitialParameters(model, recipe.seed()).fill(0, FloatBuffer.wrap(first));
    network.init(Nd4j.create(first, new long[] {1, first.length}), false);
    graph =
        new SparkComputationGraph(
            spark,
            network,
            new ParameterAveragingTrainingMaster.Builder(
                    recipe.rounds().workers(), recipe.rounds().batch())
                .batchSizePerWorker(recipe.rounds().batch())
                .averagingFrequency(recipe.rounds().localSteps().least())
                .saveUpdater(true)
                .rddTrainingApproach(RDDTrainingApproach.Direct)
                .rngSeed(recipe.seed())
                .build());
  }

  @Override
  public void load(BatchReader batches, int portion) {
    List<DataSet> data = new ArrayList<>();
    while (batches.hasNext()) {
      data.add(dataSet(batches.next()));
      if (data.size() == portion || !batches.hasNext()) {
        JavaRDD<DataSet> kept =
            spark
                .parallelize(List.copyOf(data), recipe.rounds().workers())
                .persist(StorageLevel.MEMORY_ONLY_SER());
        kept.count();
        portions.add(new Portion(kept, data.stream().mapToLong(DataSet::numExamples).sum()));
        data.clear();
      }
    }
  }

  private DataSet dataSet(ImageBatch batch) {
    int examples = batch.examples();
    Shape input = model.input();
    float[] targets = new float[examples * model.classes()];
    Targets.fill(batch.labels(), examples, model.classes(), 0, targets);
    return new DataSet(
        Nd4j.create(
            Arrays.copyOf(batch.images(), examples * input.features()),
            new long[] {examples, input.channels(), input.height(), input.width()},
            'c'),
        Nd4j.create(targets, new long[] {examples, model.classes()}, 'c'));
  }

  @Override
  public int portions() {
    return portions.size();
  }

  @Override
  public long fit(int portion) {
    graph.fit(portions.get(portion).data());
    return portions.get(portion).images();
  }

  @Override
  public float[] parameters() {
    return graph.getNetwork().params().dup().data().asFloat();
  }
}
