// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.layers;

import io.stoker.models.onednn.memory.Layout;
import io.stoker.models.onednn.memory.OneDnn;
import io.stoker.models.onednn.memory.Tensor;
import io.stoker.models.onednn.primitives.PrimitiveDescriptor;
import io.stoker.models.onednn.rules.Kernel;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Window;
import java.util.Optional;
import org.bytedeco.dnnl.dnnl_convolution_desc_t;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.Pointer;

/**
 * {@link LayerSpec.Convolution} and {@link LayerSpec.DepthwiseConvolution}, in the blocked layout
 * that the {@link Kernel}'s convolution prefers. The bias and the gradients by parameters are fp32
 * with each kernel, and so is the output unless the {@link Epilogue} rounds it. The gradient by the
 * input has the input's type.
 */
final class CompiledConvolution extends WeightedLayer {
  private static final String AVX2 = "jit:avx2";
  private static final String AVX512 = "jit:avx512_common";

  /** With a larger kernel, channels last may take longer. */
  private static final int KERNEL_OF_CHANNELS_LAST = 5;

  private final Workspace workspace;
  private final Window window;
  private final Kernel kernel;
  private final Tensor source;

  /** The source, as images. */
  private final Tensor input;

  private final GroupedFilters filters;
  private final PrimitiveDescriptor operation;
  private final Tensor output;

  CompiledConvolution(
      Workspace workspace,
      FlatVectors vectors,
      ModelSpec.Placed placed,
      LayerSpec.Convolution layer,
      Tensor input,
      Epilogue epilogue) {
    this(
        workspace,
        placed,
        layer.window(),
        new GroupedFilters(workspace, vectors, placed, layer),
        input,
        epilogue,
        epilogue.statistics(vectors));
  }

  CompiledConvolution(
      Workspace workspace,
      FlatVectors vectors,
      ModelSpec.Placed placed,
      LayerSpec.DepthwiseConvolution layer,
      Tensor input,
      Epilogue epilogue) {
    this(
        workspace,
        placed,
        layer.window(),
        new GroupedFilters(workspace, vectors, placed, layer),
        input,
        epilogue,
        epilogue.statistics(vectors));
  }

  private CompiledConvolution(
      Workspace workspace,
      ModelSpec.Placed placed,
      Window window,
      GroupedFilters filters,
      Tensor input,
      Epilogue epilogue,
      Optional<RunningStatistics> statistics) {
    super(workspace, workspace.asImages(input));
    this.workspace = workspace;
    this.source = input;
    this.window = window;
    this.kernel = workspace.kernel(placed);
    this.input = workspace.asImages(input);
    this.filters = filters;
    operation =
        workspace.operation(
            describe(placed, epilogue.rounded() ? kernel.factorType() : dnnl.dnnl_f32), epilogue);
    workspace.addStepOfParameters(forward, filters::collect);
    NormalizedWeights normalized =
        NormalizedWeights.of(workspace, statistics, filters.weights(), filters.bias());
    workspace.addStepOfParameters(forward, normalized);
    output =
        compileForward(
            operation, this.input, normalized.weights(), normalized.bias(), epilogue.summand());
  }

  /** The layout of a tensor's values where they are multiplied. */
  private Layout factors(Tensor tensor) {
    return tensor.layout().anyOrderOf(kernel.factorType());
  }

  private Pointer describe(ModelSpec.Placed placed, int outputType) {
    long examples = input.layout().dimensions()[0];
    Layout anyOutput =
        Layout.any(
                examples,
                placed.output().channels(),
                placed.output().height(),
                placed.output().width())
            .anyOrderOf(outputType);
    dnnl_convolution_desc_t description = new dnnl_convolution_desc_t();
    OneDnn.check(
        dnnl.dnnl_dilated_convolution_forward_desc_init(
            description,
            workspace.purpose().forwardKind(),
            kernel.convolution(),
            factors(input).descriptor(),
            factors(filters.weights()).descriptor(),
            filters.bias().layout().descriptor(),
            anyOutput.descriptor(),
            CompiledPooling.strides(window),
            dilation(),
            CompiledPooling.paddingBefore(window),
            CompiledPooling.paddingAfter(window)),
        "describe a convolution");
    return description;
  }

  /** oneDNN's dilation is the number of pixels that are skipped. */
  private long[] dilation() {
    return new long[] {window.dilation() - 1, window.dilation() - 1};
  }

  /** The chosen implementation of the forward pass. */
  PrimitiveDescriptor operation() {
    return operation;
  }

  @Override
  public Tensor output() {
    return output;
  }

  @Override
  public Tensor prepareBackward(Tensor outputGradient, boolean inputGradientNeeded) {
    compileWeightsGradient(
        describeWeightsGradient(),
        operation,
        outputGradient,
        filters.weightsGradient(),
        filters.biasGradient());
    backward.add(filters::distributeGradients);
    if (!inputGradientNeeded) {
      return source;
    }
    Tensor inputGradient = workspace.transientTensor(source.layout());
    compileInputGradient(
        describeInputGradient(),
        operation,
        outputGradient,
        filters.weights(),
        workspace.asImages(inputGradient));
    return inputGradient;
  }

  /**
   * Two kinds of layers that oneDNN would compute by its code for AVX2, in blocks of eight
   * channels, read channels last. With one channel, seven of eight would be zero, which takes
   * several times as long. With 4 to 15 channels there is code for AVX-512 too, which gives the
   * same bits without groups. The code for 1x1 gives other bits.
   */
  private Pointer describeWeightsGradient() {
    Pointer usual = describeWeightsGradient(factors(input), factors(output));
    PrimitiveDescriptor chosen = workspace.operation(usual, operation);
    if (!chosen.source().isInBlocksOfEight() || !chosen.implementation().equals(AVX2)) {
      return usual;
    }
    Pointer other = describeWeightsGradient(channelsLast(input), channelsLast(output));
    boolean grey = input.layout().dimensions()[1] == 1;
    boolean wider =
        window.kernel() <= KERNEL_OF_CHANNELS_LAST
            && !filters.inGroups()
            && workspace.operation(other, operation).implementation().equals(AVX512);
    return grey || wider ? other : usual;
  }

  private Layout channelsLast(Tensor images) {
    return Layout.channelsLast(kernel.factorType(), images.layout().dimensions());
  }

  private Pointer describeWeightsGradient(Layout source, Layout outputGradient) {
    dnnl_convolution_desc_t description = new dnnl_convolution_desc_t();
    OneDnn.check(
        dnnl.dnnl_dilated_convolution_backward_weights_desc_init(
            description,
            kernel.convolution(),
            source.descriptor(),
            filters.weights().layout().anyOrder().descriptor(),
            filters.bias().layout().descriptor(),
            outputGradient.descriptor(),
            CompiledPooling.strides(window),
            dilation(),
            CompiledPooling.paddingBefore(window),
            CompiledPooling.paddingAfter(window)),
        "describe a convolution's weight gradient");
    return description;
  }

  private Pointer describeInputGradient() {
    dnnl_convolution_desc_t description = new dnnl_convolution_desc_t();
    OneDnn.check(
        dnnl.dnnl_dilated_convolution_backward_data_desc_init(
            description,
            kernel.convolution(),
            input.layout().anyOrderOf(input.layout().type()).descriptor(),
            factors(filters.weights()).descriptor(),
            factors(output).descriptor(),
            CompiledPooling.strides(window),
            dilation(),
            CompiledPooling.paddingBefore(window),
            CompiledPooling.paddingAfter(window)),
        "describe a convolution's input gradient");
    return description;
  }
}
