// SPDX-License-Identifier: Apache-2.0
package io.stoker.integrations.dl4jspark;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.datavec.spark.util.BroadcastHadoopConfigHolder;
import org.deeplearning4j.core.loader.DataSetLoader;
import org.deeplearning4j.core.loader.MultiDataSetLoader;
import org.deeplearning4j.core.storage.StatsStorageRouter;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.deeplearning4j.spark.api.TrainingHook;
import org.deeplearning4j.spark.api.TrainingMaster;
import org.deeplearning4j.spark.api.TrainingResult;
import org.deeplearning4j.spark.api.TrainingWorker;
import org.deeplearning4j.spark.api.stats.SparkTrainingStats;
import org.deeplearning4j.spark.data.loader.RemoteFileSourceFactory;
import org.deeplearning4j.spark.impl.graph.SparkComputationGraph;
import org.deeplearning4j.spark.impl.multilayer.SparkDl4jMultiLayer;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.MultiDataSet;

/**
 * A training master for {@link SparkDl4jMultiLayer} and {@link SparkComputationGraph} in place of
 * {@code ParameterAveragingTrainingMaster}: parameters are averaged between executors, weighted by
 * examples, and the result depends on the data, the settings and the number of workers, not on the
 * cluster or on partitions.
 *
 * <p>A network of layers that Stoker has too, with SGD or Nesterov's momentum and softmax with
 * cross-entropy, is trained by Stoker's engine, once the engine has given the same outputs for some
 * of the examples. Any other is trained by Deeplearning4j's own fit, in networks that stay on their
 * executors.
 */
