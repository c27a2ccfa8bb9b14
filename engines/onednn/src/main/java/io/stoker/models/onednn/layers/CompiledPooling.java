// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.layers;

import io.stoker.models.onednn.memory.Layout;
import io.stoker.models.onednn.memory.OneDnn;
import io.stoker.models.onednn.memory.Tensor;
import io.stoker.models.onednn.rules.Purpose;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Window;
import org.bytedeco.dnnl.dnnl_pooling_desc_t;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.Pointer;

/**
 * {@link LayerSpec.Pooling}. The backward pass reads where the forward pass found the maxima.
 *
 * <p>The largest of rectified values is the rectified largest one. So the gradient of a rectifier
 * before the layer can be computed from the output, which is smaller than the input: with windows
 * of 3x3 and stride 2, a fourth.
 */
final class CompiledPooling extends WindowLayer {
  private final Workspace workspace;
  private final LayerSpec.Pooling layer;
  private final boolean rectifies;

  /**
   * @param rectifies whether the backward pass computes the gradient of a rectifier before this
   *     layer, see {@link #rectifies}
   */
  CompiledPooling(
      Workspace workspace,
      ModelSpec.Placed placed,
      LayerSpec.Pooling layer,
      Tensor input,
      boolean rectifies) {
    super(workspace, describe(workspace.purpose(), placed, layer, input), input);
    this.workspace = workspace;
    this.layer = layer;
    this.rectifies = rectifies;
  }

  @Override
  public boolean needsInput() {
    return layer.kind() != LayerSpec.Pooling.Kind.MAXIMUM;
  }

  @Override
  public boolean needsOutput() {
    return rectifies;
  }

  @Override
  public boolean overwritesOutputGradient() {
    return rectifies;
  }

  @Override
  public Tensor prepareBackward(Tensor outputGradient, boolean inputGradientNeeded) {
    if (rectifies) {
      backward.add(CompiledActivation.rectifierGradient(workspace, output(), outputGradient));
    }
    return super.prepareBackward(outputGradient, inputGradientNeeded);
  }

  private static Pointer describe(
      Purpose purpose, ModelSpec.Placed placed, LayerSpec.Pooling layer, Tensor input) {
    Layout anyOutput =
        Layout.any(
                input.layout().dimensions()[0],
                placed.output().channels(),
                placed.output().height(),
                placed.output().width())
            .anyOrderOf(input.layout().type());
    dnnl_pooling_desc_t description = new dnnl_pooling_desc_t();
    OneDnn.check(
        dnnl.dnnl_pooling_forward_desc_init(
            description,
            purpose.forwardKind(),
            algorithm(layer),
            input.layout().descriptor(),
            anyOutput.descriptor(),
            strides(layer.window()),
            kernel(layer.window()),
            paddingBefore(layer.window()),
            paddingAfter(layer.window())),
        "describe pooling");
    return description;
  }

  @Override
  Pointer describeGradient(Layout source, Layout outputGradient) {
    dnnl_pooling_desc_t description = new dnnl_pooling_desc_t();
    OneDnn.check(
        dnnl.dnnl_pooling_backward_desc_init(
            description,
            algorithm(layer),
            source.descriptor(),
            outputGradient.descriptor(),
            strides(layer.window()),
            kernel(layer.window()),
            paddingBefore(layer.window()),
            paddingAfter(layer.window())),
        "describe pooling's gradient");
    return description;
  }

  private static int algorithm(LayerSpec.Pooling layer) {
    return switch (layer.kind()) {
      case MAXIMUM -> dnnl.dnnl_pooling_max;
      case AVERAGE -> dnnl.dnnl_pooling_avg_include_padding;
    };
  }

  private static long[] kernel(Window window) {
    return new long[] {window.kernel(), window.kernel()};
  }

  static long[] strides(Window window) {
    return new long[] {window.stride(), window.stride()};
  }

  static long[] paddingBefore(Window window) {
    return new long[] {window.padding().top(), window.padding().left()};
  }

  static long[] paddingAfter(Window window) {
    return new long[] {window.padding().bottom(), window.padding().right()};
  }
}
