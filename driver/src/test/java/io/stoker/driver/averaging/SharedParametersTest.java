// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.data.shard.ShardFolder;
import io.stoker.driver.LocalSpark;
import io.stoker.driver.config.Wire;
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
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.MapOutputTrackerMaster;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerBlockUpdated;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Parameters in many slices, which an average stage averages. */
@TestInstance(Lifecycle.PER_CLASS)
@SuppressWarnings("deprecation") // Scala 2.13 has other names; 2.12 has only these
class SharedParametersTest {
  static final int ROUNDS = 4;
  static final StepSchedule STEADY = step -> new StepSettings(0.05f, 0.9f, 0.001f);
  private static final ModelSpec MODEL =
      Zoo.model("mlp-shallow", new Shape(8, 8, 1), TinyShards.CLASSES);

  private Path folder;

  private String manifestSha256;
  String undisturbed;

  @BeforeAll
  void train(@TempDir Path shards) {
    folder = shards;
    TinyShards.write(folder, List.of(61, 40, 83, 57, 30), 1);
    manifestSha256 =
        ShardFolder.open(new org.apache.hadoop.fs.Path(folder.toUri()), new Configuration())
            .manifestHash();
    undisturbed = trainOn("local[1]", STEADY, parameters -> {});
  }

  /** How many values of a vector are in a slice. */
  int sliceLength() {
    return 4096;
  }

  /** How many generations of slices a single executor keeps. */
  int generations() {
    return 1;
  }

  /** Something that happens to the cluster between two rounds. */
  private interface Incident {
    void happenTo(JavaSparkContext spark);
  }

  @ParameterizedTest
  @ValueSource(strings = {"local[2]", "local[4]"})
  void parametersDoNotDependOnTheNumberOfSlots(String master) {
    assertThat(trainOn(master, STEADY, parameters -> {})).isEqualTo(undisturbed);
  }

  /** With more slices than the threshold, Spark takes another writer. */
  @ParameterizedTest
  @CsvSource({
    "spark.shuffle.compress, 200",
    "spark.shuffle.compress, 1",
    "spark.io.encryption.enabled, 200"
  })
  void parametersDoNotDependOnCompressionOrEncryptionOfTheShuffle(String key, String threshold) {
    Map<String, String> conf =
        Map.of(key, "true", "spark.shuffle.sort.bypassMergeThreshold", threshold);
    try (JavaSparkContext spark = LocalSpark.start("local[2]", conf)) {
      assertThat(trainOn(spark, STEADY, parameters -> {})).isEqualTo(undisturbed);
    }
  }

  @Test
  void parametersDoNotDependOnFailedTasks() {
    StepSchedule failing =
        step -> {
          TaskContext task = TaskContext.get();
          if (task.attemptNumber() == 0 && (step == 1 || (step == 5 && task.partitionId() == 2))) {
            throw new IllegalStateException("a task fails once");
          }
          return STEADY.at(step);
        };

    assertThat(trainOn("local[2,3]", failing, parameters -> {})).isEqualTo(undisturbed);
  }

  @Test
  void lostSlicesAreComputedAgainToTheSameBits() {
    assertThat(
            trainOn(
                "local[2]",
                STEADY,
                spark -> spark.getPersistentRDDs().values().forEach(rdd -> rdd.unpersist(true))))
        .isEqualTo(undisturbed);
  }

  @Tag("slow")
  @ParameterizedTest
  @EnumSource(
      value = Wire.class,
      names = {"FP16", "INT8"})
  void lostSlicesAreComputedAgainFromRoundedChangesToTheSameBits(Wire wire) {
    String rounded = trainOn("local[1]", wire, spark -> {});

    assertThat(rounded).isNotEqualTo(undisturbed);
    assertThat(
            trainOn(
                "local[2]",
                wire,
                spark -> spark.getPersistentRDDs().values().forEach(rdd -> rdd.unpersist(true))))
        .isEqualTo(rounded);
  }

  /** With all slices and all pieces lost, the rounds so far are trained again. */
  @Tag("slow")
  @ParameterizedTest
  @EnumSource(Wire.class)
  void roundsAreTrainedAgainWhenAllSlicesAndPiecesAreLost(Wire wire) {
    String expected = trainOn("local[1]", wire, spark -> {});

    assertThat(trainOn("local[2]", wire, SharedParametersTest::loseAll)).isEqualTo(expected);
  }