public final class StokerTrainingMaster
    implements TrainingMaster<TrainingResult, TrainingWorker<TrainingResult>> {
  private final Builder options;
  private List<TrainingListener> listeners = List.of();

  private StokerTrainingMaster(Builder options) {
    this.options = options;
  }

  /** What can be set, under the names of {@code ParameterAveragingTrainingMaster.Builder}. */
  public static final class Builder {
    private final Integer workers;
    private int batchSizePerWorker = 16;
    private int averagingFrequency = 5;
    private boolean saveUpdater = true;
    private long rngSeed = 1;

    /**
     * Begins with as many workers as Spark's default parallelism.
     *
     * @param rddDataSetNumExamples of no effect: an element of the RDD may have any number of
     *     examples
     */
    public Builder(int rddDataSetNumExamples) {
      this(null, rddDataSetNumExamples);
    }

    /**
     * Begins.
     *
     * @param workers logical workers, which the result depends on, unlike the cluster; null for
     *     Spark's default parallelism
     * @param rddDataSetNumExamples of no effect: an element of the RDD may have any number of
     *     examples
     */
    public Builder(Integer workers, int rddDataSetNumExamples) {
      Check.input(
          rddDataSetNumExamples >= 1,
          "Invalid examples of a data set: %d (must be >= 1)",
          rddDataSetNumExamples);
      this.workers = workers;
    }

    /** Examples of a worker and step; 16 unless told otherwise. */
    public Builder batchSizePerWorker(int examples) {
      this.batchSizePerWorker = examples;
      return this;
    }

    /** Steps between two averagings; 5 unless told otherwise. */
    public Builder averagingFrequency(int steps) {
      this.averagingFrequency = steps;
      return this;
    }

    /**
     * Whether the updater's state is averaged with the parameters (it is, unless told otherwise) or
     * starts from zero in each round.
     */
    public Builder saveUpdater(boolean save) {
      this.saveUpdater = save;
      return this;
    }

    /** Decides the order of examples and which units are dropped; 1 unless told otherwise. */
    public Builder rngSeed(long seed) {
      this.rngSeed = seed;
      return this;
    }

    /**
     * Makes the training master.
     *
     * @throws InputException if a setting is out of range
     */
    public StokerTrainingMaster build() {
      settings(1);
      return new StokerTrainingMaster(this);
    }

    private FitSettings settings(int defaultWorkers) {
      return new FitSettings(
          workers == null ? defaultWorkers : workers,
          batchSizePerWorker,
          averagingFrequency,
          saveUpdater,
          rngSeed);
    }
  }

  /**
   * Trains a network of layers on all examples once.
   *
   * @throws io.stoker.failure.StokerException if the data cannot be used, or training diverges; the
   *     network's parameters are then as they were
   */
  @Override
  public void executeTraining(SparkDl4jMultiLayer network, JavaRDD<DataSet> data) {
    network.setScore(
        fit(
            network.getSparkContext(),
            new StockNetwork.Layers(network.getNetwork()),
            data.map(DataSet::toMultiDataSet)));
  }

  /** Trains a graph with one input and one output. */
  @Override
  public void executeTraining(SparkComputationGraph graph, JavaRDD<DataSet> data) {
    executeTrainingMDS(graph, data.map(DataSet::toMultiDataSet));
  }

  /** Trains a graph with any number of inputs and outputs. */
  @Override
  public void executeTrainingMDS(SparkComputationGraph graph, JavaRDD<MultiDataSet> data) {
    graph.setScore(fit(graph.getSparkContext(), new StockNetwork.Graph(graph.getNetwork()), data));
  }

  /** Trains on files of examples, which are read where they are needed. */
  @Override
  public void executeTrainingPaths(
      SparkDl4jMultiLayer network,
      SparkComputationGraph graph,
      JavaRDD<String> paths,
      DataSetLoader loader,
      MultiDataSetLoader multiLoader) {
    JavaSparkContext spark = network == null ? graph.getSparkContext() : network.getSparkContext();
    RemoteFileSourceFactory files =
        new RemoteFileSourceFactory(BroadcastHadoopConfigHolder.get(spark));
    if (network != null) {
      executeTraining(network, paths.map(path -> loader.load(files.getSource(path))));
    } else if (loader != null) {
      executeTraining(graph, paths.map(path -> loader.load(files.getSource(path))));
    } else {
      executeTrainingMDS(graph, paths.map(path -> multiLoader.load(files.getSource(path))));
    }
  }

  private double fit(JavaSparkContext spark, StockNetwork network, JavaRDD<MultiDataSet> data) {
    List<TrainingListener> all = new ArrayList<>(network.listeners());
    all.addAll(listeners);
    return new FitJob(spark, network, options.settings(spark.defaultParallelism()), all).run(data);
  }

  /** Has listeners hear of each round, in the driver. */
  @Override
  public void setListeners(Collection<TrainingListener> listeners) {
    this.listeners = List.copyOf(listeners);
  }

  /** Sets the listeners. A router is refused, because there are no statistics to send. */
  @Override
  public void setListeners(StatsStorageRouter router, Collection<TrainingListener> listeners) {
    Check.input(router == null, "StokerTrainingMaster sends no statistics: set listeners alone");
    setListeners(listeners);
  }

  @Override
  public void addHook(TrainingHook hook) {
    throw new InputException(
        "StokerTrainingMaster calls no hooks on its workers: use a listener, or"
            + " ParameterAveragingTrainingMaster");
  }

  /** There is none. */
  @Override
  public void removeHook(TrainingHook hook) {}

  @Override
  public void setCollectTrainingStats(boolean collect) {
    Check.input(
        !collect,
        "StokerTrainingMaster collects no statistics: Spark's own pages have the time of each"
            + " round");
  }

  @Override
  public boolean getIsCollectTrainingStats() {
    return false;
  }

  /** There are none. */
  @Override
  public SparkTrainingStats getTrainingStats() {
    throw new InputException("StokerTrainingMaster collects no statistics");
  }

  /** Its workers are tasks of its own rounds. */
  @Override
  public TrainingWorker<TrainingResult> getWorkerInstance(SparkDl4jMultiLayer network) {
    throw noWorker();
  }

  /** Its workers are tasks of its own rounds. */
  @Override
  public TrainingWorker<TrainingResult> getWorkerInstance(SparkComputationGraph graph) {
    throw noWorker();
  }

  private static InputException noWorker() {
    return new InputException("StokerTrainingMaster has no workers to hand out: call fit");
  }

  /** There are none to delete. */
  @Override
  public boolean deleteTempFiles(JavaSparkContext spark) {
    return true;
  }

  /** There are none to delete. */
  @Override
  public boolean deleteTempFiles(SparkContext spark) {
    return true;
  }

  /** The settings as JSON. */
  @Override
  public String toJson() {
    return written(new JsonMapper());
  }

  /** The settings as YAML. */
  @Override
  public String toYaml() {
    return written(new YAMLMapper());
  }

  private String written(ObjectMapper mapper) {
    try {
      return mapper.writeValueAsString(
          mapper
              .createObjectNode()
              .put("workers", options.workers)
              .put("batchSizePerWorker", options.batchSizePerWorker)
              .put("averagingFrequency", options.averagingFrequency)
              .put("saveUpdater", options.saveUpdater)
              .put("rngSeed", options.rngSeed));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }
}
