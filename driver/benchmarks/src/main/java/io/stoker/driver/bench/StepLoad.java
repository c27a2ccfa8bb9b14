// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.bench;

import io.stoker.failure.Check;
import io.stoker.models.engine.Arithmetic;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Quantization;

/**
 * The work that is measured: that of an executor's slots, without Spark.
 *
 * @param model the model
 * @param batch examples of one step
 * @param workers how many networks take steps at the same time, each on a thread
 * @param pass the kind of step
 * @param arithmetic how the engine computes
 * @param quantization the layers that predict in int8
 */
public record StepLoad(
    ModelSpec model,
    int batch,
    int workers,
    Pass pass,
    Arithmetic arithmetic,
    Quantization quantization) {
  /** The precision of a network of which all convolutions and dense layers predict in int8. */
  public static final String INT8 = "int8";

  /** The work of a network without layers in int8. */
  public StepLoad(ModelSpec model, int batch, int workers, Pass pass, Arithmetic arithmetic) {
    this(model, batch, workers, pass, arithmetic, Quantization.NONE);
  }

  /** The work of a network that computes with the fastest algorithms in fp32. */
  public StepLoad(ModelSpec model, int batch, int workers, Pass pass) {
    this(model, batch, workers, pass, Arithmetic.FASTEST_FP32);
  }

  /** This work in fp32, with the fastest algorithms. */
  StepLoad inFp32() {
    return new StepLoad(model, batch, workers, pass);
  }

  /** The number format of products, as users call it. */
  public String precision() {
    return quantization.isEmpty() ? arithmetic.precision().toString() : INT8;
  }

  /** The kind of a step. */
  public enum Pass {
    /** Gradients and update. */
    TRAINING,
    /** Class probabilities. */
    INFERENCE
  }

  public StepLoad {
    Check.input(batch >= 1, "Invalid batch size: %d (must be >= 1)", batch);
    Check.input(workers >= 1, "Invalid workers: %d (must be >= 1)", workers);
  }

  /** Floating-point operations of one example; a multiply-add counts as two. */
  double flops() {
    return model.placed().stream().mapToDouble(placed -> placed.flops() + backward(placed)).sum();
  }

  /** Floating-point operations of a layer's backward pass over one example; 0 in inference. */
  double backward(ModelSpec.Placed placed) {
    if (pass == Pass.INFERENCE) {
      return 0;
    }
    boolean first = placed.parameterOffset() == 0; // No layer before it has parameters.
    return placed.layer().backwardFlops(placed.input(), first);
  }
}
