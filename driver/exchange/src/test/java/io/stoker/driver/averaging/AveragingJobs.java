// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.data.augment.Mixing;
import io.stoker.data.plan.Sampling;
import io.stoker.data.shard.ShardFolder;
import io.stoker.driver.LocalSpark;
import io.stoker.driver.slice.InitialValues;
import io.stoker.driver.slice.MovingAverage;
import io.stoker.driver.slice.OuterStep;
import io.stoker.driver.slice.ParameterSlices;
import io.stoker.driver.slice.SliceAverage;
import io.stoker.driver.slice.Wire;
import io.stoker.models.engine.Engines;
import io.stoker.models.engine.StepSettings;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Shape;
import io.stoker.models.zoo.Zoo;
import io.stoker.worker.TinyShards;
import io.stoker.worker.runtime.ReplicaKey;
import io.stoker.worker.runtime.RoundTask;
import io.stoker.worker.runtime.TrainingData;
import io.stoker.worker.sgd.StepSchedule;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.MapOutputTrackerMaster;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;

/** Jobs of four workers in four rounds, and what their tests have in common. */
@TestInstance(Lifecycle.PER_CLASS)
@SuppressWarnings("deprecation") // Scala 2.13 has other names; 2.12 has only these
abstract class AveragingJobs {
  static final int ROUNDS = 4;
  static final StepSchedule STEADY = step -> new StepSettings(0.05f, 0.9f, 0.001f);
  static final ModelSpec MODEL = Zoo.model("mlp-shallow", new Shape(8, 8, 1), TinyShards.CLASSES);

  Path folder;

  String manifestSha256;
  String undisturbed;

  @BeforeAll
  void train(@TempDir Path shards) {
    folder = shards;
    TinyShards.write(folder, List.of(61, 40, 83, 57, 30), 1);
    manifestSha256 =
        ShardFolder.open(new org.apache.hadoop.fs.Path(folder.toUri()), new Configuration())
            .manifestHash();
    undisturbed = trainOn("local[1]", schedule(), parameters -> {});
  }

  /** The steps of a job that nothing disturbs. */
  StepSchedule schedule() {
    return STEADY;
  }

  /** Parameters and updater state. */
  int vectors() {
    return 2;
  }

  /** How many values of a vector are in a slice. */
  int sliceLength() {
    return 4096;
  }

  /** The share of the workers with which a round of a multi-round stage may end. */
  double quorum() {
    return 1;
  }

  /** Something that happens to the cluster between two rounds. */
  interface Incident {
    void happenTo(JavaSparkContext spark);
  }

  static void loseAll(JavaSparkContext spark) {
    spark.getPersistentRDDs().values().forEach(rdd -> rdd.unpersist(true));
    for (Object shuffle : shuffles()) {
      spark.sc().cleaner().get().doCleanupShuffle((int) shuffle, true);
    }
  }

  static java.util.Set<?> shuffles() {
    MapOutputTrackerMaster tracker = (MapOutputTrackerMaster) SparkEnv.get().mapOutputTracker();
    return scala.collection.JavaConverters.mapAsJavaMap(tracker.shuffleStatuses()).keySet();
  }

  static void awaitGenerations(JavaSparkContext spark, int count) {
    awaitReleased(spark, count);
    assertThat(spark.getPersistentRDDs()).hasSize(count);
  }

