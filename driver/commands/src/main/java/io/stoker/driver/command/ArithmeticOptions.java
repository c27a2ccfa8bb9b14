// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.command;

import io.stoker.models.engine.Arithmetic;
import io.stoker.models.engine.ConvolutionAlgorithm;
import io.stoker.models.engine.Precision;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** The options that say how an engine computes. */
@Command
public final class ArithmeticOptions {
  private TrainingOptions options;

  @Spec(Spec.Target.MIXEE)
  public void addTo(CommandSpec command) {
    options = TrainingOptions.add(command, 91, "precision", "convolution");
  }

  /** What was given, and the defaults for the rest. */
  public Arithmetic arithmetic() {
    return new Arithmetic(
        options.<String>given("precision").map(Precision::parse).orElse(Precision.FP32),
        options
            .<String>given("convolution")
            .map(ConvolutionAlgorithm::parse)
            .orElse(ConvolutionAlgorithm.AUTO));
  }
}
