// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import io.stoker.driver.checkpoint.ParameterChoice;
import io.stoker.driver.checkpoint.StoredModel;
import io.stoker.driver.command.ArithmeticOptions;
import io.stoker.driver.evaluate.Inference;
import io.stoker.driver.run.ModelFiles;
import org.apache.hadoop.conf.Configuration;
import picocli.CommandLine.Option;

/** The option that names a trained network. */
final class CheckpointOption {
  @Option(
      names = "--checkpoint",
      paramLabel = "URI",
      required = true,
      description =
          "A checkpoint folder, a model.zip, or a run folder (its best checkpoint by validation,"
              + " else its newest valid one).")
  String uri;

  @Option(
      names = "--parameters",
      paramLabel = "ema|last",
      description =
          "Which parameters of the checkpoint: the moving average of a run with --ema, or those"
              + " after the last step (default: the average where there is one).")
  private ParameterChoice chosen;

  /** Which parameters of the checkpoint are meant. */
  ParameterChoice parameters() {
    return chosen == null ? ParameterChoice.BEST : chosen;
  }

  /** The checkpoint on an engine, in fp32, which is shown the middle of each image. */
  Inference inference(EngineOption engine) {
    return new Inference(uri, parameters(), engine.name);
  }

  /** The checkpoint on an engine, with an arithmetic, which is shown views of each image. */
  Inference inference(EngineOption engine, TestViewsOption views, ArithmeticOptions arithmetic) {
    return inference(engine, views, arithmetic, 0);
  }

  /** As the one with views, for images of another size. */
  Inference inference(
      EngineOption engine, TestViewsOption views, ArithmeticOptions arithmetic, SizeOption size) {
    return inference(engine, views, arithmetic, size.pixels());
  }

  private Inference inference(
      EngineOption engine, TestViewsOption views, ArithmeticOptions arithmetic, int pixels) {
    return new Inference(
        uri, parameters(), engine.name, views.views(), arithmetic.arithmetic(), pixels, false);
  }

  /** Opens the checkpoint. */
  StoredModel open(Configuration hadoop) {
    return ModelFiles.open(uri, parameters(), hadoop);
  }
}
