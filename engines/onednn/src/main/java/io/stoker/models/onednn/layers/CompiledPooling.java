// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.layers;

import io.stoker.models.onednn.memory.Layout;
import io.stoker.models.onednn.memory.OneDnn;
import io.stoker.models.onednn.memory.Tensor;
import io.stoker.models.onednn.primitives.PrimitiveDescriptor;
import io.stoker.models.onednn.primitives.Reorder;
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
 * <p>On processors with AVX2, images are in blocks of eight channels. For one that is not full
 * oneDNN 2.5.2 takes several times as long, so the zeros that fill it are pooled as channels of
 * their own. And its code for AVX2 takes several times as long as that for SSE4.1 to find maxima
 * and their places. The gradient of windows that neither overlap nor reach beyond the image is
 * {@link MaximaGradient}'s. The results are the same; {@code docs/benchmarks/kernels.md} has the
 * measurements.
 *
 * <p>The largest of rectified values is the rectified largest one. So the gradient of a rectifier
 * before the layer can be computed from the output, which is smaller than the input: with windows
 * of 3x3 and stride 2, a fourth.
 */
final class CompiledPooling extends WindowLayer {
  private static final String SSE41 = "jit:sse41";

  private final Workspace workspace;
  private final LayerSpec.Pooling layer;
  private final boolean rectifies;

  /** The input without the channels that fill the last block. */
  private final Tensor input;

  private final Tensor output;

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
    this(workspace, placed, layer, input, filled(workspace, input), rectifies);
  }

  private CompiledPooling(
      Workspace workspace,
      ModelSpec.Placed placed,
      LayerSpec.Pooling layer,
      Tensor input,
      Tensor filled,
      boolean rectifies) {
    super(workspace, operation(workspace, placed, layer, filled.layout()), filled);
    this.workspace = workspace;
    this.layer = layer;
    this.input = input;
    this.rectifies = rectifies;
    output = withChannels(workspace, super.output(), placed.output().channels());
  }

  private static Tensor filled(Workspace workspace, Tensor images) {
    return withChannels(workspace, images, images.layout().channelsOfFullBlocks());
  }

  /** The same blocks of eight channels with more or fewer of them; any other tensor as it is. */
  private static Tensor withChannels(Workspace workspace, Tensor images, long channels) {
    Layout layout = images.layout();
    return layout.isInBlocksOfEight() && layout.dimensions()[1] != channels
        ? workspace.view(layout.inBlocksOfEight(channels), images)
        : images;
  }

  private static PrimitiveDescriptor operation(
      Workspace workspace, ModelSpec.Placed placed, LayerSpec.Pooling layer, Layout source) {
    Pointer description = describe(workspace.purpose(), placed, layer, source);
    boolean places =
        workspace.purpose() == Purpose.TRAINING && layer.kind() == LayerSpec.Pooling.Kind.MAXIMUM;
    return places && source.isInBlocksOfEight()
        ? workspace.operation(description, SSE41)
        : workspace.operation(description);
  }

  @Override
  public Tensor output() {
    return output;
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
    Reorder arranged = workspace.convertTransiently(outputGradient, output.layout());
    backward.add(arranged::run);
    if (rectifies) {
      backward.add(CompiledActivation.rectifierGradient(workspace, output, arranged.to()));
    }
    Tensor gradient = super.prepareBackward(filled(workspace, arranged.to()), inputGradientNeeded);
    return withChannels(workspace, gradient, input.layout().dimensions()[1]);
  }

  @Override
  Runnable gradientStep(Tensor outputGradient, Tensor inputGradient) {
    return layer.kind() == LayerSpec.Pooling.Kind.MAXIMUM
            && MaximaGradient.computes(
                layer.window(), stored().layout(), outputGradient.layout(), inputGradient.layout())
        ? new MaximaGradient(layer.window(), stored(), outputGradient, inputGradient)
        : super.gradientStep(outputGradient, inputGradient);
  }

  private static Pointer describe(
      Purpose purpose, ModelSpec.Placed placed, LayerSpec.Pooling layer, Layout source) {
    Layout anyOutput =
        Layout.any(
                source.dimensions()[0],
                source.dimensions()[1],
                placed.output().height(),
                placed.output().width())
            .anyOrderOf(source.type());
    dnnl_pooling_desc_t description = new dnnl_pooling_desc_t();
    OneDnn.check(
        dnnl.dnnl_pooling_forward_desc_init(
            description,
            purpose.forwardKind(),
            algorithm(layer),
            source.descriptor(),
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
