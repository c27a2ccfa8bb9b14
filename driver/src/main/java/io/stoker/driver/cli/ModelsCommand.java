package io.stoker.driver.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.failure.InputException;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.ModelTable;
import io.stoker.models.spec.ModelYaml;
import io.stoker.models.spec.Shape;
import io.stoker.models.zoo.Zoo;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "models",
    header = "Lists the models, or shows one layer by layer.",
    customSynopsis = "./stoker models [NAME|FILE.yaml] [option]...")
final class ModelsCommand extends StokerCommand {
  @Parameters(
      arity = "0..1",
      paramLabel = "NAME|FILE.yaml",
      description = "A model's name, or a YAML file. None: all names.")
  private String model = "";

  @Option(
      names = "--classes",
      paramLabel = "N",
      description = "Classes to tell apart (default: as many as the model was made for).")
  private Integer classes;

  /** What {@code dense: classes} of a file stands for where nobody says. */
  private static final int FILE_CLASSES = 10;

  ModelsCommand(Console console) {
    super(console);
  }

  @Override
  Report execute() throws IOException {
    Optional<Integer> wanted = Optional.ofNullable(classes);
    return model.isEmpty() ? list(wanted) : show(read(model, wanted));
  }

  /**
   * The model of a name or a YAML file, for the images that it was made for.
   *
   * @throws InputException if there is none, or it is no model
   */
  static ModelSpec read(String model, Optional<Integer> classes) throws IOException {
    if (!model.endsWith(".yaml") && !model.endsWith(".yml")) {
      return Zoo.model(model, classes.orElseGet(() -> Zoo.classes(model)));
    }
    Path file = Path.of(model);
    if (!Files.isRegularFile(file)) {
      throw new InputException("Cannot read model %s: no such file".formatted(model));
    }
    try (InputStream stream = Files.newInputStream(file)) {
      return ModelYaml.read(stream, model, classes.orElse(FILE_CLASSES));
    }
  }

  private static Report list(Optional<Integer> wanted) throws IOException {
    ObjectNode json = Report.object();
    ArrayNode models = json.putArray("models");
    Table table = new Table(2, 3, 4).row("name", "input", "classes", "parameters", "MFLOP", "");
    for (String name : Zoo.names()) {
      ModelSpec spec = read(name, wanted);
      table.row(
          name,
          spec.input().toString(),
          "%,d".formatted(spec.classes()),
          "%,d".formatted(spec.parameterCount()),
          "%,.1f".formatted(spec.flops() / 1e6),
          Zoo.summary(name));
      summarize(models.addObject(), spec).put("summary", Zoo.summary(name));
    }
    return new Report(
        "%s%nInput is height x width x channels, MFLOP a forward pass of one image.%n"
            .formatted(table),
        json);
  }

  private static Report show(ModelSpec spec) {
    ObjectNode json = summarize(Report.object(), spec);
    ArrayNode layers = json.putArray("layers");
    for (ModelSpec.Placed placed : spec.placed()) {
      ObjectNode layer = layers.addObject().put("layer", placed.layer().label());
      put(layer.putArray("output"), placed.output());
      layer.put("parameters", placed.parameterCount()).put("flops", placed.flops());
    }
    return new Report("%s%n%s".formatted(spec.name(), ModelTable.of(spec)), json);
  }

  private static ObjectNode summarize(ObjectNode json, ModelSpec spec) {
    json.put("name", spec.name());
    put(json.putArray("input"), spec.input());
    return json.put("classes", spec.classes())
        .put("parameters", spec.parameterCount())
        .put("flops", spec.flops());
  }

  private static void put(ArrayNode array, Shape shape) {
    array.add(shape.height()).add(shape.width()).add(shape.channels());
  }
}
