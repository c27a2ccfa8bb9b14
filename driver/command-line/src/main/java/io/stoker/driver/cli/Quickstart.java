// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import io.stoker.base.PhaseClock;
import io.stoker.data.image.ImageCodec;
import io.stoker.data.image.ImageShape;
import io.stoker.data.image.Pixels;
import io.stoker.data.pack.PrepareJob;
import io.stoker.data.pack.PrepareOptions;
import io.stoker.data.pack.PrepareOptions.ExistingOutput;
import io.stoker.data.shard.ShardBlock;
import io.stoker.data.shard.ShardFolder;
import io.stoker.data.source.ImageSources;
import io.stoker.data.storage.OutputFile;
import io.stoker.driver.command.Console;
import io.stoker.driver.command.Line;
import io.stoker.driver.config.LearningRateSchedule;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.evaluate.EvaluateJob;
import io.stoker.driver.evaluate.EvaluateRequest;
import io.stoker.driver.evaluate.EvaluationReport;
import io.stoker.driver.evaluate.PredictJob;
import io.stoker.driver.evaluate.PredictRequest;
import io.stoker.driver.job.ExistingRun;
import io.stoker.driver.report.ReportJob;
import io.stoker.driver.report.ReportRequest;
import io.stoker.driver.round.RoundListener;
import io.stoker.driver.round.TrainJob;
import io.stoker.driver.round.TrainResult;
import io.stoker.driver.run.ShardsLock;
import io.stoker.failure.Check;
import io.stoker.failure.DamagedException;
import io.stoker.failure.InputException;
import io.stoker.failure.ResourceException;
import io.stoker.models.engine.Engines;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * The steps of the quickstart, in one folder: shards from MNIST's raw files, training, evaluation,
 * predictions, report.
 *
 * <p>A file marks the folder as that of a quickstart. Shards are made once and used again by later
 * calls, each training has its own run folder, and pictures are overwritten.
 */
final class Quickstart {
  private static final String MARK = ".stoker-quickstart";
  private static final String SPLIT = "test";
  private static final int TOP = 3;
  private static final int EVALUATION_BATCH = 250;

  private final Path folder;
  private final JavaSparkContext spark;
  private final Console console;

  Quickstart(Path folder, JavaSparkContext spark, Console console) {
    this.folder = folder;
    this.spark = spark;
    this.console = console;
  }

  /** SGD with Nesterov momentum in one cycle of the rate; small shifts prevent overfitting. */
  static TrainingConfig recipe(Path data, Path run, int epochs) {
    return TrainingConfig.builder()
        .data(data.toString())
        .run(run.toString())
        .model("lenet5")
        .workers(2)
        .batch(64)
        .localSteps(20)
        .epochs(epochs)
        .learningRate(0.1)
        .schedule(new LearningRateSchedule.OneCycle(epochs, 0))
        .momentum(0.9)
        .set("nesterov", true)
        .weightDecay(0.0005)
        .augmentations(List.of("shift"))
        .checkpointEvery(20)
        .build();
  }

  /**
   * Creates the folder, or takes that of an earlier quickstart.
   *
   * @throws InputException if the folder has files that quickstart did not write
   */
  void takeFolder() throws IOException {
    Check.input(
        !Files.exists(folder) || Files.isDirectory(folder),
        "Invalid output: %s is not a folder",
        folder);
    if (Files.isDirectory(folder) && !Files.exists(folder.resolve(MARK))) {
      try (Stream<Path> entries = Files.list(folder)) {
        Check.input(
            entries.findAny().isEmpty(),
            "Invalid output: %s was not made by quickstart (choose another with --output)",
            folder);
      }
    }
    Files.createDirectories(folder);
    Files.writeString(folder.resolve(MARK), "Made by stoker quickstart, which may change it.\n");
  }

