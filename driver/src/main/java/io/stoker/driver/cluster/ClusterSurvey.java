package io.stoker.driver.cluster;

import io.stoker.failure.ResourceException;
import io.stoker.worker.runtime.TaskDevices;
import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.util.SerializableConfiguration;

/**
 * What the executors say of themselves, found by a task in each slot.
 *
 * @param executors one entry each, in the order of their names
 */
public record ClusterSurvey(List<Surveyed> executors) {
  /** How long a task occupies its slot where Spark cannot run all of them at once for sure. */
  private static final Duration IN_SLOT = Duration.ofSeconds(1);

  /** The surveys that this process has probed storage for. */
  private static final Map<String, Boolean> PROBED = new ConcurrentHashMap<>();

  /**
   * One executor.
   *
   * @param facts what it says
   * @param gpus the addresses of the GPUs that Spark assigned, an entry a slot; empty without
   * @param slots how many tasks ran there at once
   * @param storage how the folder did that was probed; blank where none was
   * @param storageProblem why it could not be used; blank where it could
   */
  public record Surveyed(
      ProcessFacts facts, List<String> gpus, int slots, String storage, String storageProblem) {
    public Surveyed {
      gpus = List.copyOf(gpus);
    }

    private Surveyed and(Answer answer) {
      List<String> all = new ArrayList<>(gpus);
      all.addAll(answer.gpus());
      return new Surveyed(
          facts,
          all,
          slots + 1,
          storage + answer.storage(),
          storageProblem + answer.storageProblem());
    }

    /** The executor and its machine, for messages. */
    public String place() {
      return "executor %s on %s".formatted(facts.executor(), facts.host());
    }
  }

  private record Answer(
      ProcessFacts facts, List<String> gpus, String storage, String storageProblem)
      implements Serializable {}

  public ClusterSurvey {
    executors = List.copyOf(executors);
  }

  /**
   * Asks all executors that are there.
   *
   * @param spark the cluster
   * @param probe a folder that each of them writes to; blank for none
   */
  public static ClusterSurvey of(JavaSparkContext spark, String probe) {
    int slots = Math.max(1, Slots.now(spark));
    String survey = UUID.randomUUID().toString();
    SerializableConfiguration hadoop = new SerializableConfiguration(spark.hadoopConfiguration());
    List<Answer> answers =
        spark.getConf().getBoolean("spark.dynamicAllocation.enabled", false)
            ? occupying(spark, slots, () -> answer(survey, probe, hadoop))
            : BarrierStage.run(spark, slots, () -> answer(survey, probe, hadoop));
    Map<String, Surveyed> executors = new TreeMap<>();
    for (Answer answer : answers) {
      executors.merge(
          answer.facts().executor(),
          new Surveyed(answer.facts(), List.of(), 0, "", "").and(answer),
          (before, same) -> before.and(answer));
    }
    return new ClusterSurvey(List.copyOf(executors.values()));
  }

  /** How many tasks run at once. */
  public int slots() {
    return executors.stream().mapToInt(Surveyed::slots).sum();
  }

  /** Barrier mode and executors that come and go exclude each other in Spark. */
  private static List<Answer> occupying(
      JavaSparkContext spark, int slots, BarrierStage.Body<Answer> body) {
    return spark
        .parallelize(IntStream.range(0, slots).boxed().toList(), slots)
        .map(
            slot -> {
              TimeUnit.MILLISECONDS.sleep(IN_SLOT.toMillis());
              return body.run();
            })
        .collect();
  }

  private static Answer answer(String survey, String probe, SerializableConfiguration hadoop) {
    List<String> gpus = List.copyOf(TaskDevices.assigned(TaskContext.get()));
    String storage = "";
    String problem = "";
    if (!probe.isEmpty() && PROBED.putIfAbsent(survey, true) == null) {
      try {
        storage = StorageProbe.run(probe, hadoop.value()).toString();
      } catch (ResourceException e) {
        problem = e.getMessage();
      }
    }
    return new Answer(ProcessFacts.here(), gpus, storage, problem);
  }
}
