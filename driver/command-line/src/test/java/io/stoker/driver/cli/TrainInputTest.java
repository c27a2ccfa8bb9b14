// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code train --input}, and {@code --timing}. */
class TrainInputTest {
  @TempDir Path folder;

  private final Commands commands = new Commands();

  @BeforeEach
  void writeImages() throws IOException {
    Commands.writeImages(folder.resolve("images"), 20);
    Files.writeString(
        folder.resolve("model.yaml"),
        """
        name: small
        input: [12, 12, 1]
        layers:
          - dense: classes
        """);
  }

  private String train(String options) {
    return "train --model %1$s/model.yaml --batch 4 --epochs 1 --learning-rate 0.01 %2$s"
        .formatted(folder, options.replace("DIR", folder.toString()));
  }

  @Test
  @Tag("slow")
  void preparesTheShardsThatPrepareMakesAndFindsThemAgainByContent() throws IOException {
    commands.json(in("prepare --input DIR/images --output DIR/prepared --channels 1"));
    recipe("input: DIR/images", "channels: 1");

    JsonNode first = commands.json(train("--recipe DIR/recipe.yaml --run DIR/first --timing"));
    Path shards = onlyShards();
    assertThat(contents(shards)).containsAll(contents(folder.resolve("prepared")));
    assertThat(first.findValuesAsText("phase"))
        .containsExactly(
            "start Java",
            "start Spark",
            "check the job",
            "list the input",
            "read and pack images",
            "write shards",
            "write the manifest",
            "check the job, open the data",
            "first round",
            "other rounds",
            "stop Spark");
    assertThat(first.get("timing"))
        .allSatisfy(
            phase -> {
              assertThat(phase.get("seconds").asDouble()).isNotNegative();
              assertThat(phase.get("processor_seconds").asDouble()).isNotNegative();
            });

    FileTime made = Files.getLastModifiedTime(shards.resolve("manifest.json"));
    Files.move(folder.resolve("images"), folder.resolve("moved"));
    recipe("input: DIR/moved", "channels: 1");
    Commands.Outcome second =
        commands.run(train("--recipe DIR/recipe.yaml --run DIR/second --json"));

    assertThat(second.err()).contains("using the shards in " + shards + " again");
    assertThat(onlyShards()).isEqualTo(shards);
    assertThat(Files.getLastModifiedTime(shards.resolve("manifest.json"))).isEqualTo(made);
    assertThat(second.json().get("parameters_sha256")).isEqualTo(first.get("parameters_sha256"));

    Commands.Outcome resumed =
        commands.run(train("--input DIR/moved --format folder --run DIR/first --resume"));
    assertThat(resumed.exitCode()).isEqualTo(2);
    assertThat(resumed.err()).contains("were prepared with channels '1', and not '3'");
  }

  @Test
  @Tag("slow")
  void withoutAModelThePreparedImagesChooseOne() throws IOException {
    Commands.Outcome tooSmall = commands.run(in("train --input DIR/images --run DIR/small"));
    assertThat(tooSmall.exitCode()).isEqualTo(2);
    assertThat(tooSmall.err()).contains("Missing model: no preset is for images of 12 x 12");
    assertThat(folder.resolve("small")).doesNotExist();

    for (String name : List.of("dark", "light")) {
      Path target = Files.createDirectories(folder.resolve("larger").resolve(name));
      for (int i = 0; i < 10; i++) {
        BufferedImage image = new BufferedImage(32, 32, BufferedImage.TYPE_BYTE_GRAY);
        image.getRaster().setSample(i, i, 0, name.equals("dark") ? 100 : 200);
        ImageIO.write(image, "png", target.resolve(i + ".png").toFile());
      }
    }
    Commands.Outcome trained =
        commands.run(
            in("train --input DIR/larger --run DIR/fits --epochs 1 --batch 4 --workers 1 --json"));
    assertThat(trained.exitCode()).as(trained.err()).isZero();
    assertThat(trained.err())
        .contains(
            "Without a model or a preset: --preset fast --epochs 1, because the images are 32");
  }

  @Test
  @Tag("slow")
  void shardsOfOtherContentAreRefusedAndNothingIsChanged() throws IOException {
    String options = "--data DIR/shards --run DIR/run --input DIR/images";
    recipe("channels: 1");
    commands.json(train(options + " --recipe DIR/recipe.yaml"));
    List<String> before = contents(folder.resolve("shards"));

    Path touched = folder.resolve("images/left/0.png");
    Files.setLastModifiedTime(touched, FileTime.fromMillis(1_000_000));
    commands.json(train(options.replace("DIR/run", "DIR/touched") + " --recipe DIR/recipe.yaml"));

    Files.copy(folder.resolve("images/left/1.png"), folder.resolve("images/left/new.png"));
    Commands.Outcome changed =
        commands.run(
            train(options.replace("DIR/run", "DIR/changed") + " --recipe DIR/recipe.yaml"));

    assertThat(changed.exitCode()).isEqualTo(2);
    assertThat(changed.err()).contains("were prepared from other content than that of");
    assertThat(contents(folder.resolve("shards"))).isEqualTo(before);
    assertThat(folder.resolve("changed")).doesNotExist();
  }

