// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.stoker.driver.LocalSpark;
import io.stoker.driver.TinyImages;
import io.stoker.driver.TinyJob;
import io.stoker.driver.job.ExistingRun;
import io.stoker.driver.round.RoundListener;
import io.stoker.driver.round.TrainJob;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import javax.imageio.ImageIO;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The commands that look at images: what they print, what they write, and how they fail. */
class ImageCommandsTest {
  @TempDir static Path folder;

  private static TinyJob job;
  private static List<Path> images;

  private final Commands commands = new Commands();

  @TempDir Path scratch;

  @BeforeAll
  static void train() throws IOException {
    job = TinyJob.in(folder);
    try (JavaSparkContext spark = LocalSpark.start("local[2]")) {
      TrainJob.run(
          spark, job.config("run").epochs(2).build(), ExistingRun.REFUSE, RoundListener.NONE);
    }
    // The paths have blanks, which end the words of a command here.
    Path plain = Files.createDirectory(folder.resolve("plain"));
    images = new java.util.ArrayList<>();
    for (Path image : TinyImages.write(job.data(), folder.resolve("images"))) {
      images.add(Files.copy(image, plain.resolve(image.getFileName())));
    }
  }

  private Commands.Outcome predict(Object... arguments) {
    return commands.run(command("predict", arguments));
  }

  private static String command(String name, Object... arguments) {
    StringBuilder command = new StringBuilder(name + " --checkpoint " + job.run("run"));
    for (Object each : arguments) {
      command.append(' ').append(each);
    }
    return command.toString();
  }

  @Test
  void pipedPredictionsHaveNoPicture() {
    Commands.Outcome outcome = predict(images.get(0), images.get(1), "--top", 2);

    assertThat(outcome.exitCode()).as(outcome.err()).isZero();
    assertThat(outcome.out()).contains(images.get(0).toString(), "  bar ", " %");
    assertThat(outcome.out().lines()).hasSize(7);
    assertThat(outcome.out()).matches("[\\p{Print}\\n]+");
  }

  @Test
  void anImageThatCannotBeReadTakesALineAndStopsNoOther() throws IOException {
    Path text = Files.writeString(scratch.resolve("text.png"), "no image");

    Commands.Outcome outcome = predict("nowhere.png", images.get(0), text, images.get(1), "--json");

    assertThat(outcome.exitCode()).isEqualTo(2);
    assertThat(outcome.err().lines().filter(line -> line.startsWith("stoker: ")))
        .satisfiesExactly(
            line ->
                assertThat(line)
                    .startsWith("stoker: Cannot read image nowhere.png: there is no file file:/"),
            line -> assertThat(line).startsWith("stoker: Cannot read image " + text + ": "));
    JsonNode json = new Commands.Outcome(0, outcome.out(), "").json();
    assertThat(json.get("predictions").findValuesAsText("image"))
        .containsExactly(images.get(0).toString(), images.get(1).toString());
    assertThat(json.get("unreadable").findValuesAsText("image"))
        .containsExactly("nowhere.png", text.toString());
  }

  @Test
  void whereNoImageCanBeReadOnlyTheReasonsAreSaid() {
    Commands.Outcome outcome = predict("a.png", "b.png", "--save", scratch.resolve("seen.png"));

    assertThat(outcome.exitCode()).isEqualTo(2);
    assertThat(outcome.out()).isEmpty();
    assertThat(outcome.err().lines()).hasSize(2);
    assertThat(scratch).isEmptyDirectory();
  }

  @Test
  void aFolderOfWhichNoImageCanBeReadIsListedAndFails() throws IOException {
    Path input = Files.createDirectory(scratch.resolve("photos"));
    Files.writeString(input.resolve("text.png"), "no image");
    Path output = scratch.resolve("out");

    Commands.Outcome outcome = predict("--input", input, "--output", output);

    assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(2);
    assertThat(outcome.out()).contains("0 classified, 1 unreadable");
    assertThat(outcome.err().lines().filter(line -> line.startsWith("stoker: ")))
        .containsExactly(
            "stoker: Cannot read any image in %s (the column error in %s says why)"
                .formatted(input, output));
    assertThat(output.resolve("_SUCCESS")).exists();

    Files.copy(images.get(0), input.resolve("image.png"));
    outcome = predict("--input", input, "--output", output, "--overwrite");

    assertThat(outcome.exitCode()).as(outcome.err()).isZero();
    assertThat(outcome.out()).contains("1 classified, 1 unreadable");
  }

  @Test
  void picturesAreOfTheReadableImages() throws IOException {
    Path sheet = scratch.resolve("new/seen.png");

    Commands.Outcome outcome = predict("nowhere.png", images.get(0), "--save", sheet);

    assertThat(outcome.exitCode()).isEqualTo(2);
    assertThat(outcome.out()).isEqualTo("Picture: " + sheet + "\n");
    assertThat(ImageIO.read(sheet.toFile()).getHeight()).isEqualTo(168 + 2 * 16);
  }