  @Test
  void aLostSnapshotIsComputedAgainWhileRoundsGoOn() {
    try (JavaSparkContext spark = LocalSpark.start("local[2]");
        SharedParameters parameters = load(spark)) {
      parameters.advance(task(0, STEADY), "a round");
      String then = sha256(parameters);
      try (SharedParameters.Snapshot snapshot = parameters.snapshot()) {
        for (int round = 1; round < ROUNDS; round++) {
          parameters.advance(task(round, STEADY), "a round");
        }
        loseAll(spark);
        assertThat(sha256(snapshot)).isEqualTo(then);
      }

      assertThat(sha256(parameters)).isEqualTo(undisturbed);
    }
  }

  static void loseAll(JavaSparkContext spark) {
    spark.getPersistentRDDs().values().forEach(rdd -> rdd.unpersist(true));
    for (Object shuffle : shuffles()) {
      spark.sc().cleaner().get().doCleanupShuffle((int) shuffle, true);
    }
  }

  private static java.util.Set<?> shuffles() {
    MapOutputTrackerMaster tracker = (MapOutputTrackerMaster) SparkEnv.get().mapOutputTracker();
    return scala.collection.JavaConverters.mapAsJavaMap(tracker.shuffleStatuses()).keySet();
  }

  @Test
  void lostSlicesAreReadFromTheCheckpointThatCutTheirLineage() {
    try (JavaSparkContext spark = LocalSpark.start("local[2]");
        SharedParameters parameters = load(spark)) {
      parameters.advance(task(0, STEADY), "a round");
      try (SharedParameters.Snapshot snapshot = parameters.snapshot()) {
        byte[] written =
            snapshot.onOneExecutor("all", (slices, contents, hadoop) -> all(slices, contents));
        snapshot.cutLineage(
            (slices, slice, hadoop) -> {
              int start = slice * slices.sliceLength() * slices.vectors() * Float.BYTES;
              return java.util.Arrays.copyOfRange(written, start, start + slices.bytes(slice));
            });
      }
      spark.getPersistentRDDs().values().forEach(rdd -> rdd.unpersist(true));
      for (int round = 1; round < ROUNDS; round++) {
        parameters.advance(task(round, STEADY), "a round");
      }

      assertThat(sha256(parameters)).isEqualTo(undisturbed);
    }
  }

  @Test
  void aSnapshotStaysWhileRoundsGoOn() {
    try (JavaSparkContext spark = LocalSpark.start("local[2]");
        SharedParameters parameters = load(spark)) {
      parameters.advance(task(0, STEADY), "a round");
      String then = sha256(parameters);
      try (SharedParameters.Snapshot snapshot = parameters.snapshot()) {
        for (int round = 1; round < ROUNDS; round++) {
          parameters.advance(task(round, STEADY), "a round");
        }
        awaitGenerations(spark, generations() + 1);
        assertThat(sha256(snapshot)).isEqualTo(then);
      }

      awaitGenerations(spark, generations());
      assertThat(sha256(parameters)).isEqualTo(undisturbed);
    }
  }

  @Test
  void blocksOfPastRoundsAreDeleted() {
    try (JavaSparkContext spark = LocalSpark.start("local[2]")) {
      try (SharedParameters parameters = load(spark)) {
        for (int round = 0; round < ROUNDS; round++) {
          parameters.advance(task(round, STEADY), "a round");
        }
        awaitGenerations(spark, generations());
      }
      assertThat(spark.getPersistentRDDs()).isEmpty();
    }
  }

  private static void awaitGenerations(JavaSparkContext spark, int count) {
    awaitReleased(spark, count);
    assertThat(spark.getPersistentRDDs()).hasSize(count);
  }

