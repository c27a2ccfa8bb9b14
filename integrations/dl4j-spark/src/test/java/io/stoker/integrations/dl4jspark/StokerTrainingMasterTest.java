// SPDX-License-Identifier: Apache-2.0
package io.stoker.integrations.dl4jspark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.base.SplitMix64;
import io.stoker.driver.LocalSpark;
import io.stoker.failure.InputException;
import io.stoker.testing.Exact;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.deeplearning4j.spark.api.RDDTrainingApproach;
import org.deeplearning4j.spark.api.TrainingMaster;
import org.deeplearning4j.spark.impl.graph.SparkComputationGraph;
import org.deeplearning4j.spark.impl.multilayer.SparkDl4jMultiLayer;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingMaster;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

@Tag("slow")
class StokerTrainingMasterTest {
  private static final int CLASSES = 3;
  private static final int SIDE = 8;

  /** Two standard errors of the difference between two accuracies of 97 % on 320 images. */
  private static final double UNCERTAINTY = 0.03;

  /** The first is one for the engine, the second for Deeplearning4j's own fit. */
  static Stream<IUpdater> updaters() {
    return Stream.of(new Nesterovs(0.05, 0.9), new Adam(0.003));
  }

  @Test
  void itIsNoWorseThanTheStockMasterOnTheSameNetworkAndData() {
    List<DataSet> train = images(40, 16, 1);
    DataSet test = DataSet.merge(images(20, 16, 2));
    try (JavaSparkContext spark = LocalSpark.start("local[2]")) {
      TrainingMaster<?, ?> stock =
          new ParameterAveragingTrainingMaster.Builder(2, 16)
              .batchSizePerWorker(16)
              .averagingFrequency(4)
              .rddTrainingApproach(RDDTrainingApproach.Direct)
              .saveUpdater(true)
              .rngSeed(1)
              .build();
      TrainingMaster<?, ?> ours =
          new StokerTrainingMaster.Builder(2, 16)
              .batchSizePerWorker(16)
              .averagingFrequency(4)
              .build();

      double stockAccuracy = accuracy(fitted(spark, stock, train), test);
      double accuracy = accuracy(fitted(spark, ours, train), test);

      assertThat(accuracy).isGreaterThan(0.9).isGreaterThan(stockAccuracy - UNCERTAINTY);
    }
  }

  private static MultiLayerNetwork fitted(
      JavaSparkContext spark, TrainingMaster<?, ?> master, List<DataSet> data) {
    SparkDl4jMultiLayer network =
        new SparkDl4jMultiLayer(spark, layers(new Nesterovs(0.05, 0.9)), master);
    JavaRDD<DataSet> rdd = spark.parallelize(data, 4);
    for (int epoch = 0; epoch < 6; epoch++) {
      network.fit(rdd);
    }
    return network.getNetwork();
  }

  @ParameterizedTest
  @MethodSource("updaters")
  void oneWorkerTakesTheStepsOfDeeplearning4jAlone(IUpdater updater) {
    List<DataSet> data = images(5, 10, 3);
    MultiLayerNetwork alone = new MultiLayerNetwork(layers(updater));
    alone.init();
    MultiLayerNetwork network = alone.clone();
    FitPlan plan = new FitPlan(50, 1, 8, 3, SplitMix64.mix(7, 0));
    for (DataSet batch : inOrder(DataSet.merge(data), plan)) {
      alone.fit(batch);
    }

    try (JavaSparkContext spark = LocalSpark.start("local[2]")) {
      TrainingMaster<?, ?> master =
          new StokerTrainingMaster.Builder(1, 10)
              .batchSizePerWorker(8)
              .averagingFrequency(3)
              .rngSeed(7)
              .build();
      new SparkDl4jMultiLayer(spark, network, master).fit(spark.parallelize(data, 2));
    }

    assertClose(network.params(), alone.params());
    assertClose(network.getUpdater().getStateViewArray(), alone.getUpdater().getStateViewArray());
    assertThat(network.getIterationCount()).isEqualTo(alone.getIterationCount());
    assertThat(network.getEpochCount()).isEqualTo(1);
  }

