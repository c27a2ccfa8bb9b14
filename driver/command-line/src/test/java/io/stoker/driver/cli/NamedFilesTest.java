// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import io.stoker.driver.cli.Commands.Outcome;
import io.stoker.driver.command.Console;
import io.stoker.testing.Instructions;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * No option that names a file waits for a named pipe, or reads a device without end. A new option
 * that names something has to be added here.
 */
class NamedFilesTest {
  /** Far more than any refusal takes. */
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private static final Pattern LOCATION =
      Pattern.compile(".*\\b(URI|FILE|DIR|FOLDER|RUN|IMAGE|CHECKPOINT)\\b.*");

  /** Options of small files on the local disk; @ stands for the file, D for shards. */
  private static final Map<String, String> SMALL =
      Map.ofEntries(
          Map.entry("train --recipe", "train --data D --run R --recipe @.yaml"),
          Map.entry("train --model", "train --data D --run R --model @.yaml"),
          Map.entry(
              "train --class-weights",
              "train --data D --run R --model perceptron --class-weights @"),
          Map.entry(
              "tune --space", "tune --data D --study R --validation-split train --space @.yaml"),
          Map.entry("lr --recipe", "lr --data D --recipe @.yaml"),
          Map.entry("lr --model", "lr --data D --model @.yaml"),
          Map.entry("lr --class-weights", "lr --data D --model perceptron --class-weights @"),
          Map.entry("import --model", "import --weights D/manifest.json --output O --model @.yaml"),
          Map.entry(
              "import --class-names",
              "import --weights D/manifest.json --output O --model lenet5 --class-names @"),
          Map.entry("models NAME|FILE.yaml|CHECKPOINT", "models @.yaml"),
          Map.entry("bench step --model", "bench step --model @.yaml"),
          Map.entry("bench accuracy --model", "bench accuracy --data D --model @.yaml"));