  /** Blocks of a round are deleted in the background, after the next one. */
  private static void awaitReleased(JavaSparkContext spark, int most) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (spark.getPersistentRDDs().size() > most && System.nanoTime() < end) {
      Thread.onSpinWait();
    }
    assertThat(spark.getPersistentRDDs()).hasSizeLessThanOrEqualTo(most);
  }

  @Test
  void parametersNeverPassThroughTheDriver() {
    ModelSpec large = Zoo.model("mlp-deep", new Shape(8, 8, 1), TinyShards.CLASSES);
    assertThat(large.parameterCount()).isGreaterThan(2_000_000);
    AtomicLong bytes = new AtomicLong();
    try (JavaSparkContext spark = LocalSpark.start("local[2]");
        SharedParameters parameters =
            SharedParameters.load(
                spark,
                new ParameterSlices(large.parameterCount(), 2, 1 << 18),
                new InitialValues(large, 3))) {
      spark.sc().addSparkListener(new DriverTraffic(bytes));
      parameters.advance(task(0, STEADY, large), "a round");
    }

    // 16 MB of parameters and momentum; 4 train and about 10 average tasks.
    assertThat(bytes.get()).isBetween(1L, 200_000L);
  }

  /** Adds up what tasks send to the driver, and what the driver sends to them. */
  private static final class DriverTraffic extends SparkListener {
    private final AtomicLong bytes;

    DriverTraffic(AtomicLong bytes) {
      this.bytes = bytes;
    }

    @Override
    public void onTaskEnd(SparkListenerTaskEnd end) {
      bytes.addAndGet(end.taskMetrics().resultSize());
    }

    @Override
    public void onBlockUpdated(SparkListenerBlockUpdated update) {
      if (update.blockUpdatedInfo().blockId().isBroadcast()) {
        bytes.addAndGet(update.blockUpdatedInfo().memSize());
      }
    }
  }

  private String trainOn(String master, StepSchedule schedule, Incident incident) {
    try (JavaSparkContext spark = LocalSpark.start(master)) {
      return trainOn(spark, schedule, incident);
    }
  }

  private String trainOn(String master, Wire wire, Incident incident) {
    try (JavaSparkContext spark = LocalSpark.start(master)) {
      return trainOn(spark, wire, STEADY, incident);
    }
  }

  private String trainOn(JavaSparkContext spark, StepSchedule schedule, Incident incident) {
    return trainOn(spark, Wire.FP32, schedule, incident);
  }

  private String trainOn(
      JavaSparkContext spark, Wire wire, StepSchedule schedule, Incident incident) {
    try (SharedParameters parameters = load(spark, wire)) {
      for (int round = 0; round < ROUNDS; round++) {
        RoundReport report = parameters.advance(task(round, schedule), "a round");
        assertThat(report.workers()).extracting(WorkerReport::worker).containsExactly(0, 1, 2, 3);
        assertThat(report.examples()).isEqualTo(round == 2 ? 15 : 128);
        // Otherwise blocks would be deleted by the job and by the incident at the same time.
        awaitReleased(spark, wire == Wire.FP32 ? generations() : 2);
        incident.happenTo(spark);
      }
      return sha256(parameters);
    }
  }

  SharedParameters load(JavaSparkContext spark) {
    return load(spark, Wire.FP32);
  }

  SharedParameters load(JavaSparkContext spark, Wire wire) {
    InitialValues initial = new InitialValues(MODEL, 3);
    return SharedParameters.load(
        spark,
        new ParameterSlices(MODEL.parameterCount(), 2, sliceLength()),
        initial,
        initial,
        OuterStep.PLAIN,
        wire);
  }

  SharedParameters load(JavaSparkContext spark, Rendezvous.Patience patience) {
    InitialValues initial = new InitialValues(MODEL, 3);
    ParameterSlices slices = new ParameterSlices(MODEL.parameterCount(), 2, sliceLength());
    return SharedParameters.load(
        spark, new SliceAverage(slices, OuterStep.PLAIN, Wire.FP32), initial, initial, patience);
  }

  RoundTask task(int round, StepSchedule schedule) {
    return task(round, schedule, MODEL);
  }

  /** 271 samples at 64 a step: 4 full steps and one of 15, in rounds of 2. */
  private RoundTask task(int round, StepSchedule schedule, ModelSpec model) {
    int first = round % 3 * 2;
    return new RoundTask(
        ReplicaKey.of(model, Engines.AUTO, 16),
        new TrainingData(
            folder.toUri().toString(),
            manifestSha256,
            "train",
            TinyShards.SHAPE,
            "flip",
            0,
            3,
            4,
            16),
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

  private static String sha256(SharedParameters.Snapshot snapshot) {
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

  private static byte[] all(
      ParameterSlices slices, java.util.function.IntFunction<byte[]> contents) {
    java.io.ByteArrayOutputStream bytes = new java.io.ByteArrayOutputStream();
    for (int slice = 0; slice < slices.count(); slice++) {
      bytes.writeBytes(contents.apply(slice));
    }
    return bytes.toByteArray();
  }
}