  @Test
  void shardsOfPrepareAreNotTakenForThoseOfAnInput() {
    commands.json(in("prepare --input DIR/images --output DIR/prepared --channels 1"));

    Commands.Outcome outcome =
        commands.run(train("--input DIR/images --data DIR/prepared --run DIR/run"));

    assertThat(outcome.exitCode()).isEqualTo(2);
    assertThat(outcome.err()).contains("have no record of what they were prepared from");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--format idx | need --input",
        "--input DIR/none --run DIR/run | none",
        "--input DIR/images --format nosuch --run DIR/run | nosuch",
        "--input DIR/images --format table --run DIR/run | prepare it first",
        "--input DIR/images | Missing run",
        "--input DIR/images --run DIR/run --init DIR/none.zip | none.zip",
        "--input DIR/images --run DIR/taken | holds a run already",
        "--input DIR/images --run DIR/model.yaml/run | a part of this path is a file",
        "--input DIR/images --run DIR/run --validation-split test | without validation",
        "--input DIR/images --run DIR/run --augment blur | Unknown augmentation: 'blur'",
        "--input DIR/images --run DIR/run --precision tf32 | Cannot compute in tf32",
        "--input DIR/images --run DIR/run --engine dl4j --precision bf16 | computes in fp32 only",
      })
  void badInputTakesOneLineBeforeAnythingIsWritten(String options, String message)
      throws IOException {
    Files.createDirectories(folder.resolve("taken/checkpoints"));

    Commands.Outcome outcome = commands.run(train(options));

    assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(2);
    assertThat(outcome.err()).contains(message);
    assertThat(outcome.err().lines().filter(line -> line.startsWith("stoker:"))).hasSize(1);
    assertThat(folder.resolve("run")).doesNotExist();
    assertThat(shards()).isEmpty();
  }

  /** Also where no model is given, because the images choose one. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--model lenet6 | Unknown model: lenet6; did you mean 'lenet5'?",
        "--precision tf32 | Cannot compute in tf32 on processors",
      })
  void whatCannotBeTrainedIsSaidBeforeImagesArePrepared(String options, String message)
      throws IOException {
    Commands.Outcome outcome =
        commands.run(in("train --input DIR/images --run DIR/run " + options));

    assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(2);
    assertThat(outcome.err()).contains(message);
    assertThat(shards()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "sise: 32 | did you mean 'size'",
        "output: x | unknown option of prepare 'output'",
        "size: large | size",
        "split: 'train=2' | fractions",
        "format: csv | Cannot train on --format csv directly",
      })
  void badPartOfARecipeTakesOneLine(String option, String message) throws IOException {
    recipe("input: DIR/images", option);

    Commands.Outcome outcome = commands.run(train("--recipe DIR/recipe.yaml --run DIR/run"));

    assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(2);
    assertThat(outcome.err()).contains(message);
    assertThat(shards()).isEmpty();
  }

  @Test
  void filesThatAreNotOfTheInputAreRefused() throws IOException {
    recipe("input: DIR/images", "format: parquet", "allow-paths: DIR/images");

    Commands.Outcome outcome = commands.run(train("--recipe DIR/recipe.yaml --run DIR/run"));

    assertThat(outcome.exitCode()).isEqualTo(2);
    assertThat(outcome.err()).contains("Cannot train on images of --allow-paths directly");
    assertThat(shards()).isEmpty();
  }

  private void recipe(String... preparation) throws IOException {
    Files.writeString(
        folder.resolve("recipe.yaml"),
        in("prepare:\n  " + String.join("\n  ", preparation) + "\n"));
  }

  private String in(String text) {
    return text.replace("DIR", folder.toString());
  }

  private List<Path> shards() throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.filter(entry -> entry.getFileName().toString().startsWith("shards")).toList();
    }
  }

  private Path onlyShards() throws IOException {
    assertThat(shards()).hasSize(1);
    return shards().get(0);
  }

  /** The names and contents of the files of a folder. */
  private static List<String> contents(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(file -> !file.getFileName().toString().endsWith(".crc"))
          .sorted()
          .map(TrainInputTest::content)
          .toList();
    }
  }

  private static String content(Path file) {
    try {
      return file.getFileName() + " " + io.stoker.base.Sha256.hex(Files.readAllBytes(file));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