  /** Everything else that is read; C stands for a checkpoint. */
  private static final Map<String, String> OTHER =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry("prepare --input", "prepare --format csv --output O --input @"),
              Map.entry("inspect --data", "inspect --data @"),
              Map.entry("train --data", "train --run R --model perceptron --data @"),
              Map.entry("train --init", "train --data D --run R --model perceptron --init @"),
              Map.entry("train --replay", "train --data D --run R --model perceptron --replay @"),
              Map.entry("train --input", "train --run R --model perceptron --format tar --input @"),
              Map.entry("lr --data", "lr --model perceptron --data @"),
              Map.entry("tune --data", "tune --study R --space D/none --data @"),
              Map.entry("tune --study", "tune --best --study @"),
              Map.entry("lr --init", "lr --data D --model perceptron --init @"),
              Map.entry("evaluate --checkpoint", "evaluate --data D --checkpoint @"),
              Map.entry("evaluate --data", "evaluate --checkpoint C --data @"),
              Map.entry("calibrate --checkpoint", "calibrate --data D --checkpoint @"),
              Map.entry("calibrate --data", "calibrate --checkpoint C --data @"),
              Map.entry("quantize --checkpoint", "quantize --data D --output O --checkpoint @"),
              Map.entry("quantize --data", "quantize --checkpoint C --output O --data @"),
              Map.entry("predict --checkpoint", "predict --checkpoint @ D/manifest.json"),
              Map.entry("predict --input", "predict --checkpoint C --output O --input @"),
              Map.entry("predict IMAGE", "predict --checkpoint C @.png"),
              Map.entry("explain --checkpoint", "explain --checkpoint @ --output O I"),
              Map.entry(
                  "explain --data",
                  "explain --checkpoint C --output O --no-maps --neighbours 2 I --data @"),
              Map.entry("explain IMAGE", "explain --checkpoint C --output O @.png"),
              Map.entry("probe --checkpoint", "probe --data D --checkpoint @"),
              Map.entry("probe --data", "probe --checkpoint C --data @"),
              Map.entry("models NAME|FILE.yaml|CHECKPOINT", "models @"),
              Map.entry("checkpoints RUN", "checkpoints @"),
              Map.entry("dashboard --run", "dashboard --run @"),
              Map.entry("report --run", "report --output O.html --run @"),
              Map.entry("report --data", "report --run C --output O.html --data @"),
              Map.entry("card --run", "card --run @"),
              Map.entry("card --data", "card --run C --data @"),
              Map.entry("runs DIR", "runs @"),
              Map.entry("export --checkpoint", "export --format onnx --output O --checkpoint @"),
              Map.entry("import --weights", "import --model lenet5 --output O --weights @"),
              Map.entry("bench accuracy --data", "bench accuracy --model perceptron --data @"),
              Map.entry("bench loader --data", "bench loader --data @"),
              Map.entry("bench prepare --input", "bench prepare --format csv --input @")));

  /** What is written, is a server, or is a folder of which only rows name files. */
  private static final Set<String> OUTPUTS =
      Set.of(
          "prepare --output",
          "prepare --allow-paths",
          "synth --output",
          "inspect --sheet",
          "train --run",
          "train --mlflow",
          "train --tensorboard",
          "tune --mlflow",
          "lr --output",
          "quantize --output",
          "predict --save",
          "predict --output",
          "explain --output",
          "probe --output",
          "report --output",
          "card --output",
          "export --output",
          "import --output",
          "bench accuracy --run",
          "doctor --probe",
          "quickstart --output");

  private static final Commands COMMANDS = new Commands();

  @TempDir private static Path folder;

  @BeforeAll
  static void trains() throws IOException, InterruptedException {
    Commands.writeImages(folder.resolve("images"), 10);
    COMMANDS.json("prepare --input " + folder + "/images --output " + folder + "/data");
    COMMANDS.json(
        "train --data D --run C --model perceptron --workers 1 --epochs 1"
            .replace("D", folder + "/data")
            .replace("C", folder + "/run"));
    Process mkfifo = new ProcessBuilder("mkfifo", folder + "/pipe").start();
    assertThat(mkfifo.waitFor()).isZero();
    for (String type : List.of(".yaml", ".png")) {
      Files.createSymbolicLink(folder.resolve("pipe" + type), folder.resolve("pipe"));
      Files.createSymbolicLink(folder.resolve("zero" + type), Path.of("/dev/zero"));
    }
    Files.createSymbolicLink(folder.resolve("zero"), Path.of("/dev/zero"));
    Files.createDirectories(folder.resolve("folder.yaml"));
    Files.createDirectories(folder.resolve("folder"));
  }

  @Test
  void everyOptionThatNamesAFileIsTried() {
    Set<String> named = new TreeSet<>();
    addNamed(
        new Cli(
                new Console(
                    new PrintWriter(new StringWriter()),
                    new PrintWriter(new StringWriter()),
                    false,
                    false))
            .spec(),
        "",
        named);
    Set<String> known = new TreeSet<>(SMALL.keySet());
    known.addAll(OTHER.keySet());
    known.addAll(OUTPUTS);
    assertThat(named).isEqualTo(known);
  }

  private static void addNamed(CommandSpec command, String prefix, Set<String> named) {
    for (ArgSpec argument : command.args()) {
      if (!argument.hidden() && LOCATION.matcher(argument.paramLabel()).matches()) {
        named.add(
            prefix
                + (argument instanceof OptionSpec option
                    ? option.longestName()
                    : argument.paramLabel()));
      }
    }
    for (Map.Entry<String, CommandLine> inner : command.subcommands().entrySet()) {
      addNamed(inner.getValue().getCommandSpec(), prefix + inner.getKey() + " ", named);
    }
  }

  static Stream<String> smallFiles() {
    return SMALL.values().stream().sorted();
  }

  @ParameterizedTest
  @MethodSource("smallFiles")
  void aSmallFileThatIsNoneIsRefusedInOneLine(String command) {
    for (String file : List.of("pipe", "zero", "folder")) {
      Outcome outcome = run(command, file);
      assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(2);
      assertThat(outcome.err().lines()).hasSize(1);
      assertThat(outcome.err())
          .contains(
              file.equals("folder")
                  ? ": it is a folder"
                  : ": it is a named pipe, socket or device");
    }
  }

  static Stream<String> others() {
    return OTHER.values().stream();
  }

  @Tag("slow")
  @ParameterizedTest
  @MethodSource("others")
  void nothingElseWaitsForANamedPipe(String command) {
    if (command.equals(OTHER.get("quantize --data"))) {
      Instructions.AVX512_VNNI.assume(); // Without them the command ends before it reads data.
    }
    Outcome outcome = run(command, "pipe");
    // A report and a card are made without what cannot be read, and say so.
    assertThat(outcome.exitCode()).as(outcome.err()).isIn(0, 2);
    assertThat(outcome.err()).contains(folder + "/pipe");
  }

  private static Outcome run(String command, String file) {
    String filled =
        command
            .replace(" D", " " + folder + "/data")
            .replace(" R", " " + folder + "/new")
            .replace(" C", " " + folder + "/run")
            .replace(" O", " " + folder + "/output")
            .replace(" I", " " + folder + "/images/left/0.png")
            .replace("@", folder + "/" + file);
    return assertTimeoutPreemptively(PATIENCE, () -> COMMANDS.run(filled), command);
  }
}
