// SPDX-License-Identifier: Apache-2.0
package io.stoker.integrations.dl4jspark;

import io.stoker.driver.spark.ShuffleCleanup;
import io.stoker.driver.spark.SparkFailures;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.spark.Partitioner;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.rdd.RDD;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import scala.Tuple2;

/**
 * The examples of an RDD, shuffled once so that what a worker reads in a round is one partition:
 * see {@link FitPlan#part(int, int)}. An example's index is its place in the RDD, partition after
 * partition, whatever partitions there are. The shuffle's files hold them until {@link #close}.
 */
final class PlannedExamples implements AutoCloseable {
  private final FitPlan plan;
  private final ExampleLayout layout;
  private final RDD<Tuple2<Integer, float[]>> parts;

  /** What a partition of the data has. */
  private record Content(int examples, Set<ExampleLayout> layouts)
      implements java.io.Serializable {}

  private PlannedExamples(FitPlan plan, ExampleLayout layout, RDD<Tuple2<Integer, float[]>> parts) {
    this.plan = plan;
    this.layout = layout;
    this.parts = parts;
  }

  /**
   * Counts the examples, and shuffles them when they are first read.
   *
   * @param data the examples; computed twice, if it is not cached
   * @param settings how they are trained on
   * @param key chooses their order
   * @throws InputException if there are none, or they are of several shapes
   */
  static PlannedExamples of(JavaRDD<MultiDataSet> data, FitSettings settings, long key) {
    data.context().setJobDescription("count the examples");
    List<Content> contents =
        SparkFailures.unwrapped(
            () -> data.mapPartitions(part -> List.of(content(part)).iterator()).collect());
    int[] first = new int[contents.size()];
    long examples = 0;
    for (int part = 0; part < first.length; part++) {
      first[part] = (int) examples;
      examples += contents.get(part).examples();
      Check.input(
          examples <= Integer.MAX_VALUE, "Invalid training data: more than 2^31 - 1 examples");
    }
    Set<ExampleLayout> layouts =
        contents.stream().flatMap(each -> each.layouts().stream()).collect(Collectors.toSet());
    Check.input(!layouts.isEmpty(), "Invalid training data: no examples");
    Check.input(
        layouts.size() == 1,
        "Invalid training data: examples of different shapes; bring them to one shape");
    ExampleLayout layout = layouts.iterator().next();
    FitPlan plan =
        new FitPlan(
            (int) examples,
            settings.workers(),
            settings.batchSizePerWorker(),
            settings.averagingFrequency(),
            key);
    JavaPairRDD<Integer, float[]> rows =
        data.mapPartitionsWithIndex(
                (part, sets) -> placed(sets, first[part], layout, plan).iterator(), false)
            .mapToPair(each -> each);
    return new PlannedExamples(plan, layout, rows.partitionBy(new Parts(plan)).rdd());
  }

  private static Content content(Iterator<MultiDataSet> sets) {
    int examples = 0;
    Set<ExampleLayout> layouts = new java.util.HashSet<>();
    while (sets.hasNext()) {
      MultiDataSet set = sets.next();
      layouts.add(ExampleLayout.of(set));
      examples += ExampleLayout.examples(set);
    }
    return new Content(examples, layouts);
  }

  private static Iterable<Tuple2<Integer, float[]>> placed(
      Iterator<MultiDataSet> sets, int first, ExampleLayout layout, FitPlan plan) {
    return () ->
        new Iterator<>() {
          private Iterator<float[]> rows = List.<float[]>of().iterator();
          private int index = first;

          @Override
          public boolean hasNext() {
            while (!rows.hasNext() && sets.hasNext()) {
              rows = layout.rows(sets.next()).iterator();
            }
            return rows.hasNext();
          }

          @Override
          public Tuple2<Integer, float[]> next() {
            if (!hasNext()) {
              throw new java.util.NoSuchElementException();
            }
            return new Tuple2<>(plan.position(index++), rows.next());
          }
        };
  }

  /** Sends a position to its part. */
  private static final class Parts extends Partitioner {
    private static final long serialVersionUID = 1L;

    private final FitPlan plan;

    Parts(FitPlan plan) {
      this.plan = plan;
    }

    @Override
    public int numPartitions() {
      return plan.rounds() * plan.workers();
    }

    @Override
    public int getPartition(Object position) {
      return plan.part((Integer) position);
    }
  }

  FitPlan plan() {
    return plan;
  }

  ExampleLayout layout() {
    return layout;
  }

  RDD<Tuple2<Integer, float[]>> parts() {
    return parts;
  }

  /** Puts a part's examples, which arrive in any order, into the steps of a round. */
  static List<List<float[]>> steps(
      Iterator<Tuple2<Integer, float[]>> arriving, FitPlan plan, int round) {
    List<Tuple2<Integer, float[]>> sorted = new ArrayList<>();
    arriving.forEachRemaining(sorted::add);
    sorted.sort(java.util.Comparator.comparing(Tuple2::_1));
    List<List<float[]>> steps = new ArrayList<>();
    for (int step = 0; step < plan.steps(round); step++) {
      steps.add(new ArrayList<>());
    }
    for (Tuple2<Integer, float[]> each : sorted) {
      steps.get(plan.step(each._1()) - round * plan.localSteps()).add(each._2());
    }
    return steps;
  }

  @Override
  public void close() {
    ShuffleCleanup.delete(parts);
  }
}