  private static List<DataSet> inOrder(DataSet all, FitPlan plan) {
    List<List<DataSet>> steps = new ArrayList<>();
    Integer[] indices = IntStream.range(0, plan.examples()).boxed().toArray(Integer[]::new);
    Arrays.sort(indices, java.util.Comparator.comparing(plan::position));
    for (int index : indices) {
      int step = plan.step(plan.position(index));
      if (steps.size() == step) {
        steps.add(new ArrayList<>());
      }
      steps.get(step).add(example(all, index));
    }
    return steps.stream().map(DataSet::merge).toList();
  }

  private static DataSet example(DataSet all, int index) {
    return new DataSet(
        all.getFeatures().get(NDArrayIndex.interval(index, index + 1)).dup(),
        all.getLabels().get(NDArrayIndex.interval(index, index + 1)).dup());
  }

  private static void assertClose(INDArray found, INDArray expected) {
    assertThat(found.length()).isEqualTo(expected.length());
    assertThat(found.sub(expected).norm2Number().doubleValue())
        .isLessThan(1e-4 * expected.norm2Number().doubleValue());
  }

  @ParameterizedTest
  @MethodSource("updaters")
  @Exact
  void theResultIsTheSameOnAnyClusterAndFromAnyPartitions(IUpdater updater) {
    float[] onOneSlot = parameters("local[1]", 1, images(10, 7, 4), updater);
    float[] onTwo = parameters("local[2]", 5, images(10, 7, 4), updater);
    float[] otherwiseCut = parameters("local[2]", 3, images(7, 10, 4), updater);

    assertThat(onTwo).isEqualTo(onOneSlot);
    assertThat(otherwiseCut).isEqualTo(onOneSlot);
  }

  private static float[] parameters(
      String master, int partitions, List<DataSet> data, IUpdater updater) {
    try (JavaSparkContext spark = LocalSpark.start(master)) {
      SparkDl4jMultiLayer network =
          new SparkDl4jMultiLayer(
              spark,
              layers(updater),
              new StokerTrainingMaster.Builder(3, 10)
                  .batchSizePerWorker(4)
                  .averagingFrequency(2)
                  .build());
      network.fit(spark.parallelize(data, partitions));
      return network.getNetwork().params().dup().data().asFloat();
    }
  }

  @Test
  void aGraphOfSeveralInputsIsTrainedAndListenersHearOfEachRound() {
    ComputationGraphConfiguration configuration =
        new NeuralNetConfiguration.Builder()
            .seed(1)
            .updater(new Adam(0.01))
            .graphBuilder()
            .addInputs("a", "b")
            .addVertex("both", new MergeVertex(), "a", "b")
            .addLayer("out", output(4), "both")
            .setOutputs("out")
            .build();
    List<Double> scores = new ArrayList<>();
    try (JavaSparkContext spark = LocalSpark.start("local[2]")) {
      SparkComputationGraph graph =
          new SparkComputationGraph(
              spark,
              configuration,
              new StokerTrainingMaster.Builder(2, 1)
                  .batchSizePerWorker(4)
                  .averagingFrequency(2)
                  .build());
      graph.setListeners(
          new BaseTrainingListener() {
            @Override
            public void iterationDone(Model model, int iteration, int epoch) {
              scores.add(model.score());
            }
          });
      JavaRDD<MultiDataSet> data = spark.parallelize(pairs(64), 3);
      for (int epoch = 0; epoch < 10; epoch++) {
        graph.fitMultiDataSet(data);
      }

      assertThat(scores).hasSize(10 * 4);
      assertThat(scores.get(39)).isLessThan(scores.get(0));
      assertThat(graph.getScore()).isEqualTo(scores.get(39));
      assertThat(graph.getNetwork().score()).isEqualTo(scores.get(39));
    }
  }

