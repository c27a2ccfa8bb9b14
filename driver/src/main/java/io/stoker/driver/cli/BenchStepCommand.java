package io.stoker.driver.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.failure.Check;
import io.stoker.models.engine.Engine;
import io.stoker.models.engine.Engines;
import io.stoker.models.spec.ModelSpec;
import java.io.IOException;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "step",
    header = "Measures the local step: gradients and update on random images, without Spark.",
    customSynopsis = "./stoker bench step --model NAME [option]...")
final class BenchStepCommand extends StokerCommand {
  @Option(
      names = "--model",
      paramLabel = "NAME|FILE.yaml",
      required = true,
      description = "A model's name, or a YAML file.")
  private String model;

  @Option(
      names = "--batch",
      paramLabel = "B",
      defaultValue = "32",
      description = "Examples of one step (default: ${DEFAULT-VALUE}).")
  private int batch;

  @Option(
      names = "--workers",
      paramLabel = "W",
      defaultValue = "2",
      description =
          "Networks that step side by side, each on a thread (default: ${DEFAULT-VALUE}).")
  private int workers;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      defaultValue = "10",
      description = "How long to measure, after a warm-up (default: ${DEFAULT-VALUE}).")
  private int seconds;

  @Option(
      names = "--classes",
      paramLabel = "N",
      defaultValue = "10",
      description = "Classes to tell apart (default: ${DEFAULT-VALUE}).")
  private int classes;

  @Option(
      names = "--engine",
      paramLabel = "NAME",
      defaultValue = Engines.AUTO,
      description = "What computes (default: ${DEFAULT-VALUE}).")
  private String engine;

  BenchStepCommand(Console console) {
    super(console);
  }

  @Override
  Report execute() throws IOException {
    Check.input(batch >= 1, "Invalid batch size: %d (must be >= 1)", batch);
    Check.input(workers >= 1, "Invalid workers: %d (must be >= 1)", workers);
    Check.input(seconds >= 1, "Invalid seconds: %d (must be >= 1)", seconds);
    ModelSpec spec = ModelsCommand.read(model, Optional.of(classes));
    Engine chosen = Engines.named(engine);
    StepBench.Result result = StepBench.run(chosen, spec, batch, workers, seconds);
    ObjectNode json = Report.object(result);
    json.put("model", spec.name()).put("engine", chosen.name());
    return new Report(
        "%s, batch %d, %d workers on %s:%n  %,.1f images/s in all, %.2f ms a step (median), %.1f GFLOP/s%n"
            .formatted(
                spec.name(),
                batch,
                workers,
                chosen.name(),
                result.imagesPerSecond(),
                result.stepMilliseconds(),
                result.gigaflopsPerSecond()),
        json);
  }
}
