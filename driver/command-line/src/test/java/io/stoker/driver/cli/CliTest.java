// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.stoker.driver.RunOnDisk;
import io.stoker.driver.command.Console;
import io.stoker.driver.command.Report;
import io.stoker.driver.config.JobIdentity;
import io.stoker.driver.config.SelectionMetric;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.metrics.PhaseSeconds;
import io.stoker.driver.round.TrainResult;
import io.stoker.driver.run.RunFolder;
import io.stoker.driver.run.RunRecord;
import io.stoker.models.engine.ComputeEnvironment;
import io.stoker.models.engine.Engine;
import io.stoker.models.engine.Engines;
import io.stoker.models.engine.Precision;
import io.stoker.models.zoo.Zoo;
import io.stoker.worker.TinyShards;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import javax.imageio.ImageIO;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class CliTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private final Cli cli =
      new Cli(new Console(new PrintWriter(out), new PrintWriter(err), false, false));

  private int run(String... arguments) {
    return cli.run(arguments);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "prepare",
        "synth",
        "inspect",
        "train",
        "evaluate",
        "calibrate",
        "quantize",
        "predict",
        "explain",
        "probe",
        "checkpoints",
        "report",
        "card",
        "dashboard",
        "runs",
        "export",
        "import",
        "models",
        "presets",
        "doctor",
        "quickstart",
        "bench"
      })
  void everyCommandHasHelp(String command) {
    assertThat(run(command, "--help")).isZero();
    assertThat(out.toString()).contains("Usage: ./stoker", command, "--help");
    assertThat(err.toString()).isEmpty();
  }

  @Test
  void helpOfTrainStatesTheDefaultsOfTheConfig() {
    TrainingConfig defaults = TrainingConfig.builder().data("d").run("r").model("m").build();

    run("train", "--help");

    // Lines break anywhere.
    assertThat(out.toString().replaceAll("\\s+", ""))
        .contains(
            String.format(
                Locale.ROOT, "dependonthecluster(default:%d)", defaults.rounds().workers()))
        .contains(
            String.format(Locale.ROOT, "perworkerandstep(default:%d)", defaults.rounds().batch()))
        .contains("betweentwoaveragings(default:%s)".formatted(defaults.rounds().localSteps()))
        .contains(
            String.format(Locale.ROOT, "thetrainingdata(default:%d)", defaults.rounds().epochs()))
        .contains("Thebaselearningrate(default:%s)".formatted(defaults.optimizer().learningRate()))
        .contains("0tobelow1(default:%s)".formatted(defaults.optimizer().momentum()))
        .contains(
            "regularizationonweights(default:%s)"
                .formatted(plain(defaults.optimizer().weightDecay())))
        .contains(
            String.format(Locale.ROOT, "Theseedofeverythingrandom(default:%d)", defaults.seed()))
        .contains(
            String.format(
                Locale.ROOT, "afterthelastround(default:%d)", defaults.checkpoints().every()))
        .contains(
            String.format(Locale.ROOT, "thenewest(default:%d)", defaults.checkpoints().keep()));
  }

  private static String plain(double value) {
    return BigDecimal.valueOf(value).stripTrailingZeros().toPlainString();
  }

  @ParameterizedTest
  @CsvSource({
    "modls, Unknown command: modls; did you mean 'models'?",
    "train --epoch 3, Unknown option: --epoch; did you mean '--epochs'?",
    "train --wrkers 3, Unknown option: --wrkers; did you mean '--workers'?",
    "frobnicate, Unknown command: frobnicate (see",
    "train --epochs many, Invalid value for option '--epochs': 'many' is not a whole number (such"
        + " as 4)",
    "train --epochs 2.5, Invalid value for option '--epochs': '2.5' is not a whole number",
    "train --workers ٣, Invalid value for option '--workers': '٣' is not a whole number",
    "train --seed ٣, Invalid value for option '--seed': '٣' is not a whole number",
    "train --workers 3000000000, Invalid value for option '--workers': 3000000000 is not between",
    "train --learning-rate fast, Invalid value for option '--learning-rate': 'fast' is not a number"
        + " (such as 0.05, or auto)",
    "train --learning-rate 0.1f, Invalid value for option '--learning-rate': '0.1f' is not a"
        + " number",
    "evaluate --data d, Missing required option: '--checkpoint=URI'",
    "bench, Missing command",
    "bench stp, Unknown command: stp; did you mean 'step'?",
    "bench averaging --parameters 9 --wire int4, Invalid value for option '--wire'"
  })
  void usageErrorsTakeOneLine(String command, String reason) {
    assertThat(run(command.split(" "))).isEqualTo(2);
    assertThat(err.toString()).startsWith("stoker: " + reason).contains("--help");
    assertThat(err.toString().lines()).hasSize(1);
    assertThat(out.toString()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "models lenet6, Unknown model: lenet6; did you mean 'lenet5'?",
    "models no.yaml, Invalid model file no.yaml: there is no such file",
    "models --input-size 64, Cannot use --input-size without the name of a model",
    "models no.yaml --input-size 64, Cannot use --input-size with a file",
    "models alexnet-mini --input-size 48, Invalid input size: 48",
    "train --run r --model lenet5, Missing data",
    "train --data d --run r --model lenet5 --batch 0, Invalid batch size: 0 (must be >= 1)",
    "train --data d --run r --model lenet5 --momentum 1, Invalid momentum: 1.0",
    "train --recipe no.yaml, Cannot read recipe no.yaml",
    "prepare --input i --output o --format zip, Unknown format: 'zip'",
    "inspect --data nowhere, nowhere",
    "inspect --data nowhere --augment nonsense, nonsense",
    "inspect --data nowhere --mixup NaN, mixup",
    "runs nowhere, Cannot find folder nowhere",
    "checkpoints nowhere, Not a run folder: nowhere",
    "train --run nowhere --resume, holds no run",
    "predict --checkpoint c --top 0 i.png, Invalid --top: 0 (must be >= 1)",
    "explain --checkpoint c --output o --top 0 i.png, Invalid --top: 0 (must be >= 1)",
    "explain --checkpoint c --output o --neighbours 0 --data d i.png, Invalid --neighbours: 0",
    "explain --checkpoint c --output o --neighbours 2147483647 --data d i.png, Cannot draw a"
        + " picture",
    "predict --checkpoint c --save picture.jpg i.png, Invalid --save: picture.jpg (must end in"
        + " .png)",
    "evaluate --checkpoint c --data d --batch -1, Invalid --batch: -1 (must be >= 1)",
    "bench step --model lenet5 --seconds 0, Invalid --seconds: 0 (must be >= 1)",
    "bench step --model lenet5 --batch 0, Invalid --batch: 0 (must be >= 1)",
    "bench step --model lenet5 --classes 0, Invalid --classes: 0 (must be >= 1)",
    "models lenet5 --classes 0, Invalid --classes: 0 (must be >= 1)",
    "predict --checkpoint c, Missing images: name at least one file",
    "predict --checkpoint c --input i, Missing --output",
    "predict --checkpoint c --output o, Missing --input",
    "predict --checkpoint c --input i --output o p.png, Images are either named or in --input",
    "predict --checkpoint c --output o p.png, Invalid option --output: it goes with --input",
    "predict --checkpoint c --overwrite p.png, Invalid option --overwrite: it goes with --input",
    "predict --checkpoint c --split x p.png, Invalid option --split: it goes with --input",
    "predict --checkpoint c --batch 0 p.png, Invalid option --batch: it goes with --input",
    "predict --checkpoint c --input i --output o --batch 0, Invalid --batch: 0",
    "evaluate --checkpoint c --data d --all --average 2, Either --all",
    "evaluate --checkpoint c --data d --average 0, Invalid --average: 0 (must be >= 1)",
    "explain --checkpoint c --output o i.png --neighbours 3, Missing --data",
    "explain --checkpoint c --output o --filters --neighbours 3 --data d, Missing images",
    "explain --checkpoint c --output o i.png --data d, Missing --neighbours",
    "explain --checkpoint c --output o i.png --no-maps, Nothing to do",
    "probe --checkpoint c --data d --distortions blurr, Unknown distortion: 'blurr'; did you mean"
        + " 'blur'?",
    "probe --checkpoint c --data d --batch 0, Invalid --batch: 0",
    "bench step --model lenet5 --workers 0, Invalid --workers: 0",
    "bench accuracy --data d --target 1.5, Invalid target: 1.5 (must be > 0 and <= 1)",
    "bench averaging --parameters 3 --baseline dl4j, Invalid parameters: 3",
    "bench averaging --parameters 0, Invalid parameters: 0",
    "bench averaging --parameters 9 --workers 0, Invalid workers: 0",
    "bench averaging --parameters 9 --local-steps 0, Invalid --local-steps: 0 (must be >= 1)",
    "bench averaging --parameters 9 --step-millis -1, Invalid --step-millis: -1.0 (must be 0 to"
        + " 60000)",
    "bench averaging --parameters 9 --step-millis NaN, Invalid --step-millis: NaN",
    "bench averaging --parameters 9 --overlap-steps -1, Invalid --overlap-steps: -1",
    "bench averaging --parameters 9 --overlap-steps 1, Invalid overlap: 1 steps (must be less",
    "bench averaging --parameters 9 --local-steps 2 --overlap-steps 1 --wire int8, Invalid wire",
    "bench averaging --parameters 9 --bandwidth 1gbit, go with --simulate",
    "bench averaging --parameters 9 --simulate --bandwidth 1, Invalid --bandwidth: 1 (such as",
    "bench averaging --parameters 9 --simulate --latency 1, Invalid --latency: 1 (such as 50us",
    "bench averaging --parameters 9 --simulate --cores-per-worker 0, Invalid cores: 0.0",
    "bench averaging --parameters 9 --simulate --cores-per-worker 1e-300, Invalid cores: 1.0E-300",
    "bench averaging --parameters 9 --simulate --cores-per-worker NaN, Invalid cores: NaN",
    "bench averaging --parameters 9 --simulate --workers 2147483647, Invalid workers: 2147483647",
    "bench averaging --parameters 9 --simulate --wire int8, --simulate computes rounds of Stoker",
    "bench averaging --parameters 9 --step-millis 1 --baseline dl4j, --baseline dl4j takes a step",
    "bench step --model lenet5 --engine abacus, Unknown engine: abacus",
    "bench step --model lenet5 --baseline onedn, Unknown engine: onedn",
    "bench step --model lenet5 --inference --precision int8 --engine dl4j,"
        + " Engine dl4j does not compute in int8"
  })
  void badInputTakesOneLine(String command, String reason) {
    assertThat(run(command.split(" "))).isEqualTo(2);
    assertThat(err.toString()).startsWith("stoker: ").contains(reason);
    assertThat(err.toString().lines()).hasSize(1);
    assertThat(out.toString()).isEmpty();
  }

  /** Whatever the profile: this module does not have the engine. */
  @ParameterizedTest
  @ValueSource(strings = {"--engine torch", "--engine onednn --baseline torch"})
  void anEngineOfAnotherBuildIsNamedWithThatBuild(String engines) {
    assertThat(run(("bench step --model lenet5 " + engines).split(" "))).isEqualTo(4);
    assertThat(err.toString())
        .startsWith("stoker: This build has no engine torch: build Stoker with 'mvn -Ptorch")
        .contains("--jars")
        .hasLineCount(1);
    assertThat(out.toString()).isEmpty();
  }

  @Test
  void listsRuns(@TempDir Path folder) throws IOException {
    RunOnDisk.in(folder.resolve("first"), 20).rounds(1, 20).validation(10, 0.97);
    RunOnDisk.in(folder.resolve("second"), 20).rounds(1, 5);
    Files.writeString(folder.resolve("second/run.json"), "");

    assertThat(run("runs", folder.toString())).isZero();

    assertThat(out.toString().lines().toList())
        .satisfiesExactly(
            header -> assertThat(header).startsWith("run     state     model   data   rounds"),
            first ->
                assertThat(first)
                    .startsWith(
                        "first   finished  lenet5  /data   20/20  97.00 % (validation)  0.0500"),
            second -> assertThat(second).startsWith("second  damaged                       5"),
            why -> assertThat(why).startsWith("second: Cannot read").endsWith("it is empty"));
  }

  @Test
  void saysWhyRunsEndedEarly(@TempDir Path folder) throws IOException {
    RunOnDisk.in(
            TrainingConfig.builder()
                .data("/data")
                .run(folder.resolve("first").toString())
                .model("lenet5")
                .validateEvery(1)
                .patience(1),
            20)
        .rounds(1, 2)
        .validation(1, 0.9)
        .validation(2, 0.8);

    assertThat(run("runs", folder.toString())).isZero();
    assertThat(out.toString())
        .contains("first  finished  lenet5  /data    2/20")
        .endsWith(
            "first: ended early: 1 validation after that of round 1 (accuracy 90.00 %) was no"
                + " better\n");
    assertThat(run("runs", folder.toString(), "--json")).isZero();
    assertThat(out.toString()).contains("\"ended_early\":\"1 validation after");
  }

  @Test
  void namesTheMetricAndThePrecisionOfTheBestValidation(@TempDir Path folder) {
    RunOnDisk.in(
            TrainingConfig.builder()
                .data("/data")
                .run(folder.resolve("first").toString())
                .model("lenet5")
                .precision(Precision.BF16)
                .validateEvery(1)
                .metric(SelectionMetric.BALANCED_ACCURACY),
            2)
        .rounds(1, 2)
        .validation(1, 0.9, 0.14)
        .validation(2, 0.8, 0.36);

    assertThat(run("runs", folder.toString())).isZero();
    assertThat(out.toString())
        .contains(" 80.00 % (validation, bf16), best by balanced accuracy 36.00 % ");
    assertThat(run("runs", folder.toString(), "--json")).isZero();
    assertThat(out.toString())
        .contains("\"best_round\":2,\"metric\":\"balanced-accuracy\",\"metric_value\":0.36");
  }

  @Test
  void aRunGoesOnWithItsOwnOptionsUnlessOthersAreGiven(@TempDir Path folder) {
    TrainingConfig config =
        TrainingConfig.builder().data("d").run(folder.toString()).model("lenet5").batch(7).build();
    RunFolder.at(new org.apache.hadoop.fs.Path(folder.toUri()), new Configuration())
        .record(
            new RunRecord(
                new JobIdentity(config, "", ""), 0, Map.of(), ComputeEnvironment.NOT_RECORDED));
    TrainCommand command =
        new TrainCommand(new Console(new PrintWriter(out), new PrintWriter(err), false, false));

    new CommandLine(command).parseArgs("--run", folder.toString(), "--resume", "--epochs", "30");

    assertThat(command.config()).isEqualTo(config.toBuilder().epochs(30).build());
  }

  @Test
  void aRunThatWasCompleteHasNoLossToTellOf() {
    Report report =
        TrainCommand.report(
            new TrainResult(
                "run",
                "checkpoint",
                "lenet5",
                61706,
                30,
                2,
                0,
                Double.NaN,
                Double.NaN,
                0,
                0,
                PhaseSeconds.ZERO,
                "ab",
                false,
                Optional.empty(),
                Optional.empty()));

    assertThat(report.json().get("loss").isNull()).isTrue();
    assertThat(report.json().get("accuracy").isNull()).isTrue();
    assertThat(report.text()).contains("nothing left to do").doesNotContain("NaN", "speed");
  }

  /** Others may train on such shards; here they want one size. */
  @Test
  void imagesThatDifferInSizeArePreparedAndNotTrainedOn(@TempDir Path folder) throws IOException {
    Commands commands = new Commands();
    Commands.writeImages(folder.resolve("images"), 10);
    BufferedImage other = new BufferedImage(9, 14, BufferedImage.TYPE_BYTE_GRAY);
    ImageIO.write(other, "png", folder.resolve("images/left/other.png").toFile());
    Path data = folder.resolve("data");
    commands.json(
        "prepare --channels 1 --split train=1 --input %s --output %s"
            .formatted(folder.resolve("images"), data));

    JsonNode inspected = commands.json("inspect --data " + data);
    assertThat(inspected.get("height")).hasToString("[12,14]");
    assertThat(inspected.get("width")).hasToString("[9,12]");
    for (String command :
        List.of(
            "train --model perceptron --run %s/run --data ".formatted(folder),
            "inspect --sheet %s/sheet.png --data ".formatted(folder),
            "inspect --order 0 --data ",
            "bench loader --data ")) {
      Commands.Outcome outcome = commands.run(command + data);
      assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(2);
      assertThat(outcome.err())
          .contains("they are 12 to 14 x 9 to 12 x 1 (prepare them with --size N");
    }
    assertThat(folder.resolve("run")).doesNotExist();
  }

  @Test
  void trainRefusesANumberOfClassesThatTheDataHasNot(@TempDir Path folder) throws IOException {
    TinyShards.write(Files.createDirectory(folder.resolve("data")), List.of(9), 3);
    String train =
        "train --data %s --run %s --model perceptron --epochs 1 --classes "
            .formatted(folder.resolve("data"), folder.resolve("run"));

    Commands.Outcome refused = new Commands().run(train + 3);

    assertThat(refused.exitCode()).isEqualTo(2);
    assertThat(refused.err()).contains("Invalid classes: 3, but the data at").contains("has 4");
    assertThat(folder.resolve("run")).doesNotExist();
    assertThat(new Commands().json(train + 4).get("parameters").asInt()).isEqualTo(64 * 4 + 4);
  }

  @Test
  void modelsListsTheZoo() throws IOException {
    assertThat(run("models", "--json")).isZero();

    JsonNode json = new ObjectMapper().readTree(out.toString());
    assertThat(json.get("models").findValuesAsText("name")).isEqualTo(Zoo.names());
  }

  @Test
  void modelsShowsWhichNetworkAModelIsForEachSizeOfImages() throws IOException {
    assertThat(run("models", "alexnet-mini")).isZero();
    assertThat(out.toString())
        .contains("takes images of 32 x 32 or 64 x 64")
        .contains("alexnet-mini for 64 x 64 inputs begins with stride 2");

    assertThat(run("models", "alexnet-mini", "--input-size", "64", "--json")).isZero();
    List<String> lines = out.toString().lines().toList();
    JsonNode json = new ObjectMapper().readTree(lines.get(lines.size() - 1));
    assertThat(json.at("/layers/0/layer").asText()).contains("/ 2");
    assertThat(json.at("/remarks/1").asText()).contains("begins with stride 2");
  }

  @Test
  void modelsShowsAFileLayerByLayer(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("tiny.yaml");
    Files.writeString(
        file,
        "name: tiny\ninput: [8, 8, 1]\nlayers:\n  - dense: 4\n  - relu\n  - dense: classes\n");

    assertThat(run("models", file.toString(), "--classes", "3", "--json")).isZero();

    JsonNode json = new ObjectMapper().readTree(out.toString());
    assertThat(json.get("parameters").asInt()).isEqualTo(64 * 4 + 4 + 4 * 3 + 3);
    assertThat(json.get("layers")).hasSize(3);
  }

  @Tag("slow")
  @Test
  void benchStepTimesTheStepBesideStockDeeplearning4j() throws IOException {
    JsonNode json = benchStep("--model perceptron --batch 8 --seconds 1 --baseline stock");

    assertThat(json.get("engine").asText()).isNotEqualTo("auto");
    assertThat(json.get("pass").asText()).isEqualTo("training");
    assertThat(json.get("steps").asLong()).isPositive();
    assertThat(json.get("resident_bytes").asLong())
        .isBetween(1L << 20, json.get("peak_resident_bytes").asLong());
    double own = json.get("images_per_second").asDouble();
    double stock = json.at("/baseline/images_per_second").asDouble();
    assertThat(own).isPositive();
    assertThat(json.get("ratio").asDouble()).isCloseTo(own / stock, within(1e-6));
  }

  @Tag("slow")
  @Test
  void benchStepComparesTwoEngines() throws IOException {
    JsonNode json =
        benchStep("--model perceptron --batch 8 --seconds 1 --engine dl4j --baseline onednn");

    assertThat(json.get("engine").asText()).isEqualTo("dl4j");
    assertThat(json.at("/baseline/name").asText()).isEqualTo("onednn");
    assertThat(json.at("/baseline/images_per_second").asDouble()).isPositive();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "bench step --model lenet5 --batch ,",
        "bench averaging --parameters ,",
        "bench averaging --parameters 1000 --workers ,,",
        "prepare --input x --output y --split ,"
      })
  void listsWithoutAnElementAreRefused(String command) {
    assertThat(run(command.split(" "))).isEqualTo(2);
    assertThat(err.toString()).startsWith("stoker: Invalid ");
    assertThat(err.toString().lines()).hasSize(1);
  }

  @Test
  void benchStepOnCardsSaysWhichBuildHasCodeForThem() {
    assumeThat(Engines.all()).noneMatch(Engine::computesOnDevices); // not the CUDA build

    assertThat(run("bench", "step", "--model", "lenet5", "--device", "gpu")).isEqualTo(4);
    assertThat(err.toString())
        .startsWith("stoker: Cannot compute on GPUs")
        .contains("build Stoker with");
    assertThat(err.toString().lines()).hasSize(1);
  }

  @Tag("slow")
  @Test
  void benchStepTimesTheLayers() throws IOException {
    JsonNode json = benchStep("--model lenet5 --batch 8 --seconds 1 --inference --verbose");

    assertThat(json.get("pass").asText()).isEqualTo("inference");
    assertThat(json.get("peak_gigaflops_per_second").asDouble()).isGreaterThan(1);
    assertThat(json.get("layers")).hasSize(11);
    double inLayers = 0;
    for (JsonNode layer : json.get("layers")) {
      assertThat(layer.get("forward_milliseconds").asDouble()).isPositive();
      assertThat(layer.get("backward_milliseconds").asDouble()).isZero();
      inLayers += layer.get("forward_milliseconds").asDouble();
    }
    assertThat(inLayers).isLessThan(20 * json.get("step_milliseconds").asDouble());
  }

  @Tag("slow")
  @Test
  void benchStepTimesTheLayersInsideOfBlocks() throws IOException {
    JsonNode json = benchStep("--model resnet-20 --batch 2 --seconds 1 --verbose");

    List<String> layers = new ArrayList<>();
    double inBlock = 0;
    double block = 0;
    for (JsonNode layer : json.get("layers")) {
      String name = layer.get("layer").asText();
      double milliseconds =
          layer.get("forward_milliseconds").asDouble()
              + layer.get("backward_milliseconds").asDouble();
      layers.add(layer.get("depth").asInt() + " " + name);
      inBlock += name.startsWith("4.") ? milliseconds : 0;
      block += name.startsWith("4 ") ? milliseconds : 0;
    }
    assertThat(layers).contains("0 4 residual layer1-0", "1 4.1 conv 16 @ 3x3 pad 1");
    assertThat(inBlock).isPositive().isLessThanOrEqualTo(block * 1.001);
  }

  private JsonNode benchStep(String options) throws IOException {
    assertThat(run(("bench step --json " + options).split(" "))).as(err.toString()).isZero();
    return new ObjectMapper().readTree(out.toString());
  }

  @Test
  void optionsWinOverTheRecipe(@TempDir Path folder) throws IOException {
    Path recipe = folder.resolve("recipe.yaml");
    Files.writeString(recipe, "model: lenet5\nbatch: 16\nlearning-rate: 0.5\nepochs: 7\n");
    TrainCommand train = new TrainCommand(null);
    new picocli.CommandLine(train)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .parseArgs(
            "--recipe",
            recipe.toString(),
            "--data",
            "d",
            "--run",
            "r",
            "--batch",
            "32",
            "--schedule",
            "cosine",
            "--augment",
            "shift,flip");

    TrainingConfig config = train.config();

    assertThat(config.rounds().batch()).isEqualTo(32);
    assertThat(config.optimizer().learningRate()).isEqualTo(0.5);
    assertThat(config.model()).isEqualTo("lenet5");
    assertThat(config.data().augmentations()).containsExactly("shift", "flip");
    assertThat(config.optimizer().schedule())
        .isEqualTo(new io.stoker.driver.config.LearningRateSchedule.Cosine(7, 0));
  }
}
