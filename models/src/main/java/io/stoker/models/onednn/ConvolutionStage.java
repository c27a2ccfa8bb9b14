package io.stoker.models.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_BIAS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_BIAS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_WEIGHTS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;

import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Window;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bytedeco.dnnl.dnnl_convolution_desc_t;
import org.bytedeco.dnnl.global.dnnl;

/** {@link LayerSpec.Convolution}: direct convolution, in the blocked order that oneDNN prefers. */
final class ConvolutionStage implements Stage {
  private final Workspace workspace;
  private final Tensor input;
  private final long[] strides;
  private final long[] dilation;
  private final long[] paddingBefore;
  private final long[] paddingBehind;
  private final GroupedFilters filters;
  private final Operation operation;
  private final Conversion source;
  private final Conversion weights;
  private final Tensor output;
  private final Primitive forward;
  private final List<Runnable> backward = new ArrayList<>();

  ConvolutionStage(
      Workspace workspace,
      Vectors vectors,
      ModelSpec.Placed placed,
      LayerSpec.Convolution layer,
      Tensor input) {
    this.workspace = workspace;
    this.input = input;
    Window window = layer.window();
    strides = new long[] {window.stride(), window.stride()};
    dilation = new long[] {window.dilation() - 1, window.dilation() - 1};
    paddingBefore = new long[] {window.padding().top(), window.padding().left()};
    paddingBehind = new long[] {window.padding().bottom(), window.padding().right()};
    filters = new GroupedFilters(workspace, vectors, placed, layer);
    long examples = input.layout().dimensions()[0];
    Layout anyOutput =
        Layout.any(examples, layer.filters(), placed.output().height(), placed.output().width());
    dnnl_convolution_desc_t description = new dnnl_convolution_desc_t();
    OneDnn.check(
        dnnl.dnnl_dilated_convolution_forward_desc_init(
            description,
            dnnl.dnnl_forward_training,
            dnnl.dnnl_convolution_direct,
            input.layout().anyOrder().descriptor(),
            filters.weights().layout().anyOrder().descriptor(),
            filters.bias().layout().descriptor(),
            anyOutput.descriptor(),
            strides,
            dilation,
            paddingBefore,
            paddingBehind),
        "describe a convolution");
    operation = workspace.operation(description);
    source = workspace.convert(input, operation.source());
    weights = workspace.convert(filters.weights(), operation.weights());
    output = workspace.tensor(operation.destination());
    forward =
        workspace.compile(
            operation,
            Map.of(
                DNNL_ARG_SRC,
                source.to(),
                DNNL_ARG_WEIGHTS,
                weights.to(),
                DNNL_ARG_BIAS,
                filters.bias(),
                DNNL_ARG_DST,
                output));
  }

  @Override
  public Tensor output() {
    return output;
  }

  @Override
  public void forward(Pass pass) {
    source.run();
    filters.collect();
    weights.run();
    forward.run();
  }

  @Override
  public Tensor prepareBackward(Tensor outputGradient, boolean inputGradientNeeded) {
    prepareWeightsGradient(outputGradient);
    return inputGradientNeeded ? prepareInputGradient(outputGradient) : input;
  }

  private void prepareWeightsGradient(Tensor outputGradient) {
    dnnl_convolution_desc_t description = new dnnl_convolution_desc_t();
    OneDnn.check(
        dnnl.dnnl_dilated_convolution_backward_weights_desc_init(
            description,
            dnnl.dnnl_convolution_direct,
            input.layout().anyOrder().descriptor(),
            filters.weights().layout().anyOrder().descriptor(),
            filters.bias().layout().descriptor(),
            output.layout().anyOrder().descriptor(),
            strides,
            dilation,
            paddingBefore,
            paddingBehind),
        "describe a convolution's weight gradient");
    Operation gradient = workspace.operation(description, operation);
    Conversion backwardSource = workspace.convert(source.to(), gradient.source());
    Conversion destination = workspace.convert(outputGradient, gradient.destinationGradient());
    Conversion weightsGradient =
        workspace.convertInto(gradient.weightsGradient(), filters.weightsGradient());
    Primitive primitive =
        workspace.compile(
            gradient,
            Map.of(
                DNNL_ARG_SRC,
                backwardSource.to(),
                DNNL_ARG_DIFF_DST,
                destination.to(),
                DNNL_ARG_DIFF_WEIGHTS,
                weightsGradient.from(),
                DNNL_ARG_DIFF_BIAS,
                filters.biasGradient()));
    backward.addAll(
        List.of(
            backwardSource::run,
            destination::run,
            primitive::run,
            weightsGradient::run,
            filters::distributeGradients));
  }

  private Tensor prepareInputGradient(Tensor outputGradient) {
    dnnl_convolution_desc_t description = new dnnl_convolution_desc_t();
    OneDnn.check(
        dnnl.dnnl_dilated_convolution_backward_data_desc_init(
            description,
            dnnl.dnnl_convolution_direct,
            input.layout().anyOrder().descriptor(),
            filters.weights().layout().anyOrder().descriptor(),
            output.layout().anyOrder().descriptor(),
            strides,
            dilation,
            paddingBefore,
            paddingBehind),
        "describe a convolution's input gradient");
    Operation gradient = workspace.operation(description, operation);
    Conversion destination = workspace.convert(outputGradient, gradient.destinationGradient());
    Conversion backwardWeights = workspace.convert(weights.from(), gradient.weights());
    Conversion inputGradient =
        workspace.convertInto(gradient.sourceGradient(), workspace.tensor(input.layout()));
    Primitive primitive =
        workspace.compile(
            gradient,
            Map.of(
                DNNL_ARG_DIFF_DST,
                destination.to(),
                DNNL_ARG_WEIGHTS,
                backwardWeights.to(),
                DNNL_ARG_DIFF_SRC,
                inputGradient.from()));
    backward.addAll(
        List.of(destination::run, backwardWeights::run, primitive::run, inputGradient::run));
    return inputGradient.to();
  }

  @Override
  public void backward(Pass pass) {
    backward.forEach(Runnable::run);
  }
}
