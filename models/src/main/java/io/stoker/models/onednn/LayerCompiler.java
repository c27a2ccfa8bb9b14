// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn;

import io.stoker.models.spec.ActivationFunction;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.LayerVisitor;
import io.stoker.models.spec.ModelSpec;
import java.util.ArrayList;
import java.util.List;

/**
 * Compiles one layer for one batch size.
 *
 * @param workspace owns the layer's tensors
 * @param vectors the network's parameters and gradients
 * @param placed the layer
 * @param input the output of the layer before, or the images
 * @param overwrite whether an activation may overwrite its input
 * @param fusion whether a layer may compute the rectifier after it along with its own output
 */
record LayerCompiler(
    Workspace workspace,
    FlatVectors vectors,
    ModelSpec.Placed placed,
    Tensor input,
    boolean overwrite,
    Fusion fusion)
    implements LayerVisitor<CompiledLayer> {
  /** Whether rectifiers are computed along with the layer before them. */
  enum Fusion {
    /** The layer is computed alone: its own output can be looked at. */
    NONE,
    /** Where the next layer is a rectifier, it is computed along. */
    ALLOWED,
    /** The next layer is a rectifier. */
    RECTIFIED
  }

  /**
   * Compiles layers one after the other.
   *
   * @param overwrite whether the first may overwrite the input
   * @param fusion {@link Fusion#NONE} or {@link Fusion#ALLOWED}
   */
  static List<CompiledLayer> chain(
      Workspace workspace,
      FlatVectors vectors,
      List<ModelSpec.Placed> placed,
      Tensor input,
      boolean overwrite,
      Fusion fusion) {
    List<CompiledLayer> layers = new ArrayList<>();
    Tensor last = input;
    boolean mayOverwrite = overwrite;
    boolean fused = false;
    for (int i = 0; i < placed.size(); i++) {
      boolean withNext =
          fusion == Fusion.ALLOWED && isNormalization(placed.get(i)) && isRectifier(placed, i + 1);
      CompiledLayer layer =
          fused
              ? new FusedActivation(last)
              : new LayerCompiler(
                      workspace,
                      vectors,
                      placed.get(i),
                      last,
                      mayOverwrite,
                      withNext ? Fusion.RECTIFIED : fusion)
                  .compile();
      layers.add(layer);
      last = layer.output();
      mayOverwrite = !layer.needsOutput();
      fused = withNext;
    }
    return layers;
  }

  private static boolean isNormalization(ModelSpec.Placed placed) {
    return placed.layer() instanceof LayerSpec.BatchNormalization;
  }

  private static boolean isRectifier(List<ModelSpec.Placed> placed, int i) {
    return i < placed.size()
        && placed.get(i).layer() instanceof LayerSpec.Activation activation
        && activation.function() == ActivationFunction.RELU;
  }

  CompiledLayer compile() {
    return placed.layer().accept(this);
  }

  @Override
  public CompiledLayer visitConvolution(LayerSpec.Convolution layer) {
    return new CompiledConvolution(workspace, vectors, placed, layer, input);
  }

  @Override
  public CompiledLayer visitDepthwiseConvolution(LayerSpec.DepthwiseConvolution layer) {
    return new CompiledConvolution(workspace, vectors, placed, layer, input);
  }

  @Override
  public CompiledLayer visitPooling(LayerSpec.Pooling layer) {
    return new CompiledPooling(workspace, placed, layer, input);
  }

  @Override
  public CompiledLayer visitGlobalAveragePooling(LayerSpec.GlobalAveragePooling layer) {
    return new CompiledGlobalPooling(workspace, placed, input);
  }

  @Override
  public CompiledLayer visitLocalResponseNormalization(LayerSpec.LocalResponseNormalization layer) {
    return new CompiledResponseNormalization(workspace, layer, input);
  }

  @Override
  public CompiledLayer visitBatchNormalization(LayerSpec.BatchNormalization layer) {
    return new CompiledBatchNormalization(
        workspace, vectors, placed, layer, input, fusion == Fusion.RECTIFIED);
  }

  @Override
  public CompiledLayer visitActivation(LayerSpec.Activation layer) {
    return new CompiledActivation(workspace, layer.function(), input, overwrite);
  }

  @Override
  public CompiledLayer visitDropout(LayerSpec.Dropout layer) {
    return new CompiledDropout(workspace, placed.index(), layer, input);
  }

  @Override
  public CompiledLayer visitLstm(LayerSpec.Lstm layer) {
    return new CompiledLstm(workspace, vectors, placed, layer, input);
  }

  @Override
  public CompiledLayer visitDense(LayerSpec.Dense layer) {
    return new CompiledDense(workspace, vectors, placed, layer, input);
  }

  @Override
  public CompiledLayer visitSequence(LayerSpec.Sequence layer) {
    return new CompiledSequence(workspace, vectors, placed, input, overwrite, fusion);
  }

  @Override
  public CompiledLayer visitResidual(LayerSpec.Residual layer) {
    return new CompiledResidual(workspace, vectors, placed, input, fusion);
  }

  @Override
  public CompiledLayer visitBranches(LayerSpec.Branches layer) {
    return new CompiledBranches(workspace, vectors, placed, input, fusion);
  }
}
