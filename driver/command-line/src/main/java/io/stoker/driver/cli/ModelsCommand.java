// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.base.Table;
import io.stoker.driver.command.Console;
import io.stoker.driver.command.Limits;
import io.stoker.driver.command.Line;
import io.stoker.driver.command.Report;
import io.stoker.driver.command.SparkSetup;
import io.stoker.driver.command.StokerCommand;
import io.stoker.driver.config.ModelReference;
import io.stoker.driver.run.ModelFiles;
import io.stoker.failure.Check;
import io.stoker.models.file.ModelMetadata;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.ModelTable;
import io.stoker.models.spec.ModelTree;
import io.stoker.models.spec.ModelYaml;
import io.stoker.models.spec.Quantization;
import io.stoker.models.spec.Shape;
import io.stoker.models.zoo.Zoo;
import java.io.File;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "models",
    header = "Lists the models, or shows one layer by layer.",
    customSynopsis = "./stoker models [NAME|FILE.yaml|CHECKPOINT] [option]...")
final class ModelsCommand extends StokerCommand {
  @Parameters(
      arity = "0..1",
      paramLabel = "NAME|FILE.yaml|CHECKPOINT",
      description =
          "A model's name, a YAML file, or a trained model: a model.zip, a checkpoint folder or a"
              + " run folder (default: list all models).")
  private String model = "";

  @Option(
      names = "--classes",
      paramLabel = "N",
      description = "The number of classes (default: that of the model).")
  private Integer classes;

  @Option(
      names = "--input-size",
      paramLabel = "N",
      description =
          "Height and width of the images, for models that take several sizes (default: that of the"
              + " model).")
  private Integer inputSize;

  @Option(
      names = "--yaml",
      description = "Print the model as YAML, which train --model takes from a file.")
  private boolean yaml;

  /** The number of classes of a YAML file's {@code dense: classes} without {@code --classes}. */
  private static final int FILE_CLASSES = 10;

  ModelsCommand(Console console) {
    super(console);
  }

  @Override
  protected Report execute() {
    Optional<Integer> wanted = Optional.ofNullable(classes);
    wanted.ifPresent(count -> Limits.atLeast("--classes", count, 1));
    if (model.isEmpty()) {
      Check.input(inputSize == null, "Cannot use --input-size without the name of a model");
      Check.input(!yaml, "Cannot use --yaml without the name of a model");
      return list(wanted);
    }
    if (isTrained(model)) {
      Check.input(
          inputSize == null && classes == null,
          "Cannot use --input-size or --classes with a trained model, which has its own");
      ModelMetadata metadata = ModelFiles.open(model, SparkSetup.hadoop()).metadata();
      return show(metadata.model(), metadata.quantization());
    }
    int count =
        wanted.orElseGet(() -> ModelReference.isFile(model) ? FILE_CLASSES : Zoo.classes(model));
    OptionalInt size = inputSize == null ? OptionalInt.empty() : OptionalInt.of(inputSize);
    return show(ModelReference.sized(model, size, count), Quantization.NONE);
  }

  /** Names of the zoo come first; what else is there, or could be a path, is a trained model. */
  private static boolean isTrained(String model) {
    return !ModelReference.isFile(model)
        && !Zoo.names().contains(model)
        && (model.endsWith(".zip") || model.contains("/") || new File(model).exists());
  }

  private static Report list(Optional<Integer> wanted) {
    ObjectNode json = Report.object();
    ArrayNode models = json.putArray("models");
    Table table = new Table(2, 3, 4).row("name", "input", "classes", "parameters", "MFLOP", "");
    for (String name : Zoo.names()) {
      ModelSpec spec = Zoo.model(name, wanted.orElseGet(() -> Zoo.classes(name)));
      table.row(
          name,
          spec.input().toString(),
          Line.of("%,d", spec.classes()),
          Line.of("%,d", spec.learnedCount()),
          Line.of("%,.1f", spec.flops() / 1e6),
          Zoo.summary(name));
      summarize(models.addObject(), spec).put("summary", Zoo.summary(name));
    }
    return new Report(
        "%s%nInput is height x width x channels, MFLOP a forward pass of one image.%n"
            .formatted(table),
        json);
  }

  private Report show(ModelSpec spec, Quantization quantization) {
    ObjectNode json = summarize(Report.object(), spec);
    if (yaml) {
      json.set("model", ModelTree.write(spec));
      return new Report(ModelYaml.write(spec), json);
    }
    List<String> remarks = remarks(spec);
    if (!quantization.isEmpty()) {
      Set<String> paths = quantization.ranges().keySet();
      List<String> quantized =
          spec.leaves().stream().map(ModelSpec.Placed::path).filter(paths::contains).toList();
      remarks.add("Layers in int8: " + String.join(", ", quantized) + ".");
      quantized.forEach(json.putArray("int8")::add);
    }
    remarks.forEach(json.putArray("remarks")::add);
    json.set("model", ModelTree.write(spec));
    ArrayNode layers = json.putArray("layers");
    spec.tree().forEach(placed -> put(layers.addObject(), placed));
    return new Report(spec.name() + "\n" + ModelTable.of(spec) + String.join("\n", remarks), json);
  }

  /** A layer, with the layers inside of it. */
  private static void put(ObjectNode json, ModelSpec.Placed placed) {
    json.put("layer", placed.layer().label());
    put(json.putArray("output"), placed.output());
    json.put("parameters", placed.learnedCount()).put("flops", placed.flops());
    if (!placed.inner().isEmpty()) {
      ArrayNode inner = json.putArray("layers");
      placed.inner().forEach(each -> put(inner.addObject(), each));
    }
  }

  /** The sizes of images that a model of the zoo takes, and what is special about each. */
  private List<String> remarks(ModelSpec spec) {
    List<String> remarks = new ArrayList<>();
    List<Integer> sizes =
        ModelReference.isFile(model) || isTrained(model) ? List.<Integer>of() : Zoo.sizes(model);
    if (sizes.size() < 2) {
      return remarks;
    }
    remarks.add(
        "It takes images of %s; --input-size N shows it for each."
            .formatted(
                sizes.stream()
                    .map(size -> size + " x " + size)
                    .collect(Collectors.joining(" or "))));
    for (int size : sizes) {
      Zoo.note(Zoo.sized(model, size, spec.classes()))
          .ifPresent(remark -> remarks.add(remark + "."));
    }
    return remarks;
  }

  private static ObjectNode summarize(ObjectNode json, ModelSpec spec) {
    json.put("name", spec.name());
    put(json.putArray("input"), spec.input());
    return json.put("classes", spec.classes())
        .put("parameters", spec.learnedCount())
        .put("statistics", spec.parameterCount() - spec.learnedCount())
        .put("flops", spec.flops());
  }

  private static void put(ArrayNode array, Shape shape) {
    array.add(shape.height()).add(shape.width()).add(shape.channels());
  }
}
