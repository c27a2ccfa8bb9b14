// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.bench.command;

import io.stoker.driver.bench.StepLoad;
import io.stoker.driver.command.TrainingOptions;
import io.stoker.driver.config.TrainingOption;
import io.stoker.failure.Suggestion;
import io.stoker.models.engine.Arithmetic;
import io.stoker.models.engine.ConvolutionAlgorithm;
import io.stoker.models.engine.Precision;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The options that say how an engine computes, with int8 as a further precision. */
@Command
final class BenchArithmetic {
  @Option(
      names = "--precision",
      paramLabel = "fp32|bf16|tf32|int8",
      order = 91,
      defaultValue = "fp32",
      description =
          "As in train, or with --inference int8: all convolutions and dense layers multiply"
              + " integers of 8 bits, on processors with VNNI or AMX (default: ${DEFAULT-VALUE}).")
  private String precision;

  private TrainingOptions options;

  @Spec(Spec.Target.MIXEE)
  void addTo(CommandSpec command) {
    options = TrainingOptions.add(command, 92, "convolution");
  }

  boolean isInt8() {
    return StepLoad.INT8.equals(chosen());
  }

  private String chosen() {
    List<String> known =
        Stream.concat(
                TrainingOption.named("precision").choices().stream(), Stream.of(StepLoad.INT8))
            .toList();
    return Suggestion.choose(
        "precision", precision.toLowerCase(Locale.ROOT), known, Function.identity());
  }

  /** What was given, and the defaults for the rest; what is not in int8 is in fp32. */
  Arithmetic arithmetic() {
    return new Arithmetic(
        isInt8() ? Precision.FP32 : Precision.parse(chosen()),
        options
            .<String>given("convolution")
            .map(ConvolutionAlgorithm::parse)
            .orElse(ConvolutionAlgorithm.AUTO));
  }
}
