// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.stoker.data.FullDisk;
import io.stoker.models.engine.StepSettings;
import io.stoker.models.file.ModelFileWriter;
import io.stoker.models.file.ModelMetadata;
import io.stoker.models.file.TrainingClock;
import io.stoker.models.spec.InitialParameters;
import io.stoker.models.spec.Quantization;
import io.stoker.models.spec.Shape;
import io.stoker.models.zoo.Zoo;
import io.stoker.testing.Exact;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code export} and {@code import}. */
class FormatCommandsTest {
  private static final int SIDE = 28;

  private static final ModelMetadata METADATA =
      new ModelMetadata(
          Zoo.model("lenet5", 3),
          List.of("a", "b", "c"),
          List.of(120.5),
          List.of(60.25),
          TrainingClock.START);

  @TempDir Path folder;

  private final Commands commands = new Commands();

  @BeforeEach
  void writeModelAndImage() throws IOException {
    write("model.zip", METADATA);
    SplittableRandom random = new SplittableRandom(9);
    BufferedImage image = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_BYTE_GRAY);
    for (int i = 0; i < SIDE * SIDE; i++) {
      image.getRaster().setSample(i % SIDE, i / SIDE, 0, random.nextInt(256));
    }
    ImageIO.write(image, "png", folder.resolve("image.png").toFile());
  }

  private void write(String name, ModelMetadata metadata) throws IOException {
    try (OutputStream stream = Files.newOutputStream(folder.resolve(name))) {
      ModelFileWriter.of(
              metadata,
              new StepSettings(0.1f, 0, 0),
              new InitialParameters(metadata.model(), 4)::fill)
          .write(stream);
    }
  }

  private String in(String command) {
    return command
        .replace("MODEL", folder.resolve("model.zip").toString())
        .replace("DIR", folder.toString());
  }

  private JsonNode predictions(String model) {
    return commands
        .json("predict --checkpoint %s %s".formatted(folder.resolve(model), in("DIR/image.png")))
        .get("predictions")
        .get(0)
        .get("classes");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "export --checkpoint MODEL --format onnx",
        "export --checkpoint MODEL --format safetensors",
        "import --weights DIR/m.onnx",
      })
  void aFullDiskTakesOneLineThatFitsTheCommand(String command) {
    commands.json(in("export --checkpoint MODEL --format onnx --output DIR/m.onnx"));
    FullDisk.refuse("");
    Commands.Outcome outcome =
        commands
            .with("spark.hadoop.fs.full.impl", FullDisk.class.getName())
            .run(in(command + " --output full:DIR/out"));
    FullDisk.free();

    assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(4);
    assertThat(outcome.err().lines())
        .singleElement()
        .asString()
        .startsWith("stoker: Cannot write --")
        .endsWith("out: No space left on device (free some there)");
    assertThat(folder.resolve("out")).doesNotExist();
  }

  @Test
  void theLayersOfAModelThatAreInInt8AreNamed() throws IOException {
    Quantization.Range range = new Quantization.Range(1, true);
    write("q.zip", METADATA.with(Quantization.ofAll(METADATA.model(), range)));

    assertThat(commands.run(in("models DIR/q.zip")).out()).contains("Layers in int8: 1, 4, ");
    assertThat(commands.json(in("models DIR/q.zip")).get("int8")).hasSize(5);
    assertThat(commands.json(in("models MODEL")).has("int8")).isFalse();
  }

  @Test
  void anImportedModelIsShownLayerByLayerAndAsYaml() throws IOException {
    commands.json(in("export --checkpoint MODEL --format onnx --output DIR/m.onnx"));
    commands.json(in("import --weights DIR/m.onnx --output DIR/imported.zip"));

    JsonNode shown = commands.json(in("models DIR/imported.zip"));
    assertThat(shown.get("classes").asInt()).isEqualTo(3);
    assertThat(shown.get("layers").get(0).get("layer").asText()).isEqualTo("conv 6 @ 5x5 pad 2");
    Files.writeString(
        folder.resolve("m.yaml"), commands.run(in("models DIR/imported.zip --yaml")).out());
    assertThat(commands.json(in("models DIR/m.yaml"))).isEqualTo(shown);
    assertThat(commands.run(in("models DIR/imported.zip --classes 4")).err())
        .contains("Cannot use --input-size or --classes with a trained model");
    assertThat(commands.run(in("models DIR/none.zip")).err())
        .contains("Cannot find checkpoint " + in("DIR/none.zip"));
  }

  @ParameterizedTest
  @CsvSource({"onnx, ''", "safetensors, --model lenet5"})
  @Exact
  void whatIsExportedAndImportedPredictsTheSame(String format, String model) {
    JsonNode exported =
        commands.json(
            in(
                "export --checkpoint MODEL --format %s --output DIR/new/m.%s"
                    .formatted(format, format)));

    JsonNode imported =
        commands.json(
            in(
                "import --weights DIR/new/m.%s --output DIR/again.zip %s"
                    .formatted(format, model)
                    .strip()));

    assertThat(imported.get("parameters_sha256")).isEqualTo(exported.get("parameters_sha256"));
    assertThat(imported.get("classes").asInt()).isEqualTo(3);
    assertThat(imported.get("normalization").asText()).isEqualTo("file");
    assertThat(predictions("again.zip")).isEqualTo(predictions("model.zip"));
  }

  @Test
  void aModelForOtherImagesThanItsUsualOnesComesBackFromSafetensors() throws IOException {
    Shape images = new Shape(40, 40, 3);
    write(
        "colour.zip",
        new ModelMetadata(
            Zoo.model("resnet-mini", new Shape(28, 28, 3), 3), // It saw parts of the images.
            images,
            METADATA.classNames(),
            List.of(1.0, 2.0, 3.0),
            List.of(4.0, 5.0, 6.0),
            TrainingClock.START));
    JsonNode exported =
        commands.json(
            in(
                "export --checkpoint DIR/colour.zip --format safetensors --output DIR/m.safetensors"));

    String command =
        in("import --model resnet-mini --weights DIR/m.safetensors --output DIR/again.zip");
    JsonNode imported = commands.json(command);
    assertThat(imported.get("images").toString()).isEqualTo("[40,40,3]");
    assertThat(imported.get("parameters")).isEqualTo(exported.get("parameters"));
    assertThat(predictions("again.zip")).isEqualTo(predictions("colour.zip"));

    commands.json(command + " --overwrite --input-size 64 --image-size 64");
    assertThat(commands.json(in("models DIR/again.zip")).get("input").toString())
        .isEqualTo("[64,64,3]");

    commands
        .run(command.replace("resnet-mini", "lenet5") + " --overwrite")
        .assertRefused("m.safetensors: it is not of model lenet5, of which");
  }

  @Test
  void theGraphMayTakeNormalisedImages() {
    JsonNode exported =
        commands.json(
            in(
                "export --checkpoint MODEL --format onnx --normalization exclude --opset 19"
                    + " --input-name x --output DIR/m.onnx"));
    assertThat(exported.get("opset").asInt()).isEqualTo(19);
    assertThat(exported.get("input_name").asText()).isEqualTo("x");

    JsonNode imported = commands.json(in("import --weights DIR/m.onnx --output DIR/again.zip"));

    assertThat(imported.get("mean").get(0).asDouble()).isEqualTo(120.5);
    assertThat(predictions("again.zip")).isEqualTo(predictions("model.zip"));
  }

  @Test
  void theUserMaySayClassNamesAndNormalisation() throws IOException {
    commands.json(in("export --checkpoint MODEL --format safetensors --output DIR/m.safetensors"));
    Files.writeString(folder.resolve("names.txt"), "one\ntwo\nthree\n");

    JsonNode imported =
        commands.json(
            in(
                "import --model lenet5 --weights DIR/m.safetensors --output DIR/again.zip"
                    + " --class-names DIR/names.txt --mean 1 --deviation 2 --image-size 32"));

    assertThat(imported.get("mean").get(0).asDouble()).isEqualTo(1);
    assertThat(imported.get("standard_deviation").get(0).asDouble()).isEqualTo(2);
    assertThat(imported.get("images").toString()).isEqualTo("[32,32,1]");
    assertThat(predictions("again.zip").findValuesAsText("name"))
        .containsExactlyInAnyOrder("one", "two", "three");
  }

  @Test
  void blanksAndAByteOrderMarkAreNotPartOfAClassName() throws IOException {
    commands.json(in("export --checkpoint MODEL --format safetensors --output DIR/m.safetensors"));
    Files.writeString(folder.resolve("names.txt"), "\uFEFFone\r\ntwo \t\r\nthe third  ");

    commands.json(
        in(
            "import --model lenet5 --weights DIR/m.safetensors --output DIR/again.zip"
                + " --class-names DIR/names.txt"));

    assertThat(predictions("again.zip").findValuesAsText("name"))
        .containsExactlyInAnyOrder("one", "two", "the third");
  }

  @Test
  void anExistingFileIsReplacedOnRequestOnly() throws IOException {
    String export = in("export --checkpoint MODEL --format onnx --output DIR/m.onnx");
    Files.writeString(folder.resolve("m.onnx"), "mine");

    Commands.Outcome refused = commands.run(export);
    assertThat(refused.exitCode()).isEqualTo(2);
    assertThat(refused.err())
        .contains("Invalid --output:", "m.onnx exists (say --overwrite to replace it)")
        .hasLineCount(1);
    assertThat(folder.resolve("m.onnx")).hasContent("mine");

    assertThat(commands.run(export + " --overwrite").exitCode()).isZero();
    assertThat(folder.resolve("m.onnx")).isNotEmptyFile();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "export --checkpoint MODEL --format safetensors --output MODEL",
        "export --checkpoint MODEL --format onnx --output DIR/link/model.zip",
        "export --checkpoint DIR/link/model.zip --format onnx --output MODEL",
        "import --weights MODEL --model lenet5 --output MODEL"
      })
  void theFileThatIsReadIsNeverReplaced(String command) throws IOException {
    Files.createSymbolicLink(folder.resolve("link"), folder);
    byte[] before = Files.readAllBytes(folder.resolve("model.zip"));

    commands
        .run(in(command + " --overwrite"))
        .assertRefused("model.zip is the file that is read (choose another one)");

    assertThat(folder.resolve("model.zip")).hasBinaryContent(before);
  }

  @Test
  void noFileOfACheckpointIsReplaced() throws IOException {
    Path checkpoint = Files.createDirectories(folder.resolve("run/checkpoints/000043"));
    Files.writeString(checkpoint.resolve("manifest.json"), "{}");
    Files.writeString(checkpoint.resolve("model.zip"), "kept");

    for (String name : List.of("model.zip", "manifest.json", "model.onnx")) {
      commands
          .run(
              in(
                  "export --checkpoint MODEL --format onnx --overwrite --output"
                      + " DIR/run/checkpoints/000043/"
                      + name))
          .assertRefused(name + " lies in the folder of a checkpoint");
    }

    assertThat(checkpoint.resolve("model.zip")).hasContent("kept");
    assertThat(checkpoint).isDirectoryNotContaining("glob:**.onnx");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "export --checkpoint MODEL --format pth --output DIR/m.x | Unknown format: 'pth'",
        "export --checkpoint MODEL --format onnx --opset 99 --output DIR/m.x | Invalid opset: 99",
        "export --checkpoint MODEL --format safetensors --opset 17 --output DIR/m.x | go with"
            + " --format onnx",
        "export --checkpoint DIR/none --format onnx --output DIR/m.x | Cannot find checkpoint",
        "import --weights DIR/none.onnx --output DIR/m.x | Cannot find weights",
        "import --weights DIR --model lenet5 --output DIR/m.x | it is a folder",
        "import --weights MODEL --output DIR/m.x | Missing model: say --model NAME",
        "import --weights MODEL --model lenet5 --output DIR/m.x | a file of torch.save",
        "import --weights DIR/a.onnx --model lenet5 --output DIR/m.x | has its own layers",
        "import --weights MODEL --model lenet5 --mean 1 --output DIR/m.x | go together",
        "import --weights MODEL --model lenet --output DIR/m.x | Unknown model: lenet",
      })
  void badInputTakesOneLine(String command, String reason) {
    Commands.Outcome outcome = commands.run(in(command));

    assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(2);
    assertThat(outcome.err()).contains(reason).hasLineCount(1);
    assertThat(folder.resolve("m.x")).doesNotExist();
  }

  @ParameterizedTest
  @CsvSource({
    "m.safetensors, --model lenet5",
    "m.onnx, ''",
  })
  void brokenFilesAreDamageAndLeaveNothing(String name, String model) throws IOException {
    for (String content : List.of("", "{}", "xxxxxxxxxxxxxxxxxxxxxxx", "\u00ff".repeat(30))) {
      Files.writeString(folder.resolve(name), content);

      Commands.Outcome outcome =
          commands.run(
              in("import --weights DIR/%s --output DIR/new.zip %s".formatted(name, model).strip()));

      assertThat(outcome.exitCode()).as(content + outcome.err()).isEqualTo(3);
      assertThat(outcome.err()).startsWith("stoker: ").contains(name).hasLineCount(1);
      try (Stream<Path> files = Files.list(folder)) {
        assertThat(files.map(file -> file.getFileName().toString()))
            .containsExactlyInAnyOrder(name, "model.zip", "image.png");
      }
    }
  }
}
