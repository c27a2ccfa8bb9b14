// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import io.stoker.data.pack.ImageFilesJob;
import io.stoker.data.pack.PrepareJob;
import io.stoker.data.pack.PrepareOptions;
import io.stoker.data.pack.PrepareOptions.ExistingOutput;
import io.stoker.data.pack.SplitFractions;
import io.stoker.data.shard.ShardEncoding;
import io.stoker.data.storage.Storage;
import io.stoker.data.synth.SyntheticSource;
import io.stoker.driver.command.Console;
import io.stoker.driver.command.Line;
import io.stoker.driver.command.Report;
import io.stoker.driver.command.SparkSetup;
import io.stoker.driver.command.StokerCommand;
import io.stoker.driver.run.ShardsLock;
import io.stoker.failure.Check;
import java.io.IOException;
import java.util.Optional;
import org.apache.spark.api.java.JavaSparkContext;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "synth",
    header = "Draws labelled images for load tests and examples, as shards or as image files.",
    customSynopsis = "./stoker [spark-submit option]... synth --output URI [option]...",
    description = {
      "",
      "Each image shows a textured shape on a background, rotated and stretched, with noise. The"
          + " same options give the same bytes on every cluster."
    })
final class SynthCommand extends StokerCommand {
  private static final double NANOSECONDS = 1e9;

  @Option(
      names = "--output",
      paramLabel = "URI",
      required = true,
      description = "The folder to create; a URI.")
  private String output;

  @Option(
      names = "--count",
      paramLabel = "N",
      defaultValue = "1000",
      description = "The number of images (default: ${DEFAULT-VALUE}).")
  private long count;

  @Option(
      names = "--classes",
      paramLabel = "N",
      defaultValue = "10",
      description = "The number of classes, 2 to 10000 (default: ${DEFAULT-VALUE}).")
  private int classes;

  @Option(
      names = "--size",
      paramLabel = "N",
      defaultValue = "64",
      description = "Height and width in pixels (default: ${DEFAULT-VALUE}).")
  private int size;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "0",
      description = "The seed of everything random (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Option(
      names = "--files",
      description =
          "Write image files, in a folder for each class, instead of shards; prepare reads them.")
  private boolean files;

  @Option(
      names = "--encoding",
      paramLabel = "raw|jpeg|png",
      description =
          "The encoding of the images; jpeg=90 also sets the quality (default: raw for small images"
              + " in shards, else jpeg).")
  private String encoding;

  @Option(
      names = "--split",
      paramLabel = "NAME=FRACTION,...",
      description = "The splits of the shards and their shares (default: train=0.9,test=0.1).")
  private String splits;

  @Option(
      names = "--shard-mb",
      paramLabel = "N",
      description = "The approximate size of a shard in MB (default: 32).")
  private Integer shardMegabytes;

  @Option(names = "--overwrite", description = "Replace shards at the output.")
  private boolean overwrite;

  SynthCommand(Console console) {
    super(console);
  }

  @Override
  protected Report execute() throws IOException {
    SyntheticSource source = new SyntheticSource(count, classes, size, seed);
    return files ? writeFiles(source) : writeShards(source);
  }

  private Report writeShards(SyntheticSource source) {
    PrepareOptions.Builder builder =
        PrepareOptions.builder()
            .source(source)
            .input(SyntheticSource.INPUT)
            .output(Storage.path(output))
            .seed(seed)
            .existingOutput(overwrite ? ExistingOutput.OVERWRITE : ExistingOutput.REFUSE);
    Optional.ofNullable(encoding).ifPresent(text -> builder.encoding(ShardEncoding.parse(text)));
    Optional.ofNullable(splits).ifPresent(text -> builder.splits(SplitFractions.parse(text)));
    Optional.ofNullable(shardMegabytes).ifPresent(builder::shardMegabytes);
    PrepareOptions options = builder.build();
    try (JavaSparkContext spark = SparkSetup.start("synth")) {
      PrepareJob job = new PrepareJob(spark, options, clock(), ShardsLock::holding);
      return PrepareCommand.report(options, job.run());
    }
  }

  private Report writeFiles(SyntheticSource source) throws IOException {
    Check.input(
        splits == null && shardMegabytes == null && !overwrite,
        "--split, --shard-mb and --overwrite are for shards, not for --files");
    ShardEncoding chosen = ShardEncoding.parse(encoding == null ? "jpeg" : encoding);
    long start = System.nanoTime();
    try (JavaSparkContext spark = SparkSetup.start("synth")) {
      long written = ImageFilesJob.run(spark, source, Storage.path(output), chosen);
      double seconds = (System.nanoTime() - start) / NANOSECONDS;
      return new Report(
          Line.of(
              "%,d images of %d x %d x 3 in %d classes, in %.1f s: %s%n",
              written, size, size, classes, seconds, output),
          Report.object()
              .put("output", output)
              .put("samples", written)
              .put("classes", classes)
              .put("seconds", seconds)
              .put("images_per_second", written / seconds));
    }
  }
}
