// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.bench.command;

import io.stoker.driver.bench.BenchEngine;
import io.stoker.driver.bench.BenchQuantization;
import io.stoker.driver.bench.StepBench;
import io.stoker.driver.bench.StepLoad;
import io.stoker.driver.bench.StepProfile;
import io.stoker.driver.bench.StepProfiler;
import io.stoker.driver.command.Console;
import io.stoker.driver.command.Limits;
import io.stoker.driver.command.Report;
import io.stoker.driver.command.StokerCommand;
import io.stoker.driver.config.ModelReference;
import io.stoker.failure.Check;
import io.stoker.models.engine.Engines;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Quantization;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "step",
    header = "Measures the local step: gradients and update on random images, without Spark.",
    customSynopsis = "./stoker bench step --model NAME [option]...",
    description = {
      "",
      "With --verbose also layer by layer, compared with the machine's peak, which is that of a"
          + " large convolution."
    })
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
      split = ",",
      defaultValue = "32",
      description =
          "Examples per step; with several numbers, such as 1,8,32, one after the other (default:"
              + " ${DEFAULT-VALUE}).")
  private List<Integer> batches;

  @Option(
      names = "--workers",
      paramLabel = "W",
      defaultValue = "2",
      description =
          "The number of networks that step at the same time, each on its own thread (default:"
              + " ${DEFAULT-VALUE}).")
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
      description = "The number of classes (default: ${DEFAULT-VALUE}).")
  private int classes;

  @Option(
      names = "--engine",
      paramLabel = "NAME",
      defaultValue = Engines.AUTO,
      description = "The engine that computes (default: ${DEFAULT-VALUE}).")
  private String engine;

  @Mixin private BenchArithmetic arithmetic;

  @Option(
      names = "--device",
      paramLabel = "cpu|gpu",
      defaultValue = "cpu",
      description =
          "Where the engine computes; with gpu, worker i is on GPU i modulo their number. A"
              + " baseline computes on processors (default: ${DEFAULT-VALUE}).")
  private Device device;

  private enum Device {
    CPU,
    GPU
  }

  /** The baseline that stands for stock Deeplearning4j's ComputationGraph. */
  private static final String STOCK = "stock";

  @Option(
      names = "--baseline",
      paramLabel = "stock|ENGINE",
      description =
          "Also measure a baseline, in turns with Stoker: the ComputationGraph of stock"
              + " Deeplearning4j for the same model, or another engine.")
  private String baseline = "";

  @Option(names = "--inference", description = "Measure prediction instead of training.")
  private boolean inference;

  BenchStepCommand(Console console) {
    super(console);
  }

  @Override
  protected Report execute() {
    batches.forEach(batch -> Limits.atLeast("--batch", batch, 1));
    Limits.atLeast("--workers", workers, 1);
    Limits.atLeast("--seconds", seconds, 1);
    Limits.atLeast("--classes", classes, 1);
    ModelSpec sized = ModelReference.sized(model, OptionalInt.empty(), classes);
    List<BenchEngine> engines = new ArrayList<>();
    engines.add(
        device == Device.GPU ? BenchEngine.onGpus(engine) : BenchEngine.onProcessors(engine));
    if (!baseline.isEmpty()) {
      engines.add(BenchEngine.onProcessors(baseline.equals(STOCK) ? "dl4j" : baseline));
    }
    Check.input(
        inference || !arithmetic.isInt8(),
        "--precision int8 goes with --inference: training has no integers");
    Quantization quantization =
        arithmetic.isInt8()
            ? BenchQuantization.of(engines.get(0).engine(), sized)
            : Quantization.NONE;
    List<StepReport.Measured> measured =
        batches.stream().map(batch -> measure(sized, batch, engines, quantization)).toList();
    return new StepReport(engines.get(0).engine().name(), baseline, measured).report();
  }

  private StepReport.Measured measure(
      ModelSpec sized, int batch, List<BenchEngine> engines, Quantization quantization) {
    StepLoad load =
        new StepLoad(
            sized,
            batch,
            workers,
            inference ? StepLoad.Pass.INFERENCE : StepLoad.Pass.TRAINING,
            arithmetic.arithmetic(),
            quantization);
    StepBench.Result result = StepBench.run(engines, load, seconds);
    Optional<StepProfile> profile =
        verbose()
            ? Optional.of(StepProfiler.profile(engines.get(0), load, seconds))
            : Optional.empty();
    return new StepReport.Measured(load, result, profile);
  }
}
