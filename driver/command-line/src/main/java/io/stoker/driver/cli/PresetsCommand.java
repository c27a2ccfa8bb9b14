// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.stoker.base.Table;
import io.stoker.driver.command.Console;
import io.stoker.driver.command.Line;
import io.stoker.driver.command.Report;
import io.stoker.driver.command.StokerCommand;
import io.stoker.driver.config.Preset;
import java.io.UncheckedIOException;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
    name = "presets",
    header = "Lists the presets of train, or prints one as a recipe.",
    customSynopsis = "./stoker presets [NAME] [option]...")
final class PresetsCommand extends StokerCommand {
  private static final YAMLMapper YAML =
      YAMLMapper.builder()
          .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
          .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
          .build();

  @Parameters(
      arity = "0..1",
      paramLabel = "NAME",
      description = "A preset, to print what train --recipe takes from a file (default: list all).")
  private String name = "";

  PresetsCommand(Console console) {
    super(console);
  }

  @Override
  protected Report execute() {
    return name.isEmpty() ? list() : show(Preset.named(name));
  }

  private static Report list() {
    ObjectNode json = Report.object();
    ArrayNode presets = json.putArray("presets");
    Table table =
        new Table(4, 5, 6)
            .row("name", "images", "model", "data", "accuracy", "minutes", "seeds", "commit", "");
    for (Preset preset : Preset.all()) {
      presets.add(summary(preset));
      String sizes = Line.of("%d to %d pixels", preset.images().least(), preset.images().most());
      String model = preset.options().path("model").asText("");
      String text = preset.summary() + preset.note().map("; "::concat).orElse("");
      if (preset.measured().isEmpty()) {
        table.row(preset.name(), sizes, model, "", "", "", "", "", text);
      }
      for (ObjectNode measured : preset.measured()) {
        table.row(
            preset.name(),
            sizes,
            model,
            measured.path("data").asText(""),
            accuracy(measured),
            measured.path("minutes").asText(""),
            measured.path("seeds").asText(""),
            measured.path("commit").asText(""),
            text);
      }
    }
    return new Report(
        Line.of(
            "%s%nAccuracy is the mean over the seeds on the test split, minutes are all in, on two"
                + " cores; what is empty was not measured.%n",
            table),
        json);
  }

  private static String accuracy(ObjectNode measured) {
    if (!measured.has("accuracy")) {
      return "";
    }
    String mean = Line.of("%.2f %%", measured.get("accuracy").asDouble());
    return measured.has("spread")
        ? Line.of("%s ± %.2f", mean, measured.get("spread").asDouble())
        : mean;
  }

  private static ObjectNode summary(Preset preset) {
    ObjectNode json = Report.object();
    json.put("name", preset.name()).put("summary", preset.summary());
    json.putObject("images")
        .put("least", preset.images().least())
        .put("most", preset.images().most());
    preset.note().ifPresent(note -> json.put("note", note));
    ObjectNode needs = json.putObject("needs");
    preset.needs().forEach(needs::put);
    preset.measured().forEach(json.putArray("measured")::add);
    json.set("recipe", preset.options());
    json.set("space", preset.space());
    return json;
  }

  private static Report show(Preset preset) {
    StringBuilder text = new StringBuilder("# " + preset.summary() + "\n");
    preset.note().ifPresent(note -> text.append("# ").append(note).append('\n'));
    for (Map.Entry<String, String> need : preset.needs().entrySet()) {
      text.append("# needs --%s: %s%n".formatted(need.getKey(), need.getValue()));
    }
    preset.measured().forEach(each -> text.append("# measured: ").append(each).append('\n'));
    try {
      return new Report(
          text + YAML.writeValueAsString(preset.options()).stripTrailing(), summary(preset));
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }
}