  /** The class is the larger one of two sums. */
  private static List<MultiDataSet> pairs(int count) {
    SplittableRandom random = new SplittableRandom(5);
    List<MultiDataSet> pairs = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      float[] a = {random.nextInt(10) / 10f, random.nextInt(10) / 10f};
      float[] b = {random.nextInt(10) / 10f, random.nextInt(10) / 10f};
      float[] label = new float[CLASSES];
      label[a[0] + a[1] > b[0] + b[1] ? 0 : 1] = 1;
      pairs.add(
          new org.nd4j.linalg.dataset.MultiDataSet(
              new INDArray[] {Nd4j.create(a, new long[] {1, 2}), Nd4j.create(b, new long[] {1, 2})},
              new INDArray[] {Nd4j.create(label, new long[] {1, CLASSES})}));
    }
    return pairs;
  }

  @Test
  void aChainOfLayersInAGraphIsTrainedLikeANetworkOfLayers() {
    List<DataSet> data = images(6, 8, 6);
    MultiLayerNetwork layers = new MultiLayerNetwork(layers(new Nesterovs(0.05, 0.9)));
    layers.init();
    ComputationGraph graph = layers.toComputationGraph();
    try (JavaSparkContext spark = LocalSpark.start("local[2]")) {
      TrainingMaster<?, ?> master = new StokerTrainingMaster.Builder(2, 8).build();
      JavaRDD<DataSet> rdd = spark.parallelize(data, 2);
      new SparkDl4jMultiLayer(spark, layers, master).fit(rdd);
      new SparkComputationGraph(spark, graph, master).fit(rdd);
    }
    assertThat(graph.params().dup().data().asFloat())
        .isEqualTo(layers.params().dup().data().asFloat());
  }

  @Test
  void filesOfExamplesAreWhatTheyHold(@TempDir Path folder) throws IOException {
    List<DataSet> data = images(6, 8, 7);
    List<String> paths = new ArrayList<>();
    for (int i = 0; i < data.size(); i++) {
      File file = folder.resolve(i + ".bin").toFile();
      data.get(i).save(file);
      paths.add(file.toURI().toString());
    }
    try (JavaSparkContext spark = LocalSpark.start("local[2]")) {
      TrainingMaster<?, ?> master = new StokerTrainingMaster.Builder(2, 8).build();
      SparkDl4jMultiLayer fromFiles =
          new SparkDl4jMultiLayer(spark, layers(new Nesterovs(0.05, 0.9)), master);
      SparkDl4jMultiLayer fromMemory =
          new SparkDl4jMultiLayer(spark, layers(new Nesterovs(0.05, 0.9)), master);

      fromFiles.fitPaths(spark.parallelize(paths, 3));
      fromMemory.fit(spark.parallelize(data, 2));

      assertThat(fromFiles.getNetwork().params()).isEqualTo(fromMemory.getNetwork().params());
    }
  }

  @Test
  void whatCannotBeTrainedOnIsSaidInOneLine() {
    List<DataSet> data = images(8, 8, 8);
    try (JavaSparkContext spark = LocalSpark.start("local[2]")) {
      TrainingMaster<?, ?> master =
          new StokerTrainingMaster.Builder(2, 8)
              .batchSizePerWorker(4)
              .averagingFrequency(1)
              .build();
      SparkDl4jMultiLayer network =
          new SparkDl4jMultiLayer(spark, layers(new Nesterovs(1e20, 0.9)), master);
      INDArray before = network.getNetwork().params().dup();

      assertThatThrownBy(() -> network.fit(spark.parallelize(data, 2)))
          .isInstanceOf(InputException.class)
          .hasMessageContaining("diverged in round");
      assertThatThrownBy(() -> network.fit(spark.<DataSet>emptyRDD()))
          .isInstanceOf(InputException.class)
          .hasMessage("Invalid training data: no examples");
      DataSet other = new DataSet(Nd4j.ones(1, 5), Nd4j.ones(1, CLASSES));
      assertThatThrownBy(() -> network.fit(spark.parallelize(List.of(data.get(0), other), 2)))
          .isInstanceOf(InputException.class)
          .hasMessageContaining("different shapes");
      assertThat(network.getNetwork().params()).isEqualTo(before);
      assertThatThrownBy(() -> master.addHook(null)).isInstanceOf(InputException.class);
      assertThatThrownBy(() -> master.setCollectTrainingStats(true))
          .isInstanceOf(InputException.class);
      assertThatThrownBy(() -> new StokerTrainingMaster.Builder(0, 1).build())
          .hasMessage("Invalid workers: 0 (must be >= 1)");
    }
  }

  @Test
  void itsSettingsAreWrittenUnderTheirNames() {
    assertThat(new StokerTrainingMaster.Builder(2, 8).averagingFrequency(9).build().toJson())
        .isEqualTo(
            "{\"workers\":2,\"batchSizePerWorker\":16,\"averagingFrequency\":9,\"saveUpdater\":true,\"rngSeed\":1}");
  }

  @Test
  void anEngineIsTakenForLayersThatItHasAndNoOther() {
    List<DataSet> data = images(1, 4, 9);
    ExampleLayout layout = ExampleLayout.of(data.get(0).toMultiDataSet());

    assertThat(approach(layers(new Nesterovs(0.1, 0.9)), layout, data.get(0)))
        .isInstanceOf(TrainingBackend.OnEngine.class);
    assertThat(approach(layers(new Adam(0.1)), layout, data.get(0)))
        .isInstanceOf(TrainingBackend.OnStock.class);
  }

  private static TrainingBackend approach(
      MultiLayerConfiguration configuration, ExampleLayout layout, DataSet data) {
    MultiLayerNetwork network = new MultiLayerNetwork(configuration);
    network.init();
    return TrainingBackend.of(
        new StockNetwork.Layers(network),
        layout,
        layout.rows(data.toMultiDataSet()),
        new FitSettings(2, 8, 3, true, 1),
        new org.apache.spark.SparkConf(false));
  }

  private static double accuracy(MultiLayerNetwork network, DataSet test) {
    INDArray found = network.output(test.getFeatures()).argMax(1);
    INDArray expected = test.getLabels().argMax(1);
    return found
        .eq(expected)
        .castTo(org.nd4j.linalg.api.buffer.DataType.FLOAT)
        .meanNumber()
        .doubleValue();
  }

  private static MultiLayerConfiguration layers(IUpdater updater) {
    return new NeuralNetConfiguration.Builder()
        .seed(1)
        .l2(1e-3)
        .updater(updater)
        .activation(Activation.RELU)
        .list()
        .layer(new ConvolutionLayer.Builder(3, 3).padding(1, 1).nOut(4).build())
        .layer(new BatchNormalization.Builder().build())
        .layer(new SubsamplingLayer.Builder(PoolingType.MAX).kernelSize(2, 2).stride(2, 2).build())
        .layer(new DenseLayer.Builder().nOut(12).build())
        .layer(output(0))
        .setInputType(InputType.convolutional(SIDE, SIDE, 1))
        .build();
  }

  private static OutputLayer output(int inputs) {
    return new OutputLayer.Builder(LossFunction.MCXENT)
        .nIn(inputs)
        .nOut(CLASSES)
        .activation(Activation.SOFTMAX)
        .build();
  }

  /** Data sets of noise with a bright row, column or corner. */
  private static List<DataSet> images(int sets, int examples, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    List<DataSet> data = new ArrayList<>();
    for (int set = 0; set < sets; set++) {
      float[] pixels = new float[examples * SIDE * SIDE];
      float[] labels = new float[examples * CLASSES];
      for (int i = 0; i < examples; i++) {
        int label = random.nextInt(CLASSES);
        int at = random.nextInt(SIDE);
        labels[i * CLASSES + label] = 1;
        for (int y = 0; y < SIDE; y++) {
          for (int x = 0; x < SIDE; x++) {
            boolean bright = label == 0 ? y == at : label == 1 ? x == at : x + y < 4;
            pixels[(i * SIDE + y) * SIDE + x] =
                (bright ? 1 : 0) + (float) random.nextDouble(-0.6, 0.6);
          }
        }
      }
      data.add(
          new DataSet(
              Nd4j.create(pixels, new long[] {examples, 1, SIDE, SIDE}, 'c'),
              Nd4j.create(labels, new long[] {examples, CLASSES}, 'c')));
    }
    return data;
  }
}