  /** Blocks of a round are deleted in the background, after the next one. */
  static void awaitReleased(JavaSparkContext spark, int most) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (spark.getPersistentRDDs().size() > most && System.nanoTime() < end) {
      Thread.onSpinWait();
    }
    assertThat(spark.getPersistentRDDs()).hasSizeLessThanOrEqualTo(most);
  }

  String trainOn(String master, StepSchedule schedule, Incident incident) {
    try (JavaSparkContext spark = LocalSpark.start(master)) {
      return trainOn(spark, schedule, incident);
    }
  }

  String trainOn(String master, Wire wire, Incident incident) {
    try (JavaSparkContext spark = LocalSpark.start(master)) {
      return trainOn(spark, wire, STEADY, incident);
    }
  }

  String trainOn(JavaSparkContext spark, StepSchedule schedule, Incident incident) {
    return trainOn(spark, Wire.FP32, schedule, incident);
  }

  String trainOn(JavaSparkContext spark, Wire wire, StepSchedule schedule, Incident incident) {
    try (SharedParameters parameters = load(spark, wire)) {
      for (int round = 0; round < ROUNDS; round++) {
        RoundReport report = parameters.advance(task(round, schedule), "a round");
        assertThat(report.workers()).extracting(WorkerReport::worker).containsExactly(0, 1, 2, 3);
        assertThat(report.examples()).isEqualTo(round == 2 ? 15 : 128);
        // Otherwise blocks would be deleted by the job and by the incident at the same time.
        awaitReleased(spark, wire == Wire.FP32 ? 1 : 2);
        incident.happenTo(spark);
      }
      return sha256(parameters);
    }
  }

  SharedParameters load(JavaSparkContext spark) {
    return load(spark, Wire.FP32);
  }

  SharedParameters load(JavaSparkContext spark, Wire wire) {
    return load(spark, OuterStep.PLAIN, wire);
  }

  /** Parameters of rounds that overlap, by one step. */
  SharedParameters loadOverlapping(
      JavaSparkContext spark, OuterStep outer, StageRules.Patience patience) {
    return load(spark, outer, Wire.FP32, 1, patience);
  }

  SharedParameters load(JavaSparkContext spark, StageRules.Patience patience) {
    return load(spark, OuterStep.PLAIN, Wire.FP32, 0, patience);
  }

  /** Parameters that are followed by a moving average, unless the outer step is the mean. */
  SharedParameters load(JavaSparkContext spark, OuterStep outer, Wire wire) {
    return load(spark, outer, wire, 0, StageRules.Patience.USUAL);
  }

  private SharedParameters load(
      JavaSparkContext spark,
      OuterStep outer,
      Wire wire,
      int overlapSteps,
      StageRules.Patience patience) {
    InitialValues initial = new InitialValues(MODEL, 3);
    MovingAverage ema = outer.isPlain() ? MovingAverage.NONE : MovingAverage.exponential(0.9);
    ParameterSlices slices =
        new ParameterSlices(
            0, MODEL.parameterCount(), vectors(), outer.hasMomentum(), ema.isOn(), sliceLength());
    return SharedParameters.load(
        spark,
        new SliceAverage(slices, outer, wire, overlapSteps, ema),
        initial,
        initial,
        patience,
        quorum());
  }

  RoundTask task(int round, StepSchedule schedule) {
    return task(round, schedule, MODEL);
  }

  /** 271 samples at 64 a step: 4 full steps and one of 15, in rounds of 2. */
  RoundTask task(int round, StepSchedule schedule, ModelSpec model) {
    int first = round % 3 * 2;
    return new RoundTask(
        ReplicaKey.of(model, Engines.AUTO, 16),
        new TrainingData(
            new TrainingData.Source(folder.toUri().toString(), manifestSha256, "train"),
            new TrainingData.Order(Sampling.NATURAL, 1, 3, 4, 16),
            new TrainingData.Images(TinyShards.SHAPE, "flip", Mixing.NONE)),
        schedule,
        round,
        round / 3,
        first,
        first == 4 ? 1 : 2,
        round / 3 * 5 + first);
  }

  static String sha256(SharedParameters parameters) {
    try (SharedParameters.Snapshot snapshot = parameters.snapshot()) {
      return sha256(snapshot);
    }
  }

  static String sha256(SharedParameters.Snapshot snapshot) {
    return snapshot.onOneExecutor(
        "SHA-256",
        (slices, contents, hadoop) -> {
          try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            return HexFormat.of().formatHex(digest.digest(all(slices, contents)));
          } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
          }
        });
  }

  static byte[] all(ParameterSlices slices, java.util.function.IntFunction<byte[]> contents) {
    java.io.ByteArrayOutputStream bytes = new java.io.ByteArrayOutputStream();
    for (int slice = 0; slice < slices.count(); slice++) {
      bytes.writeBytes(contents.apply(slice));
    }
    return bytes.toByteArray();
  }
}
