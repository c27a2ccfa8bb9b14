// SPDX-License-Identifier: Apache-2.0
package io.stoker.integrations.dl4jspark;

import io.stoker.base.LittleEndian;
import io.stoker.base.SplitMix64;
import io.stoker.data.pack.Broadcasts;
import io.stoker.driver.averaging.RoundReport;
import io.stoker.driver.averaging.SharedParameters;
import io.stoker.driver.slice.ParameterSlices;
import io.stoker.driver.slice.SliceAverage;
import io.stoker.driver.spark.SparkFailures;
import io.stoker.failure.InputException;
import io.stoker.worker.runtime.RoundWork;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One pass over an RDD of examples: its rounds, and the network that comes of them. */
final class FitJob {
  private static final Logger LOG = LoggerFactory.getLogger(StokerTrainingMaster.class);

  private static final int PROBED = 4;

  /**
   * Rounds between two times at which the driver takes the values: see {@link Values#cutLineage}.
   */
  private static final int CUT_EVERY = 20;

  private final JavaSparkContext spark;
  private final StockNetwork network;
  private final FitSettings settings;
  private final Collection<TrainingListener> listeners;

  FitJob(
      JavaSparkContext spark,
      StockNetwork network,
      FitSettings settings,
      Collection<TrainingListener> listeners) {
    this.spark = spark;
    this.network = network;
    this.settings = settings;
    this.listeners = listeners;
  }

  /**
   * Trains the network.
   *
   * @return the mean loss of the last round's examples
   */
  double run(JavaRDD<MultiDataSet> data) {
    long key = SplitMix64.mix(settings.rngSeed(), network.iteration());
    try (PlannedExamples examples = PlannedExamples.of(data, settings, key)) {
      List<float[]> probe = examples.layout().rows(firstOf(data));
      TrainingBackend approach =
          TrainingBackend.of(
              network,
              examples.layout(),
              probe.subList(0, Math.min(PROBED, probe.size())),
              settings,
              spark.getConf());
      float[][] vectors = approach.vectors();
      ParameterSlices slices =
          new ParameterSlices(
              vectors[0].length,
              vectors.length,
              ParameterSlices.fittingLength(vectors[0].length, vectors.length, settings.workers()));
      try (Values values = new Values(slices, vectors)) {
        double loss = train(approach, examples, values, key);
        approach.restore(values.fetch());
        return loss;
      }
    } finally {
      spark.setJobDescription(null);
    }
  }

  private static MultiDataSet firstOf(JavaRDD<MultiDataSet> data) {
    return SparkFailures.unwrapped(
        () -> data.filter(set -> ExampleLayout.examples(set) > 0).first());
  }

  private double train(
      TrainingBackend approach, PlannedExamples examples, Values values, long key) {
    FitPlan plan = examples.plan();
    int iteration = network.iteration();
    double loss = 0;
    int round = 0;
    while (round < plan.rounds()) {
      int untilCut = Math.min(CUT_EVERY - round % CUT_EVERY, plan.rounds() - round);
      int together = values.parameters.roundsPerStage(plan.workers(), untilCut);
      List<RoundWork> tasks = tasks(approach, examples, key, round, together, iteration);
      String name = name(round, plan);
      List<RoundReport> reports =
          SparkFailures.unwrapped(() -> values.parameters.advance(tasks, name));
      for (RoundReport report : reports) {
        loss = report.loss();
        requireFinite(loss, round);
        iteration += plan.steps(round);
        log(name(round, plan), report);
        tell(loss, iteration);
        round++;
      }
      if (round % CUT_EVERY == 0) {
        values.cutLineage();
      }
    }
    return loss;
  }

  private static String name(int round, FitPlan plan) {
    return String.format(Locale.ROOT, "round %d of %d", round + 1, plan.rounds());
  }

  /** Consecutive rounds. */
  private static List<RoundWork> tasks(
      TrainingBackend approach,
      PlannedExamples examples,
      long key,
      int first,
      int count,
      int iteration) {
    FitPlan plan = examples.plan();
    List<RoundWork> tasks = new ArrayList<>();
    int step = iteration;
    for (int round = first; round < first + count; round++) {
      int steps = plan.steps(round);
      tasks.add(new FitTask(plan, examples.parts(), approach.learner(step, steps), round, key));
      step += steps;
    }
    return tasks;
  }

  private static void requireFinite(double loss, int round) {
    if (!Double.isFinite(loss)) {
      throw new InputException(
          String.format(
              Locale.ROOT,
              "Training diverged in round %d: its loss is %s; try a lower learning rate. The"
                  + " network has the parameters that it had",
              round + 1,
              loss));
    }
  }

  private static void log(String name, RoundReport report) {
    LOG.info(
        "{}",
        String.format(
            Locale.ROOT,
            "%s: examples %d, loss %.4f, %.0f examples/s, %.2f s",
            name,
            report.examples(),
            report.loss(),
            report.examples() / report.seconds(),
            report.seconds()));
  }

  /** Listeners hear of each round; the network's parameters are not here before the last one. */
  private void tell(double loss, int iteration) {
    network.setScore(loss);
    network.setIteration(iteration);
    listeners.forEach(
        listener -> listener.iterationDone(network.model(), iteration, network.epoch()));
  }

  /** The values that travel, from round to round. */
  private final class Values implements AutoCloseable {
    private final ParameterSlices slices;
    private final SharedParameters parameters;
    private Broadcast<float[][]> root;

    Values(ParameterSlices slices, float[][] first) {
      this.slices = slices;
      this.root = spark.broadcast(first);
      GivenValues given = new GivenValues(root);
      this.parameters = SharedParameters.load(spark, SliceAverage.plain(slices), given, given);
    }

    /** Brings them to the driver. */
    float[][] fetch() {
      float[][] vectors = new float[slices.vectors()][(int) slices.parameters()];
      try (SharedParameters.Snapshot snapshot = parameters.snapshot()) {
        for (int slice = 0; slice < slices.count(); slice++) {
          FloatBuffer content = LittleEndian.floats(fetch(snapshot, slice));
          for (float[] vector : vectors) {
            content.get(vector, (int) slices.offset(slice), slices.length(slice));
          }
        }
      }
      return vectors;
    }

    private static byte[] fetch(SharedParameters.Snapshot snapshot, int slice) {
      return SparkFailures.unwrapped(
          () ->
              snapshot.onOneExecutor(
                  "fetch the parameters", (all, contents, hadoop) -> contents.apply(slice)));
    }

    /** Has lost slices come from here on from the driver, not from all rounds before. */
    void cutLineage() {
      Broadcast<float[][]> written = spark.broadcast(fetch());
      try (SharedParameters.Snapshot snapshot = parameters.snapshot()) {
        snapshot.cutLineage(new GivenValues(written));
      }
      Broadcasts.destroy(root);
      root = written;
    }

    @Override
    public void close() {
      parameters.close();
      Broadcasts.destroy(root);
    }
  }
}