  /** Opens the shards of an earlier call if they are undamaged, else makes them. */
  ShardFolder prepare(Path home) throws IOException {
    Path data = folder.resolve("data");
    try {
      ShardFolder found = open(data);
      console.say("1/5 prepare: using the shards in %s again".formatted(data));
      return found;
    } catch (InputException | DamagedException e) {
      Path raw = home.resolve("examples").resolve("mnist");
      if (!Files.isDirectory(raw)) {
        throw new ResourceException(
            "Cannot find MNIST's files, which come with Stoker, in %s".formatted(raw), e);
      }
      console.say("1/5 prepare: MNIST's raw files to shards in %s".formatted(data));
      new PrepareJob(
              spark,
              PrepareOptions.builder()
                  .source(ImageSources.named("idx"))
                  .input(new org.apache.hadoop.fs.Path(raw.toUri()))
                  .output(new org.apache.hadoop.fs.Path(data.toUri()))
                  .existingOutput(ExistingOutput.OVERWRITE)
                  .build(),
              PhaseClock.ofNow(),
              ShardsLock::holding)
          .run();
      return open(data);
    }
  }

  private ShardFolder open(Path data) {
    return ShardFolder.open(
        new org.apache.hadoop.fs.Path(data.toUri()), spark.hadoopConfiguration());
  }

  /** Trains in the first run folder that does not exist yet. */
  TrainResult train(int epochs, RoundListener listener) {
    int number = 1;
    while (Files.exists(folder.resolve("run-" + number))) {
      number++;
    }
    Path run = folder.resolve("run-" + number);
    console.say(Line.of("2/5 train: lenet5 with 2 workers, %d epochs, in %s", epochs, run));
    return TrainJob.run(
        spark, recipe(folder.resolve("data"), run, epochs), ExistingRun.REFUSE, listener);
  }

  /** Evaluates on the test images, which are not trained on. */
  EvaluationReport evaluate(TrainResult trained) {
    console.say("3/5 evaluate: on the test images");
    return EvaluateJob.run(
        spark,
        new EvaluateRequest(
            trained.run(),
            folder.resolve("data").toString(),
            SPLIT,
            EVALUATION_BATCH,
            Engines.AUTO));
  }

  /** Writes a few test images of different classes as PNG files, and classifies them. */
  void predict(TrainResult trained, ShardFolder data, int count, PredictJob.Listener listener)
      throws IOException {
    Path images = Files.createDirectories(folder.resolve("images"));
    console.say(Line.of("4/5 predict: %d test images, written to %s", count, images));
    List<String> files = writeImages(data, images, count);
    PredictJob.run(
        spark.hadoopConfiguration(),
        new PredictRequest(trained.run(), files, TOP, Engines.AUTO),
        listener);
  }

  /** Writes the report on a training, in place of an earlier one. */
  void report(TrainResult trained, Path page) {
    console.say("5/5 report: " + page);
    ReportRequest request =
        new ReportRequest(trained.run(), "", SPLIT, EVALUATION_BATCH, Engines.AUTO);
    OutputFile.check("--output", page.toString(), spark.hadoopConfiguration())
        .write(new ReportJob(spark, request).page());
  }

  private static List<String> writeImages(ShardFolder data, Path images, int count)
      throws IOException {
    ImageShape shape = data.manifest().image();
    ShardBlock block = data.readBlock(SPLIT, 0);
    Set<Integer> labels = new HashSet<>();
    List<String> files = new ArrayList<>();
    for (int row = 0; row < block.rows() && files.size() < count; row++) {
      if (labels.add(block.label(row))) {
        byte[] values = new byte[shape.bytes()];
        block.decode(row, values);
        Path file = images.resolve(data.manifest().classNames().get(block.label(row)) + ".png");
        Files.write(file, ImageCodec.encodePng(new Pixels(shape, values)));
        files.add(file.toString());
      }
    }
    return files.stream().sorted(Comparator.naturalOrder()).toList();
  }
}
