// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.base.Table;
import io.stoker.data.storage.OutputFile;
import io.stoker.driver.checkpoint.StoredModel;
import io.stoker.driver.command.Console;
import io.stoker.driver.command.Line;
import io.stoker.driver.command.Report;
import io.stoker.driver.command.SparkSetup;
import io.stoker.driver.command.StokerCommand;
import io.stoker.driver.interchange.ExportFormat;
import io.stoker.driver.interchange.ExportJob;
import io.stoker.failure.Check;
import io.stoker.models.onnx.OnnxOptions;
import java.util.List;
import java.util.Locale;
import org.apache.hadoop.conf.Configuration;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "export",
    header = "Writes a trained model as ONNX, or its parameters as safetensors.",
    customSynopsis =
        "./stoker export --checkpoint URI --format onnx|safetensors --output FILE [option]...",
    description = {
      "",
      "An ONNX file takes images of RGB or grey, [batch, channels, height, width], of any batch,"
          + " and gives class probabilities. Tensors of a safetensors file have torchvision's names"
          + " if the model is one of torchvision's, such as alexnet-owt."
    })
final class ExportCommand extends StokerCommand {
  @Mixin private CheckpointOption checkpoint;

  @Option(
      names = "--format",
      paramLabel = "onnx|safetensors",
      required = true,
      description = "The format of the file.")
  private String format;

  @Option(
      names = "--output",
      paramLabel = "FILE",
      required = true,
      description = "The file to write; a URI.")
  private String output;

  @Option(names = "--overwrite", description = "Replace the file if it exists.")
  private boolean overwrite;

  @Option(
      names = "--opset",
      paramLabel = "N",
      description =
          "With onnx: the version of ONNX's operators, 13 to 21 (default: "
              + OnnxOptions.DEFAULT_OPSET
              + ").")
  private Integer opset;

  @Option(
      names = "--input-name",
      paramLabel = "NAME",
      description =
          "With onnx: the name of the input (default: " + OnnxOptions.DEFAULT_INPUT + ").")
  private String inputName;

  @Option(
      names = "--normalization",
      paramLabel = "include|exclude",
      description =
          "With onnx: whether the graph takes pixels from 0 to 255 and normalises them by the"
              + " training data's mean and deviation, or takes normalised images (default:"
              + " include).")
  private OnnxOptions.Normalization normalization;

  ExportCommand(Console console) {
    super(console);
  }

  @Override
  protected Report execute() {
    ExportFormat wanted = ExportFormat.named(format);
    Check.input(
        wanted == ExportFormat.ONNX
            || (opset == null && inputName == null && normalization == null),
        "--opset, --input-name and --normalization go with --format onnx");
    OnnxOptions options =
        new OnnxOptions(
            opset == null ? OnnxOptions.DEFAULT_OPSET : opset,
            inputName == null ? OnnxOptions.DEFAULT_INPUT : inputName,
            normalization == null ? OnnxOptions.Normalization.INCLUDE : normalization);
    OutputFile file = SparkSetup.outputFile(output, overwrite, checkpoint.uri);
    Configuration hadoop = SparkSetup.hadoop();
    StoredModel model = checkpoint.open(hadoop);
    ObjectNode json =
        Report.object()
            .put("output", file.path().toString())
            .put("format", wanted.label())
            .put("model", model.metadata().model().name())
            .put("parameters", model.metadata().model().parameterCount())
            .put("parameters_sha256", model.parametersSha256());
    Table table =
        new Table()
            .row("model", model.metadata().model().name())
            .row("parameters", "SHA-256 " + model.parametersSha256());
    switch (wanted) {
      case ONNX -> {
        ExportJob.onnx(model, options, Version.stoker(), file, hadoop);
        describe(options, json, table);
      }
      case SAFETENSORS -> {
        describe(ExportJob.safetensors(model, file, hadoop), json, table);
        int left = model.metadata().quantization().ranges().size();
        if (left > 0) {
          json.put("int8_left_out", left);
          table.row("int8", Line.of("left out: the %d layers in int8 are written in fp32", left));
        }
      }
    }
    table.row(wanted.label(), output);
    return new Report(table.toString(), json);
  }

  private static void describe(OnnxOptions options, ObjectNode json, Table table) {
    String kind = options.normalization().name().toLowerCase(Locale.ROOT);
    json.put("opset", options.opset())
        .put("input_name", options.input())
        .put("normalization", kind);
    table
        .row("opset", Integer.toString(options.opset()))
        .row(
            "input",
            options.input()
                + switch (options.normalization()) {
                  case INCLUDE -> ": pixels from 0 to 255";
                  case EXCLUDE -> ": normalised images";
                });
  }

  private static void describe(List<String> tensors, ObjectNode json, Table table) {
    tensors.forEach(json.putArray("tensors")::add);
    table.row("tensors", "%s, from %s on".formatted(tensors.size(), tensors.get(0)));
  }
}
