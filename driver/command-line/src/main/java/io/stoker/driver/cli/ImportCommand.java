// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.base.Table;
import io.stoker.base.UserFile;
import io.stoker.data.storage.OutputFile;
import io.stoker.driver.command.Console;
import io.stoker.driver.command.Limits;
import io.stoker.driver.command.Line;
import io.stoker.driver.command.Report;
import io.stoker.driver.command.SparkSetup;
import io.stoker.driver.command.StokerCommand;
import io.stoker.driver.interchange.ExportFormat;
import io.stoker.driver.interchange.ImportJob;
import io.stoker.driver.interchange.ImportRequest;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import io.stoker.models.file.ModelMetadata;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "import",
    header = "Makes a model file of torchvision's weights (safetensors), or of an ONNX file.",
    customSynopsis = {
      "./stoker import --model NAME --weights FILE.safetensors --output model.zip [option]...",
      "./stoker import --weights FILE.onnx --output model.zip [option]..."
    },
    description = {
      "",
      "The result is a checkpoint for evaluate, predict, explain and train --init. The number of"
          + " classes is that of the file. docs/formats.md says how to save torchvision's weights"
          + " as safetensors, and which models fit."
    })
final class ImportCommand extends StokerCommand {
  private static final int MAXIMUM_CLASS_NAMES_BYTES = 4 << 20;

  @Option(
      names = "--weights",
      paramLabel = "FILE",
      required = true,
      description = "A safetensors or ONNX file; a URI.")
  private String weights;

  @Option(
      names = "--format",
      paramLabel = "onnx|safetensors",
      description = "The file's format (default: onnx if it ends in .onnx, else safetensors).")
  private String format;

  @Option(
      names = "--model",
      paramLabel = "NAME|FILE.yaml",
      defaultValue = "",
      description =
          "With safetensors: the model whose weights these are (see ./stoker models), or a YAML"
              + " file.")
  private String model;

  @Option(
      names = "--output",
      paramLabel = "FILE.zip",
      required = true,
      description = "The model file to write; a URI.")
  private String output;

  @Option(names = "--overwrite", description = "Replace the model file if it exists.")
  private boolean overwrite;

  @Option(
      names = "--input-size",
      paramLabel = "N",
      description =
          "Height and width of the model's input, where it takes several (default: that which it"
              + " was made for).")
  private Integer inputSize;

  @Option(
      names = "--image-size",
      paramLabel = "N",
      description =
          "Bring images to N x N, and take the middle of them: torchvision evaluates models of 224"
              + " on images of 256 (default: the size of the model's input).")
  private Integer imageSize;

  @Option(
      names = "--mean",
      paramLabel = "X",
      split = ",",
      description =
          "The mean of each channel, from 0 to 255, which is subtracted from images (default: what"
              + " the file says, else ImageNet's for colour, 0 for grey).")
  private List<Double> mean;

  @Option(
      names = "--deviation",
      paramLabel = "X",
      split = ",",
      description =
          "What each channel is divided by (default: what the file says, else ImageNet's deviation"
              + " for colour, 255 for grey).")
  private List<Double> deviation;

  @Option(
      names = "--class-names",
      paramLabel = "FILE",
      description =
          "A text file with the name of a class on each line, in the order of the outputs (default:"
              + " what the file says, else numbers).")
  private Path classNames;

  ImportCommand(Console console) {
    super(console);
  }

  @Override
  protected Report execute() {
    Optional.ofNullable(inputSize).ifPresent(size -> Limits.atLeast("--input-size", size, 1));
    Optional.ofNullable(imageSize).ifPresent(size -> Limits.atLeast("--image-size", size, 1));
    ImportRequest request =
        new ImportRequest(
            weights,
            format == null ? ExportFormat.ofFile(weights) : ExportFormat.named(format),
            model,
            optional(inputSize),
            optional(imageSize),
            Optional.ofNullable(mean),
            Optional.ofNullable(deviation),
            Optional.ofNullable(classNames).map(ImportCommand::names));
    OutputFile file = SparkSetup.outputFile(output, overwrite, weights);
    return report(ImportJob.run(request, file, SparkSetup.hadoop()), file);
  }

  private static OptionalInt optional(Integer value) {
    return value == null ? OptionalInt.empty() : OptionalInt.of(value);
  }

  private static List<String> names(Path file) {
    byte[] bytes =
        UserFile.read("Cannot read --class-names " + file, file, MAXIMUM_CLASS_NAMES_BYTES);
    try {
      List<String> names =
          StandardCharsets.UTF_8
              .newDecoder()
              .decode(ByteBuffer.wrap(bytes))
              .toString()
              .replaceFirst("^\uFEFF", "") // Some editors begin a file with a byte order mark.
              .lines()
              .map(String::stripTrailing)
              .toList();
      Check.input( // Two classes may have one name: ImageNet has two of cranes.
          names.stream().noneMatch(String::isEmpty),
          "Invalid --class-names: %s has an empty line",
          file);
      return names;
    } catch (CharacterCodingException e) {
      throw new InputException("Invalid --class-names: %s is no UTF-8 text".formatted(file), e);
    }
  }

  private Report report(ImportJob.Result result, OutputFile file) {
    ModelMetadata metadata = result.metadata();
    ObjectNode json =
        Report.object()
            .put("output", file.path().toString())
            .put("model", metadata.model().name())
            .put("classes", metadata.model().classes())
            .put("parameters", metadata.model().parameterCount())
            .put("parameters_sha256", result.parametersSha256())
            .put("exact_pixels", metadata.exactPixels())
            .put("normalization", result.normalization().name().toLowerCase(Locale.ROOT));
    metadata.mean().forEach(json.putArray("mean")::add);
    metadata.standardDeviation().forEach(json.putArray("standard_deviation")::add);
    json.putArray("images")
        .add(metadata.images().height())
        .add(metadata.images().width())
        .add(metadata.images().channels());
    Table table =
        new Table()
            .row("model", metadata.model().name())
            .row("classes", Line.of("%,d", metadata.model().classes()))
            .row("images", metadata.images() + (metadata.exactPixels() ? " (--exact-pixels)" : ""))
            .row(
                "normalisation",
                "mean %s, deviation %s, %s"
                    .formatted(
                        metadata.mean(),
                        metadata.standardDeviation(),
                        source(result.normalization())))
            .row("parameters", "SHA-256 " + result.parametersSha256())
            .row("model file", output);
    return new Report(table.toString(), json);
  }

  private static String source(ImportJob.Normalization normalization) {
    return switch (normalization) {
      case OPTIONS -> "as given";
      case FILE -> "as the file says";
      case IMAGENET -> "ImageNet's, which torchvision's weights expect";
      case FRACTIONS -> "for pixels from 0 to 1";
    };
  }
}
