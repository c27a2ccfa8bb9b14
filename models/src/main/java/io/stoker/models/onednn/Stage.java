package io.stoker.models.onednn;

/** A layer compiled for one batch size. Its tensors belong to the network's {@link Workspace}. */
interface Stage {
  /** The activations behind the layer. */
  Tensor output();

  /** Whether the backward pass needs the output, so that nobody may overwrite it. */
  default boolean needsOutput() {
    return false;
  }

  /** Computes the output from the input. */
  void forward(Pass pass);

  /**
   * Compiles the backward pass; called once, before the first {@link #backward}.
   *
   * @param outputGradient where the next stage leaves the loss's gradient by this stage's output
   * @param inputGradientNeeded whether a stage before this one learns; if not, a stage with
   *     parameters may spare itself that gradient, and no stage without parameters is asked
   * @return where {@link #backward} leaves the gradient by this stage's input; unspecified where it
   *     is not needed
   */
  Tensor prepareBackward(Tensor outputGradient, boolean inputGradientNeeded);

  /** Computes the gradients by parameters and input from the gradient by the output. */
  void backward(Pass pass);

  /**
   * What a pass through the network depends on beside its tensors.
   *
   * @param training whether dropout is on
   * @param seed decides which units are dropped
   */
  record Pass(boolean training, long seed) {}
}
