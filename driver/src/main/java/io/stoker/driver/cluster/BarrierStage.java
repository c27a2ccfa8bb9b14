package io.stoker.driver.cluster;

import java.io.Serializable;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.BarrierTaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.rdd.RDD;
import scala.collection.JavaConverters;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;
import scala.runtime.AbstractFunction1;

/** Spark's barrier mode: a stage whose tasks all run at the same time, or none does. */
final class BarrierStage {
  private BarrierStage() {}

  /** What each task does. */
  @FunctionalInterface
  interface Body<T> extends Serializable {
    T run();
  }

  /**
   * Runs a stage, in which every task first waits until all are there.
   *
   * @param spark the cluster
   * @param tasks how many; Spark waits for as many slots
   * @param body what each does then
   */
  static <T> List<T> run(JavaSparkContext spark, int tasks, Body<T> body) {
    JavaRDD<Integer> numbers = spark.parallelize(IntStream.range(0, tasks).boxed().toList(), tasks);
    ClassTag<T> any = ClassTag$.MODULE$.apply(Object.class);
    RDD<T> met = numbers.rdd().barrier().mapPartitions(new Meeting<>(body), false, any);
    return Arrays.asList(array(met.collect()));
  }

  @SuppressWarnings("unchecked") // an RDD whose tag is Object's gives an Object[]
  private static <T> T[] array(Object elements) {
    return (T[]) elements;
  }

  private static final class Meeting<T>
      extends AbstractFunction1<scala.collection.Iterator<Integer>, scala.collection.Iterator<T>>
      implements Serializable {
    private static final long serialVersionUID = 1L;

    private final Body<T> body;

    Meeting(Body<T> body) {
      this.body = body;
    }

    @Override
    public scala.collection.Iterator<T> apply(scala.collection.Iterator<Integer> number) {
      BarrierTaskContext.get().barrier();
      Iterator<T> one = List.of(body.run()).iterator();
      return JavaConverters.asScalaIterator(one);
    }
  }
}