  @ParameterizedTest
  @ValueSource(strings = {"1x60000", "60000x1", "3x20000", "1x1"})
  void imagesOfExtremeShapesAreClassifiedOrTakeALine(String shape) throws IOException {
    Path extreme = scratch.resolve("extreme.png");
    String[] sides = shape.split("x", -1);
    ImageIO.write(
        new BufferedImage(
            Integer.parseInt(sides[0]), Integer.parseInt(sides[1]), BufferedImage.TYPE_BYTE_GRAY),
        "png",
        extreme.toFile());

    for (String command :
        List.of(
            command("predict", extreme, images.get(0), "--save", scratch.resolve("seen.png")),
            command("explain", "--output", scratch.resolve("maps"), extreme, images.get(0)))) {
      Commands.Outcome outcome = commands.run(command);

      assertThat(outcome.exitCode()).as(outcome.err()).isIn(0, 2);
      assertThat(outcome.err().lines()).hasSize(outcome.exitCode() == 0 ? 0 : 1);
    }
    assertThat(scratch.resolve("seen.png")).isNotEmptyFile();
    assertThat(scratch.resolve("maps/02-0.png")).isNotEmptyFile();
  }

  @Test
  void explainNamesWhatItCannotReadAndExplainsTheOthers() {
    Commands.Outcome outcome =
        commands.run(
            command(
                "explain",
                "nowhere.png",
                images.get(3),
                "--output",
                scratch.resolve("maps"),
                "--filters",
                "--neighbours",
                2,
                "--data",
                job.data()));

    assertThat(outcome.exitCode()).isEqualTo(2);
    assertThat(outcome.err().lines().filter(line -> line.startsWith("stoker: "))).hasSize(1);
    assertThat(outcome.out()).contains(images.get(3).toString(), "neighbours  ", "filters  ");
    assertThat(scratch.resolve("maps/02-3.png")).isNotEmptyFile();
    assertThat(scratch.resolve("maps/filters.png")).isNotEmptyFile();
    assertThat(scratch.resolve("maps/neighbours.png")).isNotEmptyFile();
    assertThat(scratch.resolve("maps").toFile().list()).hasSize(3);
  }

  /** The checkpoint does not exist, so that an error about it would come from the work. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "predict --checkpoint nowhere i.png --save /proc/seen.png",
        "explain --checkpoint nowhere i.png --output /proc/maps",
        "probe --checkpoint nowhere --data nowhere --output /proc/maps"
      })
  @EnabledOnOs(OS.LINUX)
  void outputsThatCannotBeWrittenAreFoundBeforeTheWork(String command) {
    Commands.Outcome outcome = commands.run(command);

    assertThat(outcome.exitCode()).isEqualTo(4);
    assertThat(outcome.err()).startsWith("stoker: Cannot write --").contains("file:/proc/");
    assertThat(outcome.err().lines()).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "predict --checkpoint nowhere i.png --save FILE/seen.png",
        "predict --checkpoint nowhere i.png --save FOLDER/folder.png",
        "explain --checkpoint nowhere i.png --output FILE",
        "explain --checkpoint nowhere i.png --output FILE/maps",
        "explain --checkpoint nowhere folder.jpg --output FOLDER",
        "probe --checkpoint nowhere --data nowhere --output FILE",
        "probe --checkpoint nowhere --data nowhere --output FILE/maps"
      })
  void outputsInPlacesOfOthersAreRefusedBeforeTheWork(String command) throws IOException {
    Files.writeString(scratch.resolve("file"), "");
    Files.createDirectory(scratch.resolve("folder.png"));
    Files.createDirectory(scratch.resolve("01-folder.png"));

    Commands.Outcome outcome =
        commands.run(
            command
                .replace("FILE", scratch.resolve("file").toString())
                .replace("FOLDER", scratch.toString()));

    assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(2);
    assertThat(outcome.err()).containsPattern("stoker: (Invalid|Cannot write) --(save|output)");
    assertThat(outcome.err().lines()).hasSize(1);
  }

  @Tag("slow")
  @ParameterizedTest
  @ValueSource(strings = {"ar-EG-u-nu-arab", "de-DE", "tr-TR", "hi-IN-u-nu-deva"})
  void numbersAreTheSameInEveryLanguage(String language) {
    String predict = command("predict", images.get(0), images.get(1));
    String explain = command("explain", "--output", scratch, images.get(0));
    String evaluate = command("evaluate", "--all", "--data", job.data());
    Locale usual = Locale.getDefault();
    List<String> expected =
        List.of(
            commands.run(predict).out(), commands.run(explain).out(), commands.run(evaluate).out());
    Locale.setDefault(Locale.forLanguageTag(language));
    try {
      assertThat(commands.run(predict).out()).isEqualTo(expected.get(0));
      assertThat(commands.run(explain).out()).isEqualTo(expected.get(1));
      assertThat(commands.run(evaluate).out()).isEqualTo(expected.get(2));
      assertThat(commands.run("models").out()).contains("61,706");
    } finally {
      Locale.setDefault(usual);
    }
  }
}
